// SPDX-License-Identifier: Apache-2.0
// Proof of `axi_lite` before any register block, with any master that keeps to AXI: each write and
// each read is answered once and reaches the registers at most once, none that was not asked for;
// responses and their data stay until taken; a write without all strobes never reaches a register
// and is answered with an error; nothing waits for good.
module prove_axi_lite (
  input logic        clk,
  input logic        rst_n,
  input logic [11:0] s_axi_awaddr,
  input logic        s_axi_awvalid,
  input logic [31:0] s_axi_wdata,
  input logic [ 3:0] s_axi_wstrb,
  input logic        s_axi_wvalid,
  input logic        s_axi_bready,
  input logic [11:0] s_axi_araddr,
  input logic        s_axi_arvalid,
  input logic        s_axi_rready,
  input logic [31:0] data_i
);
  localparam int unsigned PATIENCE = 4;  // cycles, from the moment that the master takes responses

  logic s_axi_awready, s_axi_wready, s_axi_bvalid, s_axi_arready, s_axi_rvalid, request_o, write_o;
  logic [1:0] s_axi_bresp, s_axi_rresp;
  logic [31:0] s_axi_rdata, data_o;
  logic [11:0] address_o;
  logic started_q = 1'b0, write_taken, read_taken, whole_q;
  // What the master has not been answered, and what it is to read.
  logic writes_q, reads_q;
  logic [31:0] expected_q;
  logic [2:0] write_waits_q, read_waits_q;

  assign write_taken = s_axi_awvalid && s_axi_awready;
  assign read_taken  = s_axi_arvalid && s_axi_arready;

  always_ff @(posedge clk) begin
    started_q <= 1'b1;
    if (write_taken) whole_q <= &s_axi_wstrb;
    if (read_taken) expected_q <= data_i;
    if (!rst_n) begin
      {writes_q, reads_q, write_waits_q, read_waits_q} <= '0;
    end else begin
      writes_q <= write_taken || (writes_q && !s_axi_bready);
      reads_q  <= read_taken || (reads_q && !s_axi_rready);
      write_waits_q <= s_axi_awvalid && s_axi_wvalid && !s_axi_awready && s_axi_bready
                       ? write_waits_q + 1'b1 : '0;
      read_waits_q <= s_axi_arvalid && !s_axi_arready && s_axi_rready ? read_waits_q + 1'b1 : '0;
    end
  end

  axi_lite u_dut (.*);

  stream_rule #(
    .WIDTH (12),
    .ASSUME(1'b1)
  ) u_aw (
    .clk,
    .rst_n,
    .tvalid_i (s_axi_awvalid),
    .tready_i (s_axi_awready),
    .payload_i(s_axi_awaddr)
  );

  stream_rule #(
    .WIDTH (36),
    .ASSUME(1'b1)
  ) u_w (
    .clk,
    .rst_n,
    .tvalid_i (s_axi_wvalid),
    .tready_i (s_axi_wready),
    .payload_i({s_axi_wdata, s_axi_wstrb})
  );

  stream_rule #(
    .WIDTH (12),
    .ASSUME(1'b1)
  ) u_ar (
    .clk,
    .rst_n,
    .tvalid_i (s_axi_arvalid),
    .tready_i (s_axi_arready),
    .payload_i(s_axi_araddr)
  );

  stream_rule #(
    .WIDTH(2)
  ) u_b (
    .clk,
    .rst_n,
    .tvalid_i (s_axi_bvalid),
    .tready_i (s_axi_bready),
    .payload_i(s_axi_bresp)
  );

  stream_rule #(
    .WIDTH(34)
  ) u_r (
    .clk,
    .rst_n,
    .tvalid_i (s_axi_rvalid),
    .tready_i (s_axi_rready),
    .payload_i({s_axi_rresp, s_axi_rdata})
  );

  always_comb begin
    if (!started_q) assume (!rst_n);
    if (rst_n) begin
      a_address_with_data : assert (s_axi_awready == s_axi_wready);
      if (s_axi_awready) a_only_if_offered : assert (s_axi_awvalid && s_axi_wvalid);
      if (s_axi_arready) a_only_if_asked : assert (s_axi_arvalid);
      // The register sees what the bus hands over in this cycle, and nothing else.
      a_request : assert (request_o == ((write_taken && &s_axi_wstrb) || read_taken));
      if (request_o && write_o) begin
        a_write : assert (write_taken && address_o == s_axi_awaddr && data_o == s_axi_wdata);
      end
      if (request_o && !write_o) a_read : assert (read_taken && address_o == s_axi_araddr);
      a_one_at_a_time : assert (!(write_taken && read_taken));
      // One answer each.
      a_b : assert (s_axi_bvalid == writes_q);
      a_r : assert (s_axi_rvalid == reads_q);
      if (write_taken) a_one_write : assert (!writes_q);
      if (read_taken) a_one_read : assert (!reads_q);
      if (s_axi_bvalid) a_bresp : assert (s_axi_bresp == (whole_q ? 2'b00 : 2'b10));
      if (s_axi_rvalid) a_rdata : assert (s_axi_rresp == 2'b00 && s_axi_rdata == expected_q);
      a_write_waits : assert (write_waits_q < PATIENCE);
      a_read_waits : assert (read_waits_q < PATIENCE);
      c_write_then_read : cover (reads_q && writes_q);
      c_error : cover (s_axi_bvalid && s_axi_bresp == 2'b10);
    end
  end
endmodule
