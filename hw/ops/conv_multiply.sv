// SPDX-License-Identifier: Apache-2.0
// Multiplies one weight value with COLUMNS pixels: product[c] = value * pixel[c].
//
// Operands and products are registered, as a DSP slice wants it: latency 2 cycles. The array is a
// module of its own so that a board may bring one that packs two products into a slice.
module conv_multiply #(
  parameter int unsigned COLUMNS    = 4,  // pixels
  parameter int unsigned BITS       = 8,  // bits of a pixel
  parameter bit          SIGNED     = 0,  // pixels are signed
  parameter int unsigned VALUE_BITS = 8,  // bits of the signed value
  localparam int unsigned PRODUCT_BITS = BITS + VALUE_BITS
) (
  input  logic                           clk,
  input  logic                           valid_i,
  input  logic [COLUMNS*BITS-1:0]        pixels_i,
  input  logic signed [VALUE_BITS-1:0]   value_i,
  output logic signed [PRODUCT_BITS-1:0] product_o[COLUMNS]
);
  logic [COLUMNS*BITS-1:0]      pixels_q;
  logic signed [VALUE_BITS-1:0] value_q;
  logic                         valid_q;
  logic signed [PRODUCT_BITS-1:0] product[COLUMNS];

  function automatic logic signed [BITS:0] pixel(logic [BITS-1:0] bits);
    return $signed({SIGNED & bits[BITS-1], bits});
  endfunction

  // Whole arrays are assigned and loops unrolled: simulators make vector instructions of that.
  always_comb begin
    // verilator unroll_full
    for (int unsigned c = 0; c < COLUMNS; c++) begin
      product[c] = PRODUCT_BITS'(value_q * pixel(pixels_q[c*BITS+:BITS]));
    end
  end

  always_ff @(posedge clk) begin
    valid_q <= valid_i;
    if (valid_i) begin
      pixels_q <= pixels_i;
      value_q  <= value_i;
    end
    if (valid_q) product_o <= product;
  end
endmodule
