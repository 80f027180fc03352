// SPDX-License-Identifier: Apache-2.0
// AXI4-Lite slave in front of a register block that answers in the same cycle.
//
// A write is taken when address and data are both there, a read when no write is; each channel holds
// one response. All outputs come from registers, so no path leads through from input to output.
// A write counts only with all four strobes; another one changes nothing and is answered SLVERR.
// Throughput: a write or a read every three cycles, both in turn when both wait. Only rst_n stops
// it: a soft reset must not cut a transfer.
module axi_lite (
  input  logic        clk,
  input  logic        rst_n,
  input  logic [11:0] s_axi_awaddr,
  input  logic        s_axi_awvalid,
  output logic        s_axi_awready,
  input  logic [31:0] s_axi_wdata,
  input  logic [ 3:0] s_axi_wstrb,
  input  logic        s_axi_wvalid,
  output logic        s_axi_wready,
  output logic [ 1:0] s_axi_bresp,
  output logic        s_axi_bvalid,
  input  logic        s_axi_bready,
  input  logic [11:0] s_axi_araddr,
  input  logic        s_axi_arvalid,
  output logic        s_axi_arready,
  output logic [31:0] s_axi_rdata,
  output logic [ 1:0] s_axi_rresp,
  output logic        s_axi_rvalid,
  input  logic        s_axi_rready,
  output logic        request_o,  // of a register
  output logic        write_o,  // it is written, else read
  output logic [11:0] address_o,
  output logic [31:0] data_o,  // to be written
  input  logic [31:0] data_i  // read
);
  localparam logic [1:0] OKAY = 2'b00, SLVERR = 2'b10;

  logic write_q, read_q, write_next, read_next, whole;

  assign whole         = &s_axi_wstrb;
  assign write_next    = s_axi_awvalid && s_axi_wvalid && !write_q && !s_axi_bvalid;
  assign read_next     = s_axi_arvalid && !read_q && !s_axi_rvalid && !write_next;
  assign s_axi_awready = write_q;
  assign s_axi_wready  = write_q;
  assign s_axi_arready = read_q;
  assign request_o     = (write_q && whole) || read_q;
  assign write_o       = write_q;
  assign address_o     = write_q ? s_axi_awaddr : s_axi_araddr;
  assign data_o        = s_axi_wdata;
  assign s_axi_rresp   = OKAY;

  always_ff @(posedge clk) begin
    if (write_q) s_axi_bresp <= whole ? OKAY : SLVERR;
    if (read_q) s_axi_rdata <= data_i;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      write_q      <= 1'b0;
      read_q       <= 1'b0;
      s_axi_bvalid <= 1'b0;
      s_axi_rvalid <= 1'b0;
    end else begin
      write_q      <= write_next;
      read_q       <= read_next;
      s_axi_bvalid <= write_q || (s_axi_bvalid && !s_axi_bready);
      s_axi_rvalid <= read_q || (s_axi_rvalid && !s_axi_rready);
    end
  end

  logic write_before_q, read_before_q;

  always_ff @(posedge clk) begin
    write_before_q <= write_next && rst_n;
    read_before_q  <= read_next && rst_n;
    if (rst_n) begin
      a_one : assert (!(write_q && read_q)) else $fatal(1, "axi_lite: two requests at once");
      // A master that withdraws what it offered would be answered without having asked.
      a_write : assert (!write_before_q || (s_axi_awvalid && s_axi_wvalid))
      else $fatal(1, "axi_lite: the master withdrew a write");
      a_read : assert (!read_before_q || s_axi_arvalid)
      else $fatal(1, "axi_lite: the master withdrew a read");
    end
  end
endmodule
