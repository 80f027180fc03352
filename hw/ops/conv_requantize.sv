// SPDX-License-Identifier: Apache-2.0
// Scales complete sums to output values, rounding halves up:
// value[d] = clamp(((sum[d] + bias) * multiplier + half) >> SHIFT), half = 2**(SHIFT-1) or 0.
//
// Bias and multiplier belong to the output channel and come from a memory of {bias, multiplier}.
// The sum plus its bias fits SUM_BITS, as the accumulator's width is proven with the bias.
// Latency 5 cycles: memory 2, bias, product, rounding and clamp.
module conv_requantize #(
  parameter int unsigned DRAIN           = 1,   // values at a time
  parameter int unsigned CHANNELS        = 4,   // output channels
  parameter int unsigned SUM_BITS        = 20,  // bits of a signed sum
  parameter int unsigned BIAS_BITS       = 20,  // bits of a signed bias
  parameter int unsigned MULTIPLIER_BITS = 16,  // bits of an unsigned multiplier
  parameter int unsigned SHIFT           = 16,  // bits dropped
  parameter int unsigned BITS            = 8,   // bits of a value
  parameter bit          SIGNED          = 0,   // values are signed
  parameter bit          NARROW          = 0,   // signed: the lowest, else the highest never occurs
  parameter int unsigned KIND            = 0,   // of the memory: 0: LUTs, 1: block RAM
  parameter              PREFIX          = "conv",  // <PREFIX>.requantize.mem
  localparam int unsigned CHANNEL_BITS = CHANNELS > 1 ? $clog2(CHANNELS) : 1
) (
  input  logic                       clk,
  input  logic                       rst_n,
  input  logic                       valid_i,
  input  logic [CHANNEL_BITS-1:0]    channel_i,
  input  logic signed [SUM_BITS-1:0] sum_i[DRAIN],
  output logic                       valid_o,
  output logic [DRAIN*BITS-1:0]      values_o
);
  localparam int unsigned STAGES = 4;
  localparam int unsigned WORD_BITS = BIAS_BITS + MULTIPLIER_BITS;
  // One bit more than the product for the rounding, and room for the clamp's limits.
  localparam int unsigned WIDE = SUM_BITS + MULTIPLIER_BITS + SHIFT + BITS + 2;
  localparam logic signed [WIDE-1:0] ONE = 1;
  localparam logic signed [WIDE-1:0] HALF = (ONE <<< SHIFT) >>> 1;
  localparam logic signed [WIDE-1:0] LEFT_OUT = NARROW ? ONE : '0;
  localparam logic signed [WIDE-1:0] LO = SIGNED ? LEFT_OUT - (ONE <<< (BITS - 1)) : '0;
  localparam logic signed [WIDE-1:0] HI =
      (ONE <<< (SIGNED ? BITS - 1 : BITS)) - ONE - (SIGNED ? '0 : LEFT_OUT);

  typedef logic signed [SUM_BITS-1:0] sum_t;
  typedef logic signed [WIDE-1:0] wide_t;

  logic [STAGES-1:0]                 valid_q;
  logic [WORD_BITS-1:0]              word;
  logic signed [MULTIPLIER_BITS:0]   multiplier_q;
  sum_t                              sum_q[DRAIN], sum_late_q[DRAIN], biased_q[DRAIN];
  logic signed [SUM_BITS+MULTIPLIER_BITS:0] product_q[DRAIN];

  rom #(
    .WIDTH(WORD_BITS),
    .DEPTH(CHANNELS),
    .KIND(KIND),
    .OUTPUT(1),
    .PREFIX({PREFIX, ".requantize"})
  ) u_words (
    .clk,
    .read_i(valid_i),
    .output_i(valid_q[0]),
    .address_i(channel_i),
    .word_o(word)
  );

  function automatic logic [BITS-1:0] rounded(logic signed [SUM_BITS+MULTIPLIER_BITS:0] product);
    wide_t value;
    value = (wide_t'(product) + HALF) >>> SHIFT;
    if (value < LO) value = LO;
    if (value > HI) value = HI;
    return value[BITS-1:0];
  endfunction

  always_ff @(posedge clk) begin
    if (valid_i) sum_q <= sum_i;
    if (valid_q[0]) sum_late_q <= sum_q;
    if (valid_q[1]) begin
      multiplier_q <= $signed({1'b0, word[MULTIPLIER_BITS-1:0]});
      for (int unsigned d = 0; d < DRAIN; d++) begin
        biased_q[d] <= sum_late_q[d] + sum_t'($signed(word[WORD_BITS-1:MULTIPLIER_BITS]));
      end
    end
    if (valid_q[2]) begin
      for (int unsigned d = 0; d < DRAIN; d++) product_q[d] <= biased_q[d] * multiplier_q;
    end
    if (valid_q[3]) begin
      for (int unsigned d = 0; d < DRAIN; d++) values_o[d*BITS+:BITS] <= rounded(product_q[d]);
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) {valid_o, valid_q} <= '0;
    else {valid_o, valid_q} <= {valid_q, valid_i};
  end
endmodule
