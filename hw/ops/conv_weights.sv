// SPDX-License-Identifier: Apache-2.0
// The read-only memories of one lane.
//
// weights:   entries {gap, code}, all output channels one after the other; 2 cycles.
// lengths:   entries minus one of each output channel; 2 reads with `length_next_i`.
// positions: where a position of the lane lies, {kernel row, tap, bank word}; 1 cycle.
// codebook:  the signed value of each code; 1 cycle.
// This is the only module that knows its lane's number, so that simulators share the code of all
// others between lanes.
module conv_weights #(
  parameter int unsigned LANE         = 0,   // number of the lane, in the file names
  parameter int unsigned CHANNELS     = 4,   // output channels
  parameter int unsigned WEIGHT_DEPTH = 16,  // entries
  parameter int unsigned ENTRY_BITS   = 9,   // bits of an entry
  parameter int unsigned LENGTH_BITS  = 3,   // bits of a length
  parameter int unsigned POSITIONS    = 18,  // positions of the lane
  parameter int unsigned PLACE_BITS   = 8,   // bits of a position's place
  parameter int unsigned CODE_BITS    = 6,   // bits of a code
  parameter int unsigned VALUE_BITS   = 8,   // bits of a value
  parameter              PREFIX       = "conv",  // of the memory files
  localparam int unsigned ADDRESS_BITS  = WEIGHT_DEPTH > 1 ? $clog2(WEIGHT_DEPTH) : 1,
  localparam int unsigned CHANNEL_BITS  = CHANNELS > 1 ? $clog2(CHANNELS) : 1,
  localparam int unsigned POSITION_BITS = POSITIONS > 1 ? $clog2(POSITIONS) : 1
) (
  input  logic                     clk,
  input  logic [ADDRESS_BITS-1:0]  address_i,
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

  logic [ENTRY_BITS-1:0]  weights  [WEIGHT_DEPTH];
  logic [LENGTH_BITS-1:0] lengths  [CHANNELS];
  logic [PLACE_BITS-1:0]  positions[POSITIONS];
  logic [VALUE_BITS-1:0]  codebook [2**CODE_BITS];

  // LANE in decimal. Not by $sformatf, whose type `string` Vivado does not synthesize.
  localparam int unsigned DIGITS = LANE < 10 ? 1 : LANE < 100 ? 2 : 3;
  localparam logic [8*DIGITS-1:0] NUMBER = (8 * DIGITS)'(
      {8'd48 + 8'(LANE / 100), 8'd48 + 8'(LANE / 10 % 10), 8'd48 + 8'(LANE % 10)});

  initial begin
    $readmemh({PREFIX, ".weights", NUMBER, ".mem"}, weights);
    $readmemh({PREFIX, ".lengths", NUMBER, ".mem"}, lengths);
    $readmemh({PREFIX, ".positions", NUMBER, ".mem"}, positions);
    $readmemh({PREFIX, ".codebook.mem"}, codebook);
  end

  logic [ENTRY_BITS-1:0]  entry_q;
  logic [LENGTH_BITS-1:0] length_q;

  always_ff @(posedge clk) begin
    entry_q <= weights[address_i];
    entry_o <= entry_q;
    if (length_next_i) begin
      length_q <= lengths[length_channel_i];
      length_o <= length_q;
    end
    place_o <= positions[position_i];
    value_o <= codebook[code_i];
  end
endmodule
