// SPDX-License-Identifier: Apache-2.0
// Network to memory: the logits of runs, in the order in which they were taken. See `shell`.
//
// Up to RUNS runs wait for their logits.
module shell_store #(
  parameter int unsigned CLASSES      = 10,  // logits of a frame
  parameter int unsigned LOGIT_BITS   = 16,  // of a logit
  parameter int unsigned LOGIT_SIGNED = 1,  // 1: two's complement, 0: no sign
  parameter int unsigned DATA_BITS    = 32,  // of the memory bus
  parameter int unsigned RUNS         = 8  // that wait
) (
  input  logic                   clk,
  input  logic                   rst_n,
  // run
  input  logic                   run_valid_i,  // never more than RUNS
  input  logic [           57:0] address_i,  // in blocks of 64 bytes
  input  logic [           31:0] frames_i,
  // control
  input  logic                   stop_i,
  output logic                   idle_o,
  output logic                   error_o,
  output logic                   frame_done_o,  // its logits are in memory
  output logic                   run_done_o,
  output logic                   last_logit_o,  // a frame's last logit leaves the network
  output logic                   first_frame_o,  // of a run, that frame is
  // network
  input  logic                   s_logits_tvalid,
  output logic                   s_logits_tready,
  input  logic [ LOGIT_BITS-1:0] s_logits_tdata,
  input  logic                   s_logits_tlast,
  // memory
  output logic [           63:0] m_axi_awaddr,
  output logic [            7:0] m_axi_awlen,
  output logic                   m_axi_awvalid,
  input  logic                   m_axi_awready,
  output logic [  DATA_BITS-1:0] m_axi_wdata,
  output logic [DATA_BITS/8-1:0] m_axi_wstrb,
  output logic                   m_axi_wlast,
  output logic                   m_axi_wvalid,
  input  logic                   m_axi_wready,
  input  logic [            1:0] m_axi_bresp,
  input  logic                   m_axi_bvalid,
  output logic                   m_axi_bready
);
  localparam int unsigned BURST_BLOCKS = DATA_BITS / 32;  // 16 words
  localparam int unsigned OFFSET_BITS = BURST_BLOCKS > 1 ? $clog2(BURST_BLOCKS) : 1;
  localparam int unsigned DEPTH = 32;  // words: one burst goes out while the next one comes in

  logic run_ready, run_valid, run_take;
  logic [57:0] run_address;
  logic [31:0] run_frames;

  fifo #(
    .WIDTH(58 + 32),
    .DEPTH(RUNS)
  ) u_runs (
    .clk,
    .rst_n,
    .s_axis_tvalid(run_valid_i),
    .s_axis_tready(run_ready),
    .s_axis_tdata ({address_i, frames_i}),
    .m_axis_tvalid(run_valid),
    .m_axis_tready(run_take),
    .m_axis_tdata ({run_address, run_frames})
  );

  logic words_valid, words_ready, burst_valid, burst_ready, burst_last_frame, burst_last_run;
  logic [DATA_BITS-1:0] words;
  logic [57:0] burst_address;
  logic [OFFSET_BITS-1:0] burst_blocks;

  logit_pack #(
    .CLASSES     (CLASSES),
    .LOGIT_BITS  (LOGIT_BITS),
    .LOGIT_SIGNED(LOGIT_SIGNED),
    .DATA_BITS   (DATA_BITS),
    .BURST_BLOCKS(BURST_BLOCKS)
  ) u_pack (
    .clk,
    .rst_n,
    .run_valid_i       (run_valid),
    .run_ready_o       (run_take),
    .address_i         (run_address),
    .frames_i          (run_frames),
    .last_logit_o,
    .first_frame_o,
    .s_axis_tvalid     (s_logits_tvalid),
    .s_axis_tready     (s_logits_tready),
    .s_axis_tdata      (s_logits_tdata),
    .s_axis_tlast      (s_logits_tlast),
    .m_words_tvalid    (words_valid),
    .m_words_tready    (words_ready),
    .m_words_tdata     (words),
    .m_burst_tvalid    (burst_valid),
    .m_burst_tready    (burst_ready),
    .m_burst_address   (burst_address),
    .m_burst_blocks    (burst_blocks),
    .m_burst_last_frame(burst_last_frame),
    .m_burst_last_run  (burst_last_run)
  );

  axi_writer #(
    .DATA_BITS   (DATA_BITS),
    .BURST_BLOCKS(BURST_BLOCKS),
    .DEPTH       (DEPTH)
  ) u_writer (
    .clk,
    .rst_n,
    .s_words_tvalid    (words_valid),
    .s_words_tready    (words_ready),
    .s_words_tdata     (words),
    .s_burst_tvalid    (burst_valid),
    .s_burst_tready    (burst_ready),
    .s_burst_address   (burst_address),
    .s_burst_blocks    (burst_blocks),
    .s_burst_last_frame(burst_last_frame),
    .s_burst_last_run  (burst_last_run),
    .stop_i,
    .idle_o,
    .error_o,
    .frame_done_o,
    .run_done_o,
    .m_axi_awaddr,
    .m_axi_awlen,
    .m_axi_awvalid,
    .m_axi_awready,
    .m_axi_wdata,
    .m_axi_wstrb,
    .m_axi_wlast,
    .m_axi_wvalid,
    .m_axi_wready,
    .m_axi_bresp,
    .m_axi_bvalid,
    .m_axi_bready
  );

  always_ff @(posedge clk) begin
    if (rst_n && run_valid_i) begin
      a_runs : assert (run_ready) else $fatal(1, "shell_store: more than %0d runs", RUNS);
    end
  end
endmodule
