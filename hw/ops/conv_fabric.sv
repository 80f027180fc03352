// SPDX-License-Identifier: Apache-2.0
// Multiplies one weight value with COLUMNS pixels in LUTs: product[c] = value * pixel[c].
//
// Two bits of a pixel at a time choose 0, 1, 2 or 3 values; the multiples are made once for all
// columns. Choosing and adding to what the lower bits gave is one 6-input LUT a bit (1, 2 and 3
// values, two bits of the pixel, the sum), so a column takes ceil(BITS/2) * (VALUE_BITS+2) LUTs.
// The highest two bits of a signed pixel choose 0, 1, -2 or -1 values instead.
//
// The value is registered on its way in; pixels_i comes a cycle after it, product_o with pixels_i.
(* use_dsp = "no" *)
module conv_fabric #(
  parameter int unsigned COLUMNS    = 1,  // pixels
  parameter int unsigned BITS       = 8,  // bits of a pixel
  parameter bit          SIGNED     = 0,  // pixels are signed
  parameter int unsigned VALUE_BITS = 8,  // bits of the signed value
  localparam int unsigned PRODUCT_BITS = BITS + VALUE_BITS
) (
  input  logic                           clk,
  input  logic                           valid_i,
  input  logic signed [VALUE_BITS-1:0]   value_i,
  input  logic [COLUMNS*BITS-1:0]        pixels_i,
  output logic signed [PRODUCT_BITS-1:0] product_o[COLUMNS]
);
  localparam int unsigned DIGITS = (BITS + 1) / 2;
  localparam int unsigned SUM_BITS = VALUE_BITS + 2;  // holds -4 to 4 values, the latter excluded

  typedef logic signed [SUM_BITS-1:0] sum_t;

  sum_t once_q, thrice_q, minus_q;

  always_ff @(posedge clk) begin
    if (valid_i) begin
      once_q   <= sum_t'(value_i);
      thrice_q <= sum_t'(value_i) + (sum_t'(value_i) <<< 1);
      minus_q  <= SIGNED ? -sum_t'(value_i) : '0;
    end
  end

  function automatic logic [2*DIGITS+VALUE_BITS-1:0] multiply(logic [BITS-1:0] pixel);
    logic [2*DIGITS+VALUE_BITS-1:0] whole;
    logic [2*DIGITS-1:0] digits;
    logic top;
    sum_t upper, chosen;
    digits  = (2 * DIGITS)'($signed({SIGNED && pixel[BITS-1], pixel}));
    whole   = '0;
    upper   = '0;
    for (int unsigned d = 0; d < DIGITS; d++) begin
      top = SIGNED && d == DIGITS - 1;
      case (digits[2*d+:2])
        2'd0: chosen = '0;
        2'd1: chosen = once_q;
        2'd2: chosen = (top ? minus_q : once_q) <<< 1;
        default: chosen = top ? minus_q : thrice_q;
      endcase
      upper = (upper >>> 2) + chosen;
      whole[2*d+:SUM_BITS] = upper;
    end
    return whole;
  endfunction

  always_comb begin
    // verilator unroll_full
    for (int unsigned c = 0; c < COLUMNS; c++) begin
      product_o[c] = PRODUCT_BITS'(multiply(pixels_i[c*BITS+:BITS]));
    end
  end
endmodule
