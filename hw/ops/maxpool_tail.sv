// SPDX-License-Identifier: Apache-2.0
// What windows of `maxpool` need behind the pixels that come in: SEGMENTS - IN_SEGMENTS beats behind
// each channel's row, and BEATS - IN_BEATS behind each frame, all of the lowest value.
//
// Stream: PIXELS pixels a beat; the row's padding becomes the lowest value too. Nothing is held: a
// beat passes at once, and none is taken while one is put in. Everything moves with advance_i.
module maxpool_tail #(
  parameter int unsigned IN_BEATS = 2,  // of a frame, with those put in behind rows
  parameter int unsigned IN_WIDTH = 1,  // pixels that come in of a row
  parameter int unsigned IN_SEGMENTS = 1,  // beats that come in of a row
  parameter int unsigned BEATS = 2,  // of a frame, with all that are put in
  parameter int unsigned SEGMENTS = 2,  // beats of a row
  parameter int unsigned PIXELS = 1,  // pixels of a beat
  parameter int unsigned BITS = 8  // bits of a pixel, unsigned
) (
  input  logic                   clk,
  input  logic                   rst_n,
  input  logic                   advance_i,  // a beat that leaves is taken
  input  logic                   valid_i,
  output logic                   ready_o,
  input  logic [PIXELS*BITS-1:0] pixels_i,
  output logic                   valid_o,
  output logic [PIXELS*BITS-1:0] pixels_o
);
  localparam int unsigned BEAT_BITS = BEATS > 1 ? $clog2(BEATS) : 1;
  localparam int unsigned SEGMENT_BITS = SEGMENTS > 1 ? $clog2(SEGMENTS) : 1;

  logic [BEAT_BITS-1:0] beat_q;
  logic [SEGMENT_BITS-1:0] segment_q;
  logic comes_in;  // the next beat does

  assign comes_in  = 32'(beat_q) < IN_BEATS && 32'(segment_q) < IN_SEGMENTS;
  assign ready_o = advance_i && comes_in;
  assign valid_o = valid_i || !comes_in;

  always_comb begin
    for (int unsigned i = 0; i < PIXELS; i++)
      pixels_o[i*BITS+:BITS] =
          comes_in && 32'(segment_q) * PIXELS + i < IN_WIDTH ? pixels_i[i*BITS+:BITS] : '0;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      beat_q    <= '0;
      segment_q <= '0;
    end else if (advance_i && valid_o) begin
      beat_q    <= beat_q == BEAT_BITS'(BEATS - 1) ? '0 : beat_q + 1'b1;
      segment_q <= segment_q == SEGMENT_BITS'(SEGMENTS - 1) ? '0 : segment_q + 1'b1;
    end
  end
endmodule
