// SPDX-License-Identifier: Apache-2.0
// One lane with its read-only memories.
//
// These two modules, `conv_unit` and `conv_weights`, are the only ones that know the lane's number,
// so that simulators share the code of all others between lanes.
module conv_unit #(
  parameter int unsigned LANE         = 0,   // number of the lane
  parameter int unsigned COLUMNS      = 4,   // pixels multiplied at a time
  parameter int unsigned DRAIN        = 1,   // sums read from the queue at a time
  parameter int unsigned CHANNELS     = 4,   // output channels
  parameter int unsigned SEGMENTS     = 2,   // segments of a row
  parameter int unsigned KERNEL       = 3,   // side of the kernel
  parameter int unsigned STRIDE       = 1,   // step of the window
  parameter int unsigned BITS         = 8,   // bits of a pixel
  parameter bit          SIGNED       = 0,   // pixels are signed
  parameter int unsigned CODE_BITS    = 6,   // bits of a code
  parameter int unsigned GAP_BITS     = 3,   // bits of a gap
  parameter int unsigned VALUE_BITS   = 8,   // bits of a value
  parameter int unsigned SUM_BITS     = 20,  // bits of a sum
  parameter int unsigned BANK_DEPTH   = 16,  // words of the row bank
  parameter int unsigned BANK_KIND    = 1,   // what the row bank is made of
  parameter int unsigned WEIGHT_DEPTH = 16,  // entries
  parameter int unsigned WEIGHT_KIND  = 1,   // what the weight memory is made of
  parameter int unsigned PACK         = 4,   // entries of a word of the weight memory
  parameter int unsigned LENGTH_MAX   = 8,   // entries of the longest channel
  parameter int unsigned LENGTH_KIND  = 0,   // what the table of lengths is made of
  parameter int unsigned POSITIONS    = 18,  // positions
  parameter int unsigned QUEUE_DEPTH  = 32,  // partial sums queued
  parameter bit          DUAL         = 0,   // two columns share a multiplier
  parameter int unsigned FABRIC       = 0,   // columns multiplied in LUTs
  parameter int unsigned LOAD_BITS    = 72,  // bits of a word on the chain
  parameter              PREFIX       = "conv",  // of the memory files
  localparam int unsigned BANK_BITS  = $clog2(BANK_DEPTH),
  localparam int unsigned WORD_BITS  = ((COLUMNS - 1) * STRIDE + KERNEL) * BITS,
  localparam int unsigned GROUPS     = (COLUMNS + DRAIN - 1) / DRAIN,
  localparam int unsigned GROUP_BITS = GROUPS > 1 ? $clog2(GROUPS) : 1
) (
  input  logic                       clk,
  input  logic                       rst_n,
  input  logic                       load_valid_i,
  input  logic [LOAD_BITS-1:0]       load_data_i,
  output logic                       load_valid_o,
  output logic [LOAD_BITS-1:0]       load_data_o,
  input  logic                       start_i,
  output logic                       busy_o,
  input  logic [BANK_BITS-1:0]       base_i[KERNEL],
  input  logic [KERNEL-1:0]          mask_i,
  input  logic                       write_i,
  input  logic [BANK_BITS-1:0]       write_address_i,
  input  logic [WORD_BITS-1:0]       write_word_i,
  output logic                       valid_o,
  input  logic                       read_i,
  input  logic [GROUP_BITS-1:0]      group_i,
  input  logic                       pop_i,
  output logic signed [SUM_BITS-1:0] sum_o[DRAIN]
);
  localparam int unsigned ENTRY_BITS = GAP_BITS + CODE_BITS;
  localparam int unsigned TAP_BITS = KERNEL > 1 ? $clog2(KERNEL) : 1;
  localparam int unsigned PLACE_BITS = BANK_BITS + 2 * TAP_BITS;
  localparam int unsigned WEIGHT_WORDS = (WEIGHT_DEPTH + PACK - 1) / PACK;
  localparam int unsigned ADDRESS_BITS = WEIGHT_WORDS > 1 ? $clog2(WEIGHT_WORDS) : 1;
  localparam int unsigned SUB_BITS = PACK > 1 ? $clog2(PACK) : 1;
  localparam int unsigned CHANNEL_BITS = CHANNELS > 1 ? $clog2(CHANNELS) : 1;
  localparam int unsigned LENGTH_BITS = LENGTH_MAX > 1 ? $clog2(LENGTH_MAX) : 1;
  localparam int unsigned POSITION_BITS = POSITIONS > 1 ? $clog2(POSITIONS) : 1;

  logic [ADDRESS_BITS-1:0]  address;
  logic [SUB_BITS-1:0]      sub;
  logic [ENTRY_BITS-1:0]    entry;
  logic                     length_next;
  logic [CHANNEL_BITS-1:0]  length_channel;
  logic [LENGTH_BITS-1:0]   length;
  logic [POSITION_BITS-1:0] position;
  logic [PLACE_BITS-1:0]    place;
  logic [CODE_BITS-1:0]     code;
  logic [VALUE_BITS-1:0]    value;

  conv_weights #(
    .LANE(LANE),
    .CHANNELS(CHANNELS),
    .WEIGHT_DEPTH(WEIGHT_DEPTH),
    .PACK(PACK),
    .WEIGHT_KIND(WEIGHT_KIND),
    .ENTRY_BITS(ENTRY_BITS),
    .LENGTH_KIND(LENGTH_KIND),
    .LENGTH_BITS(LENGTH_BITS),
    .POSITIONS(POSITIONS),
    .PLACE_BITS(PLACE_BITS),
    .CODE_BITS(CODE_BITS),
    .VALUE_BITS(VALUE_BITS),
    .LOAD_BITS(LOAD_BITS),
    .PREFIX(PREFIX)
  ) u_weights (
    .clk,
    .rst_n,
    .load_valid_i,
    .load_data_i,
    .load_valid_o,
    .load_data_o,
    .address_i(address),
    .sub_i(sub),
    .entry_o(entry),
    .length_next_i(length_next),
    .length_channel_i(length_channel),
    .length_o(length),
    .position_i(position),
    .place_o(place),
    .code_i(code),
    .value_o(value)
  );

  conv_lane #(
    .COLUMNS(COLUMNS),
    .DRAIN(DRAIN),
    .CHANNELS(CHANNELS),
    .SEGMENTS(SEGMENTS),
    .KERNEL(KERNEL),
    .STRIDE(STRIDE),
    .BITS(BITS),
    .SIGNED(SIGNED),
    .CODE_BITS(CODE_BITS),
    .GAP_BITS(GAP_BITS),
    .VALUE_BITS(VALUE_BITS),
    .SUM_BITS(SUM_BITS),
    .BANK_DEPTH(BANK_DEPTH),
    .BANK_KIND(BANK_KIND),
    .WEIGHT_DEPTH(WEIGHT_DEPTH),
    .PACK(PACK),
    .LENGTH_MAX(LENGTH_MAX),
    .POSITIONS(POSITIONS),
    .QUEUE_DEPTH(QUEUE_DEPTH),
    .DUAL(DUAL),
    .FABRIC(FABRIC)
  ) u_lane (
    .clk,
    .rst_n,
    .start_i,
    .busy_o,
    .base_i,
    .mask_i,
    .write_i,
    .write_address_i,
    .write_word_i,
    .address_o(address),
    .sub_o(sub),
    .entry_i(entry),
    .length_next_o(length_next),
    .length_channel_o(length_channel),
    .length_i(length),
    .position_o(position),
    .place_i(place),
    .code_o(code),
    .value_i(value),
    .valid_o,
    .read_i,
    .group_i,
    .pop_i,
    .sum_o
  );
endmodule
