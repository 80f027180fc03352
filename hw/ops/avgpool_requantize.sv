// SPDX-License-Identifier: Apache-2.0
// Scales sums to a type's range, rounding halves up: y = clamp((x * MULTIPLIER + half) >>> SHIFT),
// half = 2**(SHIFT-1) (0 when SHIFT is 0); the clamp is the range of the output type.
//
// Stream: a signed sum a beat in, a value a beat out. Latency: 2 cycles, product and rounding.
// Throughput: one beat a cycle. m_axis_tready reaches s_axis_tready within the cycle.
module avgpool_requantize #(
  parameter int unsigned SUM_BITS = 16,  // bits of a signed sum
  parameter int unsigned OUT_BITS = 8,  // bits of a value
  parameter bit OUT_SIGNED = 1'b0,  // values are two's complement
  parameter int unsigned MULTIPLIER = 1,  // 16 bits unsigned
  parameter int unsigned SHIFT = 0  // bits dropped
) (
  input  logic                clk,
  input  logic                rst_n,
  input  logic                s_axis_tvalid,
  output logic                s_axis_tready,
  input  logic [SUM_BITS-1:0] s_axis_tdata,
  input  logic                s_axis_tlast,
  output logic                m_axis_tvalid,
  input  logic                m_axis_tready,
  output logic [OUT_BITS-1:0] m_axis_tdata,
  output logic                m_axis_tlast
);
  if (MULTIPLIER > 65535) begin : gen_check_multiplier
    $fatal(1, "avgpool: MULTIPLIER=%0d exceeds 16 bits", MULTIPLIER);
  end
  if (SHIFT > 40) begin : gen_check_shift
    $fatal(1, "avgpool: SHIFT=%0d exceeds 40", SHIFT);
  end
  if (OUT_BITS < 1) begin : gen_check_bits
    $fatal(1, "avgpool: OUT_BITS must be at least 1");
  end

  localparam int unsigned PRODUCT_BITS = SUM_BITS + 17;  // signed sum, signed 16-bit factor
  // Room for the rounding constant, which may exceed the product, and for the clamp's limits.
  localparam int unsigned LARGEST_BITS = PRODUCT_BITS > 40 ? PRODUCT_BITS : 40;
  localparam int unsigned WIDE = (LARGEST_BITS > OUT_BITS ? LARGEST_BITS : OUT_BITS) + 2;
  localparam logic signed [WIDE-1:0] ONE = WIDE'(1);
  localparam logic signed [WIDE-1:0] HALF = (ONE <<< SHIFT) >>> 1;
  localparam logic signed [WIDE-1:0] HI = (ONE <<< (OUT_SIGNED ? OUT_BITS - 1 : OUT_BITS)) - ONE;
  localparam logic signed [WIDE-1:0] LO = OUT_SIGNED ? -(ONE <<< (OUT_BITS - 1)) : '0;

  typedef logic signed [PRODUCT_BITS-1:0] product_t;
  typedef logic signed [WIDE-1:0] wide_t;

  logic advance;
  logic [2:1] valid_q, last_q;  // stages: 1 product, 2 value
  product_t product_q;

  function automatic logic [OUT_BITS-1:0] rounded(product_t product);
    wide_t value;
    value = (wide_t'(product) + HALF) >>> SHIFT;
    if (value > HI) value = HI;
    if (value < LO) value = LO;
    return value[OUT_BITS-1:0];
  endfunction

  assign advance       = m_axis_tready || !valid_q[2];
  assign s_axis_tready = advance;
  assign m_axis_tvalid = valid_q[2];
  assign m_axis_tlast  = last_q[2];

  always_ff @(posedge clk) begin
    if (advance) begin
      product_q    <= product_t'($signed(s_axis_tdata)) * product_t'(MULTIPLIER);
      m_axis_tdata <= rounded(product_q);
      last_q       <= {last_q[1], s_axis_tlast};
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) valid_q <= '0;
    else if (advance) valid_q <= {valid_q[1], s_axis_tvalid};
  end
endmodule
