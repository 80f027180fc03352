// SPDX-License-Identifier: Apache-2.0
// The read-only memories of one lane.
//
// weights:   entries {gap, code}, all output channels one after the other, PACK in a word, the first
//            in the low bits; 3 cycles: memory, its output register, selection of the entry.
// lengths:   entries minus one of each output channel; 2 reads with `length_next_i`.
// positions: where a position of the lane lies, {kernel row, tap, bank word}; 1 cycle.
// codebook:  the signed value of each code; 1 cycle.
//
// Weights in UltraRAM arrive on a chain (see `loaded_ram`); others let it pass straight through.
module conv_weights #(
  parameter int unsigned LANE         = 0,   // number of the lane, in the file names
  parameter int unsigned CHANNELS     = 4,   // output channels
  parameter int unsigned WEIGHT_DEPTH = 16,  // entries
  parameter int unsigned PACK         = 4,   // entries of a word of the weight memory
  parameter int unsigned WEIGHT_KIND  = 1,   // 0: LUTs, 1: block RAM, 2: UltraRAM
  parameter int unsigned ENTRY_BITS   = 9,   // bits of an entry
  parameter int unsigned LENGTH_KIND  = 0,   // 0: LUTs, 1: block RAM
  parameter int unsigned LENGTH_BITS  = 3,   // bits of a length
  parameter int unsigned POSITIONS    = 18,  // positions of the lane
  parameter int unsigned PLACE_BITS   = 8,   // bits of a position's place
  parameter int unsigned CODE_BITS    = 6,   // bits of a code
  parameter int unsigned VALUE_BITS   = 8,   // bits of a value
  parameter int unsigned LOAD_BITS    = 72,  // bits of a word on the chain
  parameter              PREFIX       = "conv",  // of the memory files
  localparam int unsigned WEIGHT_WORDS  = (WEIGHT_DEPTH + PACK - 1) / PACK,
  localparam int unsigned ADDRESS_BITS  = WEIGHT_WORDS > 1 ? $clog2(WEIGHT_WORDS) : 1,
  localparam int unsigned SUB_BITS      = PACK > 1 ? $clog2(PACK) : 1,
  localparam int unsigned CHANNEL_BITS  = CHANNELS > 1 ? $clog2(CHANNELS) : 1,
  localparam int unsigned POSITION_BITS = POSITIONS > 1 ? $clog2(POSITIONS) : 1
) (
  input  logic                     clk,
  input  logic                     rst_n,
  input  logic                     load_valid_i,
  input  logic [LOAD_BITS-1:0]     load_data_i,
  output logic                     load_valid_o,
  output logic [LOAD_BITS-1:0]     load_data_o,
  input  logic [ADDRESS_BITS-1:0]  address_i,
  input  logic [SUB_BITS-1:0]      sub_i,
  output logic [ENTRY_BITS-1:0]    entry_o,
  input  logic                     length_next_i,
  input  logic [CHANNEL_BITS-1:0]  length_channel_i,
  output logic [LENGTH_BITS-1:0]   length_o,
  input  logic [POSITION_BITS-1:0] position_i,
  output logic [PLACE_BITS-1:0]    place_o,
  input  logic [CODE_BITS-1:0]     code_i,
  output logic [VALUE_BITS-1:0]    value_o
);
  if (LANE > 999) begin : gen_check_lane
    $fatal(1, "conv_weights: LANE=%0d has more than three digits", LANE);
  end
  if (PACK < 1) begin : gen_check_pack
    $fatal(1, "conv_weights: PACK=%0d is less than 1", PACK);
  end

  // LANE in decimal. Not by $sformatf, whose type `string` Vivado does not synthesize.
  localparam int unsigned DIGITS = LANE < 10 ? 1 : LANE < 100 ? 2 : 3;
  localparam logic [8*DIGITS-1:0] NUMBER = (8 * DIGITS)'(
      {8'd48 + 8'(LANE / 100), 8'd48 + 8'(LANE / 10 % 10), 8'd48 + 8'(LANE % 10)});

  logic [PACK*ENTRY_BITS-1:0] word;
  logic [SUB_BITS-1:0]        sub_q, sub_late_q;

  if (WEIGHT_KIND == 2) begin : gen_loaded
    loaded_ram #(
      .WIDTH(PACK * ENTRY_BITS),
      .DEPTH(WEIGHT_WORDS),
      .LOAD_BITS(LOAD_BITS)
    ) u_weights (
      .clk,
      .rst_n,
      .load_valid_i,
      .load_data_i,
      .load_valid_o,
      .load_data_o,
      .address_i,
      .word_o(word)
    );
  end else begin : gen_rom
    logic unused;
    assign unused       = rst_n;
    assign load_valid_o = load_valid_i;
    assign load_data_o  = load_data_i;

    rom #(
      .WIDTH(PACK * ENTRY_BITS),
      .DEPTH(WEIGHT_WORDS),
      .KIND(WEIGHT_KIND),
      .OUTPUT(1),
      .PREFIX({PREFIX, ".weights", NUMBER})
    ) u_weights (
      .clk,
      .read_i(1'b1),
      .output_i(1'b1),
      .address_i,
      .word_o(word)
    );
  end

  always_ff @(posedge clk) begin
    sub_q      <= sub_i;
    sub_late_q <= sub_q;
    entry_o    <= word[32'(sub_late_q)*ENTRY_BITS+:ENTRY_BITS];
  end

  rom #(
    .WIDTH(LENGTH_BITS),
    .DEPTH(CHANNELS),
    .KIND(LENGTH_KIND),
    .OUTPUT(1),
    .PREFIX({PREFIX, ".lengths", NUMBER})
  ) u_lengths (
    .clk,
    .read_i(length_next_i),
    .output_i(length_next_i),
    .address_i(length_channel_i),
    .word_o(length_o)
  );

  rom #(
    .WIDTH(PLACE_BITS),
    .DEPTH(POSITIONS),
    .KIND(0),
    .OUTPUT(0),
    .PREFIX({PREFIX, ".positions", NUMBER})
  ) u_positions (
    .clk,
    .read_i(1'b1),
    .output_i(1'b1),
    .address_i(position_i),
    .word_o(place_o)
  );

  rom #(
    .WIDTH(VALUE_BITS),
    .DEPTH(2 ** CODE_BITS),
    .KIND(0),
    .OUTPUT(0),
    .PREFIX({PREFIX, ".codebook"})
  ) u_codebook (
    .clk,
    .read_i(1'b1),
    .output_i(1'b1),
    .address_i(code_i),
    .word_o(value_o)
  );
endmodule
