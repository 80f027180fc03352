// SPDX-License-Identifier: Apache-2.0
// One lane: takes a weight a cycle, multiplies it with COLUMNS pixels of one input row, and queues
// the sum of each output channel's segment.
//
//   sequence -> (weights) -> decode -> bank -> taps -> multiply -> accumulate -> queue
//
// Cycles from an entry's issue: read 3, decoded 6, word 8, pixels 9, operands 10, products 11,
// sum 12, in the queue 13. Nothing stalls on the way: a sum has its place in the queue before its
// first entry is issued. The read-only memories (`conv_weights`) are outside, so that all lanes are
// one design.
module conv_lane #(
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
  parameter int unsigned PACK         = 4,   // entries of a word of the weight memory
  parameter int unsigned LENGTH_MAX   = 8,   // entries of the longest channel
  parameter int unsigned POSITIONS    = 18,  // positions
  parameter int unsigned QUEUE_DEPTH  = 32,  // partial sums queued
  parameter bit          DUAL         = 0,   // two columns share a multiplier
  parameter int unsigned FABRIC       = 0,   // columns multiplied in LUTs
  localparam int unsigned BANK_BITS     = $clog2(BANK_DEPTH),
  localparam int unsigned WORD_BITS     = ((COLUMNS - 1) * STRIDE + KERNEL) * BITS,
  localparam int unsigned ENTRY_BITS    = GAP_BITS + CODE_BITS,
  localparam int unsigned TAP_BITS      = KERNEL > 1 ? $clog2(KERNEL) : 1,
  localparam int unsigned PLACE_BITS    = BANK_BITS + 2 * TAP_BITS,
  localparam int unsigned WEIGHT_WORDS  = (WEIGHT_DEPTH + PACK - 1) / PACK,
  localparam int unsigned ADDRESS_BITS  = WEIGHT_WORDS > 1 ? $clog2(WEIGHT_WORDS) : 1,
  localparam int unsigned SUB_BITS      = PACK > 1 ? $clog2(PACK) : 1,
  localparam int unsigned CHANNEL_BITS  = CHANNELS > 1 ? $clog2(CHANNELS) : 1,
  localparam int unsigned LENGTH_BITS   = LENGTH_MAX > 1 ? $clog2(LENGTH_MAX) : 1,
  localparam int unsigned POSITION_BITS = POSITIONS > 1 ? $clog2(POSITIONS) : 1,
  localparam int unsigned GROUPS        = (COLUMNS + DRAIN - 1) / DRAIN,
  localparam int unsigned GROUP_BITS    = GROUPS > 1 ? $clog2(GROUPS) : 1
) (
  input  logic                       clk,
  input  logic                       rst_n,
  // Row controller.
  input  logic                       start_i,
  output logic                       busy_o,
  input  logic [BANK_BITS-1:0]       base_i[KERNEL],
  input  logic [KERNEL-1:0]          mask_i,
  // Row writer.
  input  logic                       write_i,
  input  logic [BANK_BITS-1:0]       write_address_i,
  input  logic [WORD_BITS-1:0]       write_word_i,
  // Read-only memories.
  output logic [ADDRESS_BITS-1:0]    address_o,
  output logic [SUB_BITS-1:0]        sub_o,
  input  logic [ENTRY_BITS-1:0]      entry_i,
  output logic                       length_next_o,
  output logic [CHANNEL_BITS-1:0]    length_channel_o,
  input  logic [LENGTH_BITS-1:0]     length_i,
  output logic [POSITION_BITS-1:0]   position_o,
  input  logic [PLACE_BITS-1:0]      place_i,
  output logic [CODE_BITS-1:0]       code_o,
  input  logic [VALUE_BITS-1:0]      value_i,
  // Drain.
  output logic                       valid_o,
  input  logic                       read_i,
  input  logic [GROUP_BITS-1:0]      group_i,
  input  logic                       pop_i,
  output logic signed [SUM_BITS-1:0] sum_o[DRAIN]
);
  localparam int unsigned SEGMENT_BITS = SEGMENTS > 1 ? $clog2(SEGMENTS) : 1;
  localparam int unsigned PRODUCT_BITS = BITS + VALUE_BITS;
  localparam int unsigned PAIRED = DUAL ? (COLUMNS - FABRIC) / 2 * 2 : 0;
  // Cycles from a decoded entry to the inputs of the stages behind.
  localparam int unsigned TO_TAPS = 2;
  localparam int unsigned TO_MULTIPLY = TO_TAPS + 1;
  localparam int unsigned TO_ACCUMULATE = TO_MULTIPLY + 2;
  localparam int unsigned TO_QUEUE = TO_ACCUMULATE + 1;

  logic                           issue, issue_first, issue_last;
  logic [SEGMENT_BITS-1:0]        issue_segment;
  logic                           first, last;
  logic [BANK_BITS-1:0]           bank_address;
  logic [TAP_BITS-1:0]            tap;
  logic signed [VALUE_BITS-1:0]   value;
  logic [WORD_BITS-1:0]           word;
  logic [COLUMNS*BITS-1:0]        pixels;
  logic signed [PRODUCT_BITS-1:0] product[COLUMNS];
  logic signed [2*PRODUCT_BITS-1:0] pair[COLUMNS/2+1];
  logic                           negative;
  logic signed [SUM_BITS-1:0]     sum[COLUMNS];

  logic [TO_QUEUE:0]            valid;  // [n]: n cycles after the decoded entry
  logic [TO_QUEUE:1]            valid_q;
  logic [TO_ACCUMULATE:1]       first_q;
  logic [TO_QUEUE:1]            last_q;
  logic [TAP_BITS-1:0]          tap_q[TO_TAPS];
  logic signed [VALUE_BITS-1:0] value_q[TO_MULTIPLY];

  assign valid[TO_QUEUE:1] = valid_q;

  conv_sequence #(
    .CHANNELS(CHANNELS),
    .SEGMENTS(SEGMENTS),
    .WEIGHT_DEPTH(WEIGHT_DEPTH),
    .PACK(PACK),
    .LENGTH_MAX(LENGTH_MAX),
    .QUEUE_DEPTH(QUEUE_DEPTH)
  ) u_sequence (
    .clk,
    .rst_n,
    .start_i,
    .busy_o,
    .pop_i,
    .length_next_o,
    .length_channel_o,
    .length_i,
    .issue_o(issue),
    .address_o,
    .sub_o,
    .segment_o(issue_segment),
    .first_o(issue_first),
    .last_o(issue_last)
  );

  conv_decode #(
    .KERNEL(KERNEL),
    .SEGMENTS(SEGMENTS),
    .POSITIONS(POSITIONS),
    .ADDRESS_BITS(BANK_BITS),
    .CODE_BITS(CODE_BITS),
    .GAP_BITS(GAP_BITS),
    .VALUE_BITS(VALUE_BITS)
  ) u_decode (
    .clk,
    .rst_n,
    .issue_i(issue),
    .first_i(issue_first),
    .last_i(issue_last),
    .segment_i(issue_segment),
    .entry_i,
    .position_o,
    .place_i,
    .code_o,
    .value_i,
    .base_i,
    .mask_i,
    .valid_o(valid[0]),
    .first_o(first),
    .last_o(last),
    .address_o(bank_address),
    .tap_o(tap),
    .value_o(value)
  );

  conv_bank #(
    .WIDTH(WORD_BITS),
    .DEPTH(BANK_DEPTH),
    .KIND(BANK_KIND)
  ) u_bank (
    .clk,
    .write_i,
    .write_address_i,
    .write_word_i,
    .read_i(valid[0]),
    .read_address_i(bank_address),
    .word_o(word)
  );

  conv_taps #(
    .COLUMNS(COLUMNS),
    .STRIDE(STRIDE),
    .KERNEL(KERNEL),
    .BITS(BITS)
  ) u_taps (
    .clk,
    .valid_i(valid[TO_TAPS]),
    .word_i(word),
    .tap_i(tap_q[TO_TAPS-1]),
    .pixels_o(pixels)
  );

  conv_multiply #(
    .COLUMNS(COLUMNS),
    .BITS(BITS),
    .SIGNED(SIGNED),
    .VALUE_BITS(VALUE_BITS),
    .DUAL(DUAL),
    .FABRIC(FABRIC)
  ) u_multiply (
    .clk,
    .valid_i(valid[TO_MULTIPLY]),
    .pixels_i(pixels),
    .value_i(value_q[TO_MULTIPLY-1]),
    .product_o(product),
    .pair_o(pair),
    .negative_o(negative)
  );

  conv_accumulate #(
    .COLUMNS(COLUMNS),
    .PAIRED(PAIRED),
    .PRODUCT_BITS(PRODUCT_BITS),
    .SUM_BITS(SUM_BITS)
  ) u_accumulate (
    .clk,
    .valid_i(valid[TO_ACCUMULATE]),
    .first_i(first_q[TO_ACCUMULATE]),
    .product_i(product),
    .pair_i(pair),
    .negative_i(negative),
    .sum_o(sum)
  );

  conv_queue #(
    .COLUMNS(COLUMNS),
    .DRAIN(DRAIN),
    .SUM_BITS(SUM_BITS),
    .PAIRED(PAIRED),
    .LOW_BITS(PRODUCT_BITS),
    .DEPTH(QUEUE_DEPTH)
  ) u_queue (
    .clk,
    .rst_n,
    .push_i(valid[TO_QUEUE] && last_q[TO_QUEUE]),
    .sum_i(sum),
    .valid_o,
    .read_i,
    .group_i,
    .pop_i,
    .sum_o
  );

  always_ff @(posedge clk) begin
    first_q    <= {first_q[TO_ACCUMULATE-1:1], first};
    last_q     <= {last_q[TO_QUEUE-1:1], last};
    tap_q[0]   <= tap;
    value_q[0] <= value;
    for (int unsigned i = 1; i < TO_TAPS; i++) tap_q[i] <= tap_q[i-1];
    for (int unsigned i = 1; i < TO_MULTIPLY; i++) value_q[i] <= value_q[i-1];
  end

  always_ff @(posedge clk) begin
    if (!rst_n) valid_q <= '0;
    else valid_q <= valid[TO_QUEUE-1:0];
  end
endmodule
