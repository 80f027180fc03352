// SPDX-License-Identifier: Apache-2.0
// Horizontal half of `maxpool`: m[x] = max of x[x*STRIDE + j - PAD_LEFT], j < KERNEL, within one
// channel's row.
//
// Stream: COLUMNS*STRIDE pixels a beat in, COLUMNS maxima a beat out, as many beats out as in; the
// row's padding counts as the lowest value. The windows of a beat reach into the next LOOKAHEAD
// beats of its row, hence a beat leaves LOOKAHEAD+1 shifts after it entered; and into the PAST beats
// before it, which are kept. The whole window shifts at once, with an idle place only where no row
// is torn. Everything moves with advance_i.
module maxpool_window #(
  parameter int unsigned WIDTH = 3,  // pixels of a row
  parameter int unsigned KERNEL = 3,  // side of the window
  parameter int unsigned STRIDE = 2,  // step of the window
  parameter int unsigned PAD_LEFT = 0,  // pixels by which windows begin further left
  parameter int unsigned COLUMNS = 1,  // maxima of a beat
  parameter int unsigned BITS = 8  // bits of a pixel, unsigned
) (
  input  logic                           clk,
  input  logic                           rst_n,
  input  logic                           advance_i,  // a beat that enters is taken
  input  logic                           valid_i,
  input  logic [COLUMNS*STRIDE*BITS-1:0] pixels_i,
  output logic                           valid_o,  // a beat leaves, taken if advance_i
  output logic [       COLUMNS*BITS-1:0] maxima_o
);
  localparam int unsigned PIXELS = COLUMNS * STRIDE;
  localparam int unsigned SEGMENTS = (WIDTH + PIXELS - 1) / PIXELS;
  localparam int unsigned SEGMENT_BITS = SEGMENTS > 1 ? $clog2(SEGMENTS) : 1;
  localparam int unsigned REACH = KERNEL > STRIDE + PAD_LEFT ? KERNEL - STRIDE - PAD_LEFT : 0;
  localparam int unsigned LOOKAHEAD = (REACH + PIXELS - 1) / PIXELS;
  localparam int unsigned PAST = (PAD_LEFT + PIXELS - 1) / PIXELS;
  localparam int unsigned BEATS = PAST + LOOKAHEAD + 1;

  typedef logic [BITS-1:0] pixel_t;

  pixel_t pixels_q[BEATS*PIXELS];  // beat PAST is worked on, the others are what it reaches into
  logic [BEATS-1:0] end_q;  // per beat: it is the last of its row
  logic [BEATS-1:0] visible;  // per beat: it belongs to the row of beat PAST
  logic [LOOKAHEAD:0] valid_q;  // per beat from PAST on: it is there
  logic [SEGMENT_BITS-1:0] segment_q;  // of the beat that enters
  logic segment_last, shift;

  assign segment_last = segment_q == SEGMENT_BITS'(SEGMENTS - 1);
  // An idle place may follow the end of a row only: beat PAST must see the beats it reaches into.
  assign shift = valid_i || LOOKAHEAD == 0 || !valid_q[LOOKAHEAD] || end_q[BEATS-1];
  assign valid_o = shift && valid_q[0];

  always_comb begin
    logic same;
    same = 1'b1;
    for (int unsigned k = PAST; k < BEATS; k++) begin
      visible[k] = same;
      same = same && !end_q[k];
    end
    same = 1'b1;
    for (int unsigned k = PAST; k > 0; k--) begin
      same = same && !end_q[k-1];
      visible[k-1] = same;
    end
  end

  always_comb begin
    pixel_t highest;
    for (int unsigned c = 0; c < COLUMNS; c++) begin
      highest = '0;
      for (
          int unsigned i = PAST * PIXELS + c * STRIDE - PAD_LEFT;
          i < PAST * PIXELS + c * STRIDE - PAD_LEFT + KERNEL;
          i++
      )
        if (visible[i/PIXELS] && pixels_q[i] > highest) highest = pixels_q[i];
      maxima_o[c*BITS+:BITS] = highest;
    end
  end

  always_ff @(posedge clk) begin
    if (advance_i && shift) begin
      // What is past moves on when the next beat is, an idle place is none.
      for (int i = 0; i < int'((BEATS - 1) * PIXELS); i++)
        if (i >= int'(PAST * PIXELS) || valid_q[0]) pixels_q[i] <= pixels_q[i+int'(PIXELS)];
      for (int unsigned i = 0; i < PIXELS; i++)
        pixels_q[(BEATS-1)*PIXELS+i] <=
            segment_last && (SEGMENTS - 1) * PIXELS + i >= WIDTH ? '0 : pixels_i[i*BITS+:BITS];
      for (int k = 0; k < int'(BEATS - 1); k++)
        if (k >= int'(PAST) || valid_q[0]) end_q[k] <= end_q[k+1];
      end_q[BEATS-1] <= segment_last;
    end
    // No row reaches across a reset.
    for (int k = 0; k < int'(PAST); k++) if (!rst_n) end_q[k] <= 1'b1;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      valid_q   <= '0;
      segment_q <= '0;
    end else if (advance_i && shift) begin
      valid_q <= (LOOKAHEAD + 1)'({valid_i, valid_q} >> 1);
      if (valid_i) segment_q <= segment_last ? '0 : segment_q + 1'b1;
    end
  end
endmodule
