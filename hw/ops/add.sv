// SPDX-License-Identifier: Apache-2.0
// Bypass (residual) join: y = clamp((a * MULTIPLIER0 + b * MULTIPLIER1 + half) >>> SHIFT), where
// half = 2**(SHIFT-1) (0 when SHIFT is 0) and the clamp is the range of the output type.
//
// Stream: two row streams of one shape in lockstep, out in the same order, COLUMNS pixels a beat.
// Throughput: one beat a cycle when both inputs have one. Latency: 3 cycles. A beat is taken from
// both inputs or from none; padding is computed like any pixel and is garbage. s_axis_*_tready is
// the other input's tvalid and the state of the pipeline; m_axis_tready reaches it by a register.
module add #(
  parameter int unsigned CHANNELS = 1,  // channels
  parameter int unsigned HEIGHT = 1,  // rows of a frame
  parameter int unsigned WIDTH = 1,  // pixels of a row
  parameter int unsigned COLUMNS = 1,  // pixels a beat
  parameter int unsigned LEFT_BITS = 8,  // bits of a pixel of a
  parameter bit LEFT_SIGNED = 1'b0,  // a is two's complement
  parameter int unsigned RIGHT_BITS = 8,  // bits of a pixel of b
  parameter bit RIGHT_SIGNED = 1'b0,  // b is two's complement
  parameter int unsigned OUT_BITS = 8,  // bits of a pixel of y
  parameter bit OUT_SIGNED = 1'b0,  // y is two's complement
  parameter bit OUT_NARROW = 1'b0,  // y is without its lowest, if unsigned its highest, value
  parameter int unsigned MULTIPLIER0 = 1,  // of a, 16 bits unsigned
  parameter int unsigned MULTIPLIER1 = 1,  // of b, 16 bits unsigned
  parameter int unsigned SHIFT = 0  // bits dropped
) (
  input  logic                          clk,
  input  logic                          rst_n,
  input  logic                          s_axis_a_tvalid,
  output logic                          s_axis_a_tready,
  input  logic [ COLUMNS*LEFT_BITS-1:0] s_axis_a_tdata,
  input  logic                          s_axis_a_tlast,
  input  logic                          s_axis_b_tvalid,
  output logic                          s_axis_b_tready,
  input  logic [COLUMNS*RIGHT_BITS-1:0] s_axis_b_tdata,
  input  logic                          s_axis_b_tlast,
  output logic                          m_axis_tvalid,
  input  logic                          m_axis_tready,
  output logic [  COLUMNS*OUT_BITS-1:0] m_axis_tdata,
  output logic                          m_axis_tlast
);
  if (CHANNELS < 1 || HEIGHT < 1 || WIDTH < 1 || COLUMNS < 1) begin : gen_check_shape
    $fatal(1, "add: CHANNELS, HEIGHT, WIDTH and COLUMNS must be at least 1");
  end
  if (MULTIPLIER0 > 65535 || MULTIPLIER1 > 65535) begin : gen_check_multiplier
    $fatal(1, "add: MULTIPLIER0=%0d, MULTIPLIER1=%0d exceed 16 bits", MULTIPLIER0, MULTIPLIER1);
  end
  if (SHIFT > 40) begin : gen_check_shift
    $fatal(1, "add: SHIFT=%0d exceeds 40", SHIFT);
  end

  localparam int unsigned SEGMENTS = (WIDTH + COLUMNS - 1) / COLUMNS;
  localparam int unsigned FRAME_BEATS = HEIGHT * CHANNELS * SEGMENTS;
  localparam int unsigned BEAT_BITS = FRAME_BEATS > 1 ? $clog2(FRAME_BEATS) : 1;
  localparam int unsigned IN_BITS = LEFT_BITS > RIGHT_BITS ? LEFT_BITS : RIGHT_BITS;
  localparam int unsigned PRODUCT_BITS = IN_BITS + 1 + 17;  // signed pixel, signed 16-bit factor
  // One bit for the sum, one for the rounding constant, which may exceed the products.
  localparam int unsigned SUM_BITS = (PRODUCT_BITS > 40 ? PRODUCT_BITS : 40) + 2;
  localparam logic signed [SUM_BITS-1:0] HALF = SUM_BITS'((64'd1 << SHIFT) >> 1);
  localparam logic signed [SUM_BITS-1:0] ONE = SUM_BITS'(1);
  localparam logic signed [SUM_BITS-1:0] LEFT_OUT = OUT_NARROW ? ONE : '0;
  localparam logic signed [SUM_BITS-1:0] HI =
      OUT_SIGNED ? (ONE <<< (OUT_BITS - 1)) - ONE : (ONE <<< OUT_BITS) - ONE - LEFT_OUT;
  localparam logic signed [SUM_BITS-1:0] LO =
      OUT_SIGNED ? LEFT_OUT - (ONE <<< (OUT_BITS - 1)) : '0;

  typedef logic signed [PRODUCT_BITS-1:0] product_t;
  typedef logic signed [SUM_BITS-1:0] sum_t;

  logic take, advance;
  logic [2:1] valid_q, last_q;  // stages: 1 products, 2 result
  product_t left_q[COLUMNS], right_q[COLUMNS];
  logic [COLUMNS*OUT_BITS-1:0] result_q;
  logic [BEAT_BITS-1:0] beat_q;
  logic last;

  assign last            = beat_q == BEAT_BITS'(FRAME_BEATS - 1);
  assign take            = s_axis_a_tvalid && s_axis_b_tvalid && advance;
  assign s_axis_a_tready = s_axis_b_tvalid && advance;
  assign s_axis_b_tready = s_axis_a_tvalid && advance;

  function automatic logic [OUT_BITS-1:0] requantize(product_t left, product_t right);
    sum_t scaled;
    scaled = (sum_t'(left) + sum_t'(right) + HALF) >>> SHIFT;
    if (scaled > HI) scaled = HI;
    if (scaled < LO) scaled = LO;
    return scaled[OUT_BITS-1:0];
  endfunction

  always_ff @(posedge clk) begin
    if (advance) begin
      for (int unsigned c = 0; c < COLUMNS; c++) begin
        left_q[c] <= product_t'(
            $signed({LEFT_SIGNED && s_axis_a_tdata[c*LEFT_BITS+LEFT_BITS-1],
                     s_axis_a_tdata[c*LEFT_BITS+:LEFT_BITS]})) * product_t'(MULTIPLIER0);
        right_q[c] <= product_t'(
            $signed({RIGHT_SIGNED && s_axis_b_tdata[c*RIGHT_BITS+RIGHT_BITS-1],
                     s_axis_b_tdata[c*RIGHT_BITS+:RIGHT_BITS]})) * product_t'(MULTIPLIER1);
        result_q[c*OUT_BITS+:OUT_BITS] <= requantize(left_q[c], right_q[c]);
      end
      last_q <= {last_q[1], last};
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      valid_q <= '0;
      beat_q  <= '0;
    end else begin
      if (advance) valid_q <= {valid_q[1], take};
      if (take) beat_q <= last ? '0 : beat_q + 1'b1;
    end
  end

  logic skid_ready;
  assign advance = skid_ready || !valid_q[2];
  skid #(
    .WIDTH(COLUMNS * OUT_BITS + 1)
  ) u_skid (
    .clk,
    .rst_n,
    .s_axis_tvalid(valid_q[2]),
    .s_axis_tready(skid_ready),
    .s_axis_tdata ({last_q[2], result_q}),
    .m_axis_tvalid,
    .m_axis_tready,
    .m_axis_tdata ({m_axis_tlast, m_axis_tdata})
  );

  frame_check #(
    .BEATS(FRAME_BEATS)
  ) u_check_a (
    .clk,
    .rst_n,
    .taken_i(take),
    .tlast_i(s_axis_a_tlast)
  );
  frame_check #(
    .BEATS(FRAME_BEATS)
  ) u_check_b (
    .clk,
    .rst_n,
    .taken_i(take),
    .tlast_i(s_axis_b_tlast)
  );
endmodule
