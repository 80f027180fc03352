// SPDX-License-Identifier: Apache-2.0
// No kernel: breaks one rule of AXI, whose number is written to register 0. What is simulated around
// a kernel has to notice. Number 20 breaks none: it writes four words, half of their bytes.
// The name of a port that some C++ compilers reserve; Verilator renames it.
// verilator lint_off SYMRSVDWORD
module firebrick_kernel (
  input  logic        ap_clk,
  input  logic        ap_rst_n,
  output logic        interrupt,
  input  logic [11:0] s_axi_control_awaddr,
  input  logic        s_axi_control_awvalid,
  output logic        s_axi_control_awready,
  input  logic [31:0] s_axi_control_wdata,
  input  logic [ 3:0] s_axi_control_wstrb,
  input  logic        s_axi_control_wvalid,
  output logic        s_axi_control_wready,
  output logic [ 1:0] s_axi_control_bresp,
  output logic        s_axi_control_bvalid,
  input  logic        s_axi_control_bready,
  input  logic [11:0] s_axi_control_araddr,
  input  logic        s_axi_control_arvalid,
  output logic        s_axi_control_arready,
  output logic [31:0] s_axi_control_rdata,
  output logic [ 1:0] s_axi_control_rresp,
  output logic        s_axi_control_rvalid,
  input  logic        s_axi_control_rready,
  output logic [63:0] m_axi_gmem_awaddr,
  output logic [ 7:0] m_axi_gmem_awlen,
  output logic [ 2:0] m_axi_gmem_awsize,
  output logic [ 1:0] m_axi_gmem_awburst,
  output logic [ 3:0] m_axi_gmem_awcache,
  output logic [ 2:0] m_axi_gmem_awprot,
  output logic        m_axi_gmem_awvalid,
  input  logic        m_axi_gmem_awready,
  output logic [31:0] m_axi_gmem_wdata,
  output logic [ 3:0] m_axi_gmem_wstrb,
  output logic        m_axi_gmem_wlast,
  output logic        m_axi_gmem_wvalid,
  input  logic        m_axi_gmem_wready,
  input  logic [ 1:0] m_axi_gmem_bresp,
  input  logic        m_axi_gmem_bvalid,
  output logic        m_axi_gmem_bready,
  output logic [63:0] m_axi_gmem_araddr,
  output logic [ 7:0] m_axi_gmem_arlen,
  output logic [ 2:0] m_axi_gmem_arsize,
  output logic [ 1:0] m_axi_gmem_arburst,
  output logic [ 3:0] m_axi_gmem_arcache,
  output logic [ 2:0] m_axi_gmem_arprot,
  output logic        m_axi_gmem_arvalid,
  input  logic        m_axi_gmem_arready,
  input  logic [31:0] m_axi_gmem_rdata,
  input  logic [ 1:0] m_axi_gmem_rresp,
  input  logic        m_axi_gmem_rlast,
  input  logic        m_axi_gmem_rvalid,
  output logic        m_axi_gmem_rready
);
  localparam logic [63:0] BASE = 64'h1_0000_0000;

  logic [7:0] rule;
  logic [7:0] age;  // cycles since it was written
  logic late, aw_done;
  logic [2:0] beat;
  logic control, accept;

  assign late    = age >= 4;
  assign control = s_axi_control_awaddr == '0;
  assign accept  = s_axi_control_awvalid && s_axi_control_wvalid && !s_axi_control_bvalid;
  assign s_axi_control_awready = accept;
  assign s_axi_control_wready  = accept;
  // 15: a register that is written to 8 is never answered; 16: the answer falls
  assign s_axi_control_bresp   = s_axi_control_awaddr == 12'h10 ? 2'd2 : 2'd0;
  assign s_axi_control_arready = !s_axi_control_rvalid && s_axi_control_araddr != 12'h8;
  assign s_axi_control_rresp   = s_axi_control_araddr == 12'hc ? 2'd2 : 2'd0;
  assign interrupt             = late;

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      rule <= '0;
      age  <= '0;
      s_axi_control_bvalid <= 1'b0;
      s_axi_control_rvalid <= 1'b0;
      aw_done <= 1'b0;
      beat <= '0;
    end else begin
      if (rule != 0 && age != '1) age <= age + 1'b1;
      if (accept && control) rule <= s_axi_control_wdata[7:0];
      s_axi_control_bvalid <= accept || (s_axi_control_bvalid && !s_axi_control_bready);
      s_axi_control_rvalid <= (s_axi_control_arvalid && s_axi_control_arready)
          || (s_axi_control_rvalid && !s_axi_control_rready);
      s_axi_control_rdata <= 32'(s_axi_control_araddr);
      if (m_axi_gmem_awvalid && m_axi_gmem_awready) aw_done <= 1'b1;
      if (m_axi_gmem_wvalid && m_axi_gmem_wready) beat <= beat + 1'b1;
    end
  end

  assign m_axi_gmem_arvalid = (rule inside {[1 : 5], 7, 13, 14}) || (rule == 6 && !late);
  assign m_axi_gmem_arlen   = rule == 1 ? 8'd3 : 8'd0;
  assign m_axi_gmem_arsize  = rule == 2 ? 3'd1 : 3'd2;
  assign m_axi_gmem_arburst = rule == 3 ? 2'd0 : 2'd1;
  assign m_axi_gmem_arcache = rule == 5 ? 4'd0 : 4'd3;
  assign m_axi_gmem_arprot  = '0;
  assign m_axi_gmem_rready  = 1'b1;

  always_comb begin
    m_axi_gmem_araddr = BASE;
    unique case (rule)
      1: m_axi_gmem_araddr = BASE + 64'd4088;
      4: m_axi_gmem_araddr = BASE - 64'd64;
      7: m_axi_gmem_araddr = late ? BASE + 64'd64 : BASE;
      13: m_axi_gmem_araddr = BASE + 64'd2;
      14: m_axi_gmem_araddr = BASE + 64'h1000_0000;
      default: ;
    endcase
  end

  assign m_axi_gmem_awvalid = (rule inside {8, 10, 11, 20}) && !aw_done;
  assign m_axi_gmem_awaddr  = rule == 8 ? BASE + 64'd4088 : BASE + 64'd64;
  assign m_axi_gmem_awlen   = rule == 11 ? 8'd0 : 8'd3;
  assign m_axi_gmem_awsize  = 3'd2;
  assign m_axi_gmem_awburst = 2'd1;
  assign m_axi_gmem_awcache = 4'd3;
  assign m_axi_gmem_awprot  = '0;
  assign m_axi_gmem_wvalid  = (rule inside {9, 10, 11, 20} && !beat[2]) || (rule == 12 && !late);
  assign m_axi_gmem_wdata   = rule == 9 && late ? '1 : 32'h0101_0101 * (32'(beat) + 1);
  assign m_axi_gmem_wstrb   = rule == 20 ? 4'b0101 : '1;
  assign m_axi_gmem_wlast   = rule == 10 ? beat == 0 : rule == 11 ? 1'b0 : beat == 3;
  assign m_axi_gmem_bready  = 1'b1;

  logic unused;
  assign unused = &{s_axi_control_wstrb, s_axi_control_wdata, m_axi_gmem_arready, m_axi_gmem_bresp,
                    m_axi_gmem_bvalid, m_axi_gmem_rdata, m_axi_gmem_rresp, m_axi_gmem_rlast,
                    m_axi_gmem_rvalid};
endmodule
