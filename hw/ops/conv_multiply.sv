// SPDX-License-Identifier: Apache-2.0
// Multiplies one weight value with COLUMNS pixels: product[c] = value * pixel[c].
//
// Operands and products are registered, as a DSP slice wants it: latency 2 cycles.
//
// The lowest COLUMNS - FABRIC columns are multiplied in DSP slices, the others in LUTs. With DUAL,
// columns 2n and 2n+1 share a slice, an odd last one has its own. With S = PRODUCT_BITS,
//
//   pair[n]  =  (pixel[2n+1] * 2**S + pixel[2n]) * value
//            =  2**S * (value * pixel[2n+1])  +  value * pixel[2n]
//
// is left as it is, one number, so that the slice adds it up too (`conv_accumulate`).
module conv_multiply #(
  parameter int unsigned COLUMNS    = 4,  // pixels
  parameter int unsigned BITS       = 8,  // bits of a pixel
  parameter bit          SIGNED     = 0,  // pixels are signed
  parameter int unsigned VALUE_BITS = 8,  // bits of the signed value
  parameter bit          DUAL       = 0,  // neighbouring columns share a DSP slice
  parameter int unsigned FABRIC     = 0,  // highest columns, multiplied in LUTs
  localparam int unsigned PRODUCT_BITS = BITS + VALUE_BITS
) (
  input  logic                           clk,
  input  logic                           valid_i,
  input  logic [COLUMNS*BITS-1:0]        pixels_i,
  input  logic signed [VALUE_BITS-1:0]   value_i,
  output logic signed [PRODUCT_BITS-1:0] product_o[COLUMNS],  // of columns that share no slice
  output logic signed [2*PRODUCT_BITS-1:0] pair_o[COLUMNS/2+1],  // of those that do
  output logic                           negative_o           // the value is
);
  localparam int unsigned SLICED = COLUMNS - FABRIC;        // columns in DSP slices
  localparam int unsigned PAIRED = DUAL ? SLICED / 2 * 2 : 0;  // columns that share one
  localparam int unsigned PAIR_BITS = PRODUCT_BITS + BITS;  // two pixels, a product apart

  if (FABRIC > COLUMNS) begin : gen_check_fabric
    $fatal(1, "conv: FABRIC=%0d exceeds COLUMNS=%0d", FABRIC, COLUMNS);
  end
  if (DUAL && SIGNED) begin : gen_check_signed
    $fatal(1, "conv: DUAL=1 wants unsigned pixels");
  end
  // The operand has to fit the signed port of 25 bits of a DSP48E1.
  if (DUAL && (PRODUCT_BITS > 16 || PAIR_BITS > 24)) begin : gen_check_dual
    $fatal(1, "conv: DUAL=1 with pixels of %0d and values of %0d bits: products exceed 16, or %s",
           BITS, VALUE_BITS, "two pixels a product apart exceed 24");
  end

  logic [COLUMNS*BITS-1:0]        pixels_q;
  logic signed [VALUE_BITS-1:0]   value_q;
  logic                           valid_q;
  logic signed [2*PRODUCT_BITS-1:0] pair[COLUMNS/2+1];                   // the last is not used
  logic signed [PRODUCT_BITS-1:0] single[COLUMNS];                       // the paired are not used
  logic signed [PRODUCT_BITS-1:0] fabric[FABRIC+1];                      // the last is not used

  function automatic logic signed [BITS:0] pixel(logic [BITS-1:0] bits);
    return $signed({SIGNED & bits[BITS-1], bits});
  endfunction

  function automatic logic signed [2*PRODUCT_BITS-1:0] multiply_pair(logic [BITS-1:0] low,
                                                              logic [BITS-1:0] high);
    logic signed [PAIR_BITS:0] operand;
    operand = $signed({1'b0, high, VALUE_BITS'(0), low});
    return (2 * PRODUCT_BITS)'(operand * value_q);
  endfunction

  // Whole arrays are assigned and loops unrolled: simulators make vector instructions of that.
  always_comb begin
    pair   = '{default: '0};
    single = '{default: '0};
    // verilator unroll_full
    for (int c = 0; c < int'(PAIRED); c += 2) begin
      pair[c/2] = multiply_pair(pixels_q[c*BITS+:BITS], pixels_q[(c+1)*BITS+:BITS]);
    end
    // verilator unroll_full
    for (int c = int'(PAIRED); c < int'(SLICED); c++) begin
      single[c] = PRODUCT_BITS'(value_q * pixel(pixels_q[c*BITS+:BITS]));
    end
    // verilator unroll_full
    for (int c = int'(SLICED); c < int'(COLUMNS); c++) single[c] = fabric[c-int'(SLICED)];
  end

  always_ff @(posedge clk) begin
    valid_q <= valid_i;
    if (valid_i) begin
      pixels_q <= pixels_i;
      value_q  <= value_i;
    end
    if (valid_q) begin
      pair_o     <= pair;
      product_o  <= single;
      negative_o <= value_q < 0;
    end
  end

  if (FABRIC > 0) begin : gen_fabric
    conv_fabric #(
      .COLUMNS(FABRIC),
      .BITS(BITS),
      .SIGNED(SIGNED),
      .VALUE_BITS(VALUE_BITS)
    ) u_fabric (
      .clk,
      .valid_i,
      .value_i,
      .pixels_i(pixels_q[COLUMNS*BITS-1:SLICED*BITS]),
      .product_o(fabric[0:FABRIC-1])
    );
  end else begin : gen_no_fabric
    assign fabric[0] = '0;
  end
endmodule
