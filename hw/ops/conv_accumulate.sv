// SPDX-License-Identifier: Apache-2.0
// Sums products per column: sum[c] = product[c] + carry[c] + (first ? 0 : sum[c]).
//
// SUM_BITS holds every complete sum; it may be narrower than a product, since two's complement
// sums are exact modulo 2**SUM_BITS. Latency 1 cycle.
module conv_accumulate #(
  parameter int unsigned COLUMNS      = 4,   // sums
  parameter int unsigned PRODUCT_BITS = 16,  // bits of a signed product
  parameter int unsigned SUM_BITS     = 20   // bits of a signed sum
) (
  input  logic                           clk,
  input  logic                           valid_i,
  input  logic                           first_i,
  input  logic signed [PRODUCT_BITS-1:0] product_i[COLUMNS],
  input  logic [COLUMNS-1:0]             carry_i,
  output logic signed [SUM_BITS-1:0]     sum_o[COLUMNS]
);
  logic signed [SUM_BITS-1:0] sum[COLUMNS];

  // Whole arrays are assigned and loops unrolled: simulators make vector instructions of that.
  // Synthesizers make the carry the carry-in of one adder, with the choice of `first` in its LUTs.
  always_comb begin
    // verilator unroll_full
    for (int unsigned c = 0; c < COLUMNS; c++) begin
      sum[c] = SUM_BITS'(product_i[c]) + (first_i ? '0 : sum_o[c]) + SUM_BITS'(carry_i[c]);
    end
  end

  always_ff @(posedge clk) if (valid_i) sum_o <= sum;
endmodule
