// SPDX-License-Identifier: Apache-2.0
// Turns input beats into halo words and writes them to the row banks of the lanes.
//
// Word s of a row holds every pixel that output segment s can touch: WORD = (COLUMNS-1)*STRIDE +
// KERNEL pixels, from pixel s*COLUMNS*STRIDE - PAD of the row on. Pixels left of the row, right of
// it, and the garbage in the tail of its last beat are zeros in the word, so nothing behind the
// bank knows of horizontal padding.
//
// Stream: row stream of COLUMNS*STRIDE pixels a beat. One beat a cycle without bubbles, also
// between rows and frames, as long as `room_i` says that the ring has a free row. Where a row has
// more output segments than beats, the missing beats are made up here, a cycle each.
// A beat is held for one beat, since its word may reach into the next; the last beat of a row does
// not wait. Words reach the bank 2 cycles after the beat that completes them. `row_o` accompanies
// the last beat of a row: two cycles early, which the lanes' own latency more than covers.
module conv_writer #(
  parameter int unsigned LANES     = 1,   // row banks
  parameter int unsigned COLUMNS   = 4,   // output pixels of a segment
  parameter int unsigned BITS      = 8,   // bits of a pixel
  parameter int unsigned CHANNELS  = 2,   // input channels
  parameter int unsigned WIDTH     = 6,   // pixels of an input row
  parameter int unsigned SEGMENTS  = 2,   // words of a row
  parameter int unsigned KERNEL    = 3,   // side of the kernel
  parameter int unsigned STRIDE    = 1,   // step of the window
  parameter int unsigned PAD       = 1,   // zero pixels left of a row
  parameter int unsigned RING      = 4,   // rows that a bank holds
  parameter int unsigned ROW_WORDS = 4,   // words of one row in a bank
  parameter              PREFIX    = "conv",  // of channels.mem: per channel and lane {owned, word}
  localparam int unsigned BEAT_BITS    = COLUMNS * STRIDE * BITS,
  localparam int unsigned WORD_BITS    = ((COLUMNS - 1) * STRIDE + KERNEL) * BITS,
  localparam int unsigned ADDRESS_BITS = $clog2(RING * ROW_WORDS)
) (
  input  logic                    clk,
  input  logic                    rst_n,
  input  logic                    s_axis_tvalid,
  output logic                    s_axis_tready,
  input  logic [BEAT_BITS-1:0]    s_axis_tdata,
  input  logic                    room_i,             // a row of the ring is free
  output logic                    row_o,              // the last beat of a row is taken
  output logic                    write_o  [LANES],
  output logic [ADDRESS_BITS-1:0] address_o[LANES],
  output logic [WORD_BITS-1:0]    word_o
);
  localparam int unsigned BEAT = COLUMNS * STRIDE;                     // pixels of a beat
  localparam int unsigned BEATS = (WIDTH + BEAT - 1) / BEAT;           // beats of a row
  localparam int unsigned STEPS = BEATS > SEGMENTS ? BEATS : SEGMENTS;
  localparam int unsigned TAIL = WIDTH - (BEATS - 1) * BEAT;           // pixels of the last beat
  localparam logic [BEAT_BITS-1:0] TAIL_MASK = {BEAT_BITS{1'b1}} >> ((BEAT - TAIL) * BITS);
  localparam bit PEEKS = KERNEL > STRIDE + PAD;                        // words reach the next beat
  localparam int unsigned LEFT = PAD > 0 ? PAD : 1;
  localparam int unsigned LEFT_BITS = LEFT * BITS;
  localparam int unsigned STEP_BITS = $clog2(STEPS + 1);
  localparam int unsigned CHANNEL_BITS = CHANNELS > 1 ? $clog2(CHANNELS) : 1;
  localparam int unsigned PLACE_BITS = ADDRESS_BITS + 1;
  localparam logic [STEP_BITS-1:0] LAST_STEP = STEP_BITS'(STEPS - 1);
  localparam logic [CHANNEL_BITS-1:0] LAST_CHANNEL = CHANNEL_BITS'(CHANNELS - 1);
  localparam logic [ADDRESS_BITS-1:0] LAST_BASE = ADDRESS_BITS'((RING - 1) * ROW_WORDS);

  if (KERNEL > STRIDE + PAD + BEAT) begin : gen_check_halo
    $fatal(1, "conv: KERNEL - STRIDE - PAD = %0d exceeds the %0d pixels of a beat",
           KERNEL - STRIDE - PAD, BEAT);
  end

  // Beat being taken.
  logic [STEP_BITS-1:0]    step_q;
  logic [CHANNEL_BITS-1:0] channel_q;
  logic                    step, last_step;
  logic [BEAT_BITS-1:0]    fresh;

  // Beat taken before it, whose word is written once the fresh one is known.
  logic                        held_valid_q, held_last_q, held_end_q;
  logic [STEP_BITS-1:0]        held_step_q;
  logic [BEAT_BITS-1:0]        held_q;
  logic [LEFT_BITS-1:0]        left_q;
  logic [LANES*PLACE_BITS-1:0] place_q;
  logic [ADDRESS_BITS-1:0]     base_q;
  logic                        write;
  logic [WORD_BITS-1:0]        word;

  assign s_axis_tready = room_i && 32'(step_q) < BEATS;
  assign step          = room_i && (s_axis_tvalid || 32'(step_q) >= BEATS);
  assign last_step     = step_q == LAST_STEP;
  assign row_o         = step && last_step && channel_q == LAST_CHANNEL;
  assign write         = held_valid_q && (step || held_last_q || !PEEKS);

  rom #(
    .WIDTH(LANES * PLACE_BITS),
    .DEPTH(CHANNELS),
    .KIND(0),
    .OUTPUT(0),
    .PREFIX({PREFIX, ".channels"})
  ) u_places (
    .clk,
    .read_i(step),
    .output_i(1'b1),
    .address_i(channel_q),
    .word_o(place_q)
  );

  always_comb begin
    fresh = s_axis_tdata;
    if (32'(step_q) == BEATS - 1) fresh &= TAIL_MASK;
    if (32'(step_q) >= BEATS) fresh = '0;
    word = WORD_BITS'({held_last_q ? '0 : fresh, held_q, left_q} >> ((LEFT - PAD) * BITS));
  end

  always_ff @(posedge clk) begin
    if (step) begin
      held_q      <= fresh;
      held_step_q <= step_q;
      held_last_q <= last_step;
      held_end_q  <= last_step && channel_q == LAST_CHANNEL;
      left_q      <= step_q == '0 ? '0 : LEFT_BITS'({held_q, left_q} >> BEAT_BITS);
    end
    if (write) begin
      word_o <= word;
      for (int unsigned l = 0; l < LANES; l++) begin
        address_o[l] <= base_q + ADDRESS_BITS'(held_step_q)
            + place_q[l*PLACE_BITS+:ADDRESS_BITS];
      end
    end
  end

  always_ff @(posedge clk) begin
    for (int unsigned l = 0; l < LANES; l++) begin
      write_o[l] <= rst_n && write && 32'(held_step_q) < SEGMENTS
          && place_q[l*PLACE_BITS+ADDRESS_BITS];
    end
    if (!rst_n) begin
      step_q       <= '0;
      channel_q    <= '0;
      held_valid_q <= 1'b0;
      base_q       <= '0;
    end else begin
      if (step) begin
        step_q <= last_step ? '0 : step_q + 1'b1;
        if (last_step) channel_q <= channel_q == LAST_CHANNEL ? '0 : channel_q + 1'b1;
      end
      held_valid_q <= step || (held_valid_q && !write);
      if (write && held_end_q) begin
        base_q <= base_q == LAST_BASE ? '0 : base_q + ADDRESS_BITS'(ROW_WORDS);
      end
    end
  end

  always_ff @(posedge clk) begin
    if (rst_n) begin
      a_step : assert (32'(step_q) < STEPS) else $fatal(1, "conv_writer: step beyond the row");
    end
  end

  // Not a loop in the process: to Yosys each assertion is a cell, named by its label.
  for (genvar l = 0; l < LANES; l++) begin : gen_assert
    always_ff @(posedge clk) begin
      if (rst_n) begin
        a_address : assert (!write_o[l] || 32'(address_o[l]) < RING * ROW_WORDS)
          else $fatal(1, "conv_writer: address beyond the bank");
      end
    end
  end
endmodule
