// SPDX-License-Identifier: Apache-2.0
// Two layers.
// The outputs of a chain that loads nothing are left open:
// verilator lint_off PINCONNECTEMPTY
module firebrick_network (
  input logic clk,
  input logic rst_n,
  input logic s_axis_tvalid,
  output logic s_axis_tready,
  input logic [383:0] s_axis_tdata,
  input logic s_axis_tlast,
  output logic m_axis_tvalid,
  input logic m_axis_tready,
  output logic [7:0] m_axis_tdata,
  output logic m_axis_tlast
);

  logic image_tvalid;
  logic image_tready;
  logic [7:0] image_tdata;
  logic image_tlast;
  logic fire2_squeeze_tvalid;
  logic fire2_squeeze_tready;
  logic [7:0] fire2_squeeze_tdata;
  logic fire2_squeeze_tlast;

  image #(
    .CHANNELS(6),
    .HEIGHT(6),
    .WIDTH(6),
    .PIXELS(8),
    .COLUMNS(1),
    .BITS(8),
    .MEMORY_KIND(0)
  ) u_image (
    .clk(clk),
    .rst_n(rst_n),
    .s_axis_tvalid(s_axis_tvalid),
    .s_axis_tready(s_axis_tready),
    .s_axis_tdata(s_axis_tdata),
    .s_axis_tlast(s_axis_tlast),
    .m_axis_tvalid(image_tvalid),
    .m_axis_tready(image_tready),
    .m_axis_tdata(image_tdata),
    .m_axis_tlast(image_tlast)
  );

  conv #(
    .LANES(1),
    .COLUMNS(1),
    .DRAIN(1),
    .IN_CHANNELS(6),
    .IN_HEIGHT(6),
    .IN_WIDTH(6),
    .IN_BITS(8),
    .IN_SIGNED(0),
    .OUT_CHANNELS(4),
    .OUT_HEIGHT(6),
    .OUT_WIDTH(6),
    .OUT_BITS(8),
    .OUT_SIGNED(0),
    .OUT_NARROW(0),
    .KERNEL(1),
    .STRIDE(1),
    .PAD(0),
    .CODE_BITS(6),
    .VALUE_BITS(8),
    .GAP_BITS(2),
    .ACC_BITS(18),
    .BIAS_BITS(20),
    .MULTIPLIER_BITS(16),
    .SHIFT(24),
    .QUEUE_DEPTH(32),
    .RING(2),
    .WEIGHT_DEPTH(15),
    .LENGTH_MAX(4),
    .POSITIONS(6),
    .LANE_CHANNELS(6),
    .DUAL(1),
    .FABRIC(0),
    .PACK(4),
    .WEIGHT_KIND(1),
    .LENGTH_KIND(0),
    .REQUANTIZE_KIND(0),
    .BANK_KIND(1),
    .PREFIX("fire2_squeeze")
  ) u_fire2_squeeze (
    .clk(clk),
    .rst_n(rst_n),
    .load_valid_i(1'b0),
    .load_data_i('0),
    .load_valid_o(),
    .load_data_o(),
    .s_axis_tvalid(image_tvalid),
    .s_axis_tready(image_tready),
    .s_axis_tdata(image_tdata),
    .s_axis_tlast(image_tlast),
    .m_axis_tvalid(fire2_squeeze_tvalid),
    .m_axis_tready(fire2_squeeze_tready),
    .m_axis_tdata(fire2_squeeze_tdata),
    .m_axis_tlast(fire2_squeeze_tlast)
  );

  conv #(
    .LANES(7),
    .COLUMNS(1),
    .DRAIN(1),
    .IN_CHANNELS(4),
    .IN_HEIGHT(6),
    .IN_WIDTH(6),
    .IN_BITS(8),
    .IN_SIGNED(0),
    .OUT_CHANNELS(6),
    .OUT_HEIGHT(6),
    .OUT_WIDTH(6),
    .OUT_BITS(8),
    .OUT_SIGNED(0),
    .OUT_NARROW(0),
    .KERNEL(3),
    .STRIDE(1),
    .PAD(1),
    .CODE_BITS(6),
    .VALUE_BITS(8),
    .GAP_BITS(4),
    .ACC_BITS(19),
    .BIAS_BITS(20),
    .MULTIPLIER_BITS(16),
    .SHIFT(24),
    .QUEUE_DEPTH(32),
    .RING(4),
    .WEIGHT_DEPTH(16),
    .LENGTH_MAX(5),
    .POSITIONS(10),
    .LANE_CHANNELS(2),
    .DUAL(1),
    .FABRIC(0),
    .PACK(3),
    .WEIGHT_KIND(1),
    .LENGTH_KIND(0),
    .REQUANTIZE_KIND(0),
    .BANK_KIND(1),
    .PREFIX("fire2_expand")
  ) u_fire2_expand (
    .clk(clk),
    .rst_n(rst_n),
    .load_valid_i(1'b0),
    .load_data_i('0),
    .load_valid_o(),
    .load_data_o(),
    .s_axis_tvalid(fire2_squeeze_tvalid),
    .s_axis_tready(fire2_squeeze_tready),
    .s_axis_tdata(fire2_squeeze_tdata),
    .s_axis_tlast(fire2_squeeze_tlast),
    .m_axis_tvalid(m_axis_tvalid),
    .m_axis_tready(m_axis_tready),
    .m_axis_tdata(m_axis_tdata),
    .m_axis_tlast(m_axis_tlast)
  );

endmodule
