// SPDX-License-Identifier: Apache-2.0
// What stands around a network on a board: registers, a reader of images, a writer of logits.
//
// Software writes addresses and a number of frames and starts a run (registers.rdl, docs/shell.md).
// Images lie in memory IMAGE_STRIDE bytes apart: rows of whole beats, a beat PIXELS pixels of
// PIXEL_BYTES bytes, of which CHANNELS count. Logits lie LOGITS_STRIDE bytes apart, 32 bits each.
// Weights, if there are any, are 72-bit words in 16 bytes each, and are fetched before the first
// image after a reset. All addresses are multiples of 64.
// Images of a run, and of runs that follow, go to the network without a pause between frames: while
// memory keeps up, a frame takes as long as in the network alone. No slave that keeps to AXI can
// make it hang: it is always ready for read data and, when one is due, for a response.
module shell #(
  parameter int unsigned CHANNELS     = 3,  // of a pixel
  parameter int unsigned HEIGHT       = 8,  // rows of an image
  parameter int unsigned WIDTH        = 8,  // pixels of a row
  parameter int unsigned PIXELS       = 1,  // of a beat, a power of two
  parameter int unsigned CLASSES      = 10,  // logits of a frame
  parameter int unsigned LOGIT_BITS   = 16,  // of a logit
  parameter int unsigned LOGIT_SIGNED = 1,  // 1: two's complement, 0: no sign
  parameter int unsigned LOAD_WORDS   = 0,  // of weights; 0: none
  parameter int unsigned DATA_BITS    = 32,  // of the memory bus: 32, 64, 128, 256 or 512
  parameter int unsigned READ_DEPTH   = 32,  // words of it in flight, a power of two
  parameter logic [31:0] MODEL_HASH0 = 0,
  parameter logic [31:0] MODEL_HASH1 = 0,
  parameter logic [31:0] MODEL_HASH2 = 0,
  parameter logic [31:0] MODEL_HASH3 = 0,  // 8 digits each
  localparam int unsigned LOAD_BITS   = 72
) (
  input  logic                         clk,
  input  logic                         rst_n,
  output logic                         interrupt_o,
  // registers
  input  logic [                 11:0] s_axi_control_awaddr,
  input  logic                         s_axi_control_awvalid,
  output logic                         s_axi_control_awready,
  input  logic [                 31:0] s_axi_control_wdata,
  input  logic [                  3:0] s_axi_control_wstrb,
  input  logic                         s_axi_control_wvalid,
  output logic                         s_axi_control_wready,
  output logic [                  1:0] s_axi_control_bresp,
  output logic                         s_axi_control_bvalid,
  input  logic                         s_axi_control_bready,
  input  logic [                 11:0] s_axi_control_araddr,
  input  logic                         s_axi_control_arvalid,
  output logic                         s_axi_control_arready,
  output logic [                 31:0] s_axi_control_rdata,
  output logic [                  1:0] s_axi_control_rresp,
  output logic                         s_axi_control_rvalid,
  input  logic                         s_axi_control_rready,
  // memory
  output logic [                 63:0] m_axi_gmem_awaddr,
  output logic [                  7:0] m_axi_gmem_awlen,
  output logic [                  2:0] m_axi_gmem_awsize,
  output logic [                  1:0] m_axi_gmem_awburst,
  output logic [                  3:0] m_axi_gmem_awcache,
  output logic [                  2:0] m_axi_gmem_awprot,
  output logic                         m_axi_gmem_awvalid,
  input  logic                         m_axi_gmem_awready,
  output logic [        DATA_BITS-1:0] m_axi_gmem_wdata,
  output logic [      DATA_BITS/8-1:0] m_axi_gmem_wstrb,
  output logic                         m_axi_gmem_wlast,
  output logic                         m_axi_gmem_wvalid,
  input  logic                         m_axi_gmem_wready,
  input  logic [                  1:0] m_axi_gmem_bresp,
  input  logic                         m_axi_gmem_bvalid,
  output logic                         m_axi_gmem_bready,
  output logic [                 63:0] m_axi_gmem_araddr,
  output logic [                  7:0] m_axi_gmem_arlen,
  output logic [                  2:0] m_axi_gmem_arsize,
  output logic [                  1:0] m_axi_gmem_arburst,
  output logic [                  3:0] m_axi_gmem_arcache,
  output logic [                  2:0] m_axi_gmem_arprot,
  output logic                         m_axi_gmem_arvalid,
  input  logic                         m_axi_gmem_arready,
  input  logic [        DATA_BITS-1:0] m_axi_gmem_rdata,
  input  logic [                  1:0] m_axi_gmem_rresp,
  input  logic                         m_axi_gmem_rlast,
  input  logic                         m_axi_gmem_rvalid,
  output logic                         m_axi_gmem_rready,
  // network
  output logic                         network_rst_n_o,
  output logic                         m_image_tvalid,
  input  logic                         m_image_tready,
  output logic [PIXELS*CHANNELS*8-1:0] m_image_tdata,
  output logic                         m_image_tlast,
  input  logic                         s_logits_tvalid,
  output logic                         s_logits_tready,
  input  logic [       LOGIT_BITS-1:0] s_logits_tdata,
  input  logic                         s_logits_tlast,
  output logic                         m_load_tvalid,
  input  logic                         m_load_tready,
  output logic [        LOAD_BITS-1:0] m_load_tdata,
  output logic                         m_load_tlast
);
  localparam int unsigned PIXEL_BYTES = 1 << $clog2(CHANNELS);
  localparam int unsigned IMAGE_BEATS = HEIGHT * ((WIDTH + PIXELS - 1) / PIXELS);
  localparam int unsigned IMAGE_BLOCKS = (IMAGE_BEATS * PIXELS * PIXEL_BYTES + 63) / 64;
  localparam int unsigned RUNS = 8;

  logic start, acknowledge, auto_restart, soft_reset, stop, shell_rst_n, field_rst_n;
  logic [63:0] images, logits, weights;
  logic [31:0] frames, frames_done, frame_cycles;
  logic [47:0] cycles;
  logic taken, misaligned, done, done_event, idle, busy, loaded, begins;
  logic fetch, fetch_weights, reader_ready, reader_idle, read_error;
  logic writer_idle, write_error, frame_done, run_done, last_logit, first_frame;

  shell_interface #(
    .CHANNELS     (CHANNELS),
    .PIXEL_BYTES  (PIXEL_BYTES),
    .HEIGHT       (HEIGHT),
    .WIDTH        (WIDTH),
    .PIXELS       (PIXELS),
    .CLASSES      (CLASSES),
    .LOGIT_BITS   (LOGIT_BITS),
    .IMAGE_STRIDE (IMAGE_BLOCKS * 64),
    .LOGITS_STRIDE((CLASSES * 4 + 63) / 64 * 64),
    .WEIGHTS_BYTES((LOAD_WORDS * 16 + 63) / 64 * 64),
    .BUS_BYTES    (DATA_BITS / 8),
    .MODEL_HASH0  (MODEL_HASH0),
    .MODEL_HASH1  (MODEL_HASH1),
    .MODEL_HASH2  (MODEL_HASH2),
    .MODEL_HASH3  (MODEL_HASH3)
  ) u_interface (
    .clk,
    .rst_n,
    .field_rst_n_i (field_rst_n),
    .s_axi_awaddr  (s_axi_control_awaddr),
    .s_axi_awvalid (s_axi_control_awvalid),
    .s_axi_awready (s_axi_control_awready),
    .s_axi_wdata   (s_axi_control_wdata),
    .s_axi_wstrb   (s_axi_control_wstrb),
    .s_axi_wvalid  (s_axi_control_wvalid),
    .s_axi_wready  (s_axi_control_wready),
    .s_axi_bresp   (s_axi_control_bresp),
    .s_axi_bvalid  (s_axi_control_bvalid),
    .s_axi_bready  (s_axi_control_bready),
    .s_axi_araddr  (s_axi_control_araddr),
    .s_axi_arvalid (s_axi_control_arvalid),
    .s_axi_arready (s_axi_control_arready),
    .s_axi_rdata   (s_axi_control_rdata),
    .s_axi_rresp   (s_axi_control_rresp),
    .s_axi_rvalid  (s_axi_control_rvalid),
    .s_axi_rready  (s_axi_control_rready),
    .interrupt_o,
    .start_o       (start),
    .continue_o    (acknowledge),
    .auto_restart_o(auto_restart),
    .soft_reset_o  (soft_reset),
    .images_o      (images),
    .logits_o      (logits),
    .weights_o     (weights),
    .frames_o      (frames),
    .taken_i       (taken),
    .done_i        (done),
    .done_event_i  (done_event),
    .idle_i        (idle),
    .busy_i        (busy),
    .loaded_i      (loaded),
    .errors_i      ({1'b0, misaligned, write_error, read_error}),
    .frames_done_i (frames_done),
    .cycles_i      (cycles),
    .frame_cycles_i(frame_cycles)
  );

  shell_reset u_reset (
    .clk,
    .rst_n,
    .soft_reset_i   (soft_reset),
    .idle_i         (reader_idle && writer_idle),
    .stop_o         (stop),
    .shell_rst_n_o  (shell_rst_n),
    .network_rst_n_o,
    .field_rst_n_o  (field_rst_n)
  );

  shell_control #(
    .LOAD_WORDS(LOAD_WORDS),
    .RUNS      (RUNS)
  ) u_control (
    .clk,
    .rst_n          (shell_rst_n),
    .stop_i         (stop),
    .start_i        (start),
    .continue_i     (acknowledge),
    .auto_restart_i (auto_restart),
    .images_i       (images[5:0]),
    .logits_i       (logits[5:0]),
    .weights_i      (weights[5:0]),
    .frames_i       (frames),
    .taken_o        (taken),
    .misaligned_o   (misaligned),
    .done_o         (done),
    .done_event_o   (done_event),
    .busy_o         (busy),
    .idle_o         (idle),
    .begin_o        (begins),
    .reader_ready_i (reader_ready),
    .fetch_weights_o(fetch_weights),
    .fetch_o        (fetch),
    .run_done_i     (run_done)
  );

  shell_counters u_counters (
    .clk,
    .rst_n         (shell_rst_n),
    .begin_i       (begins),
    .busy_i        (busy),
    .last_logit_i  (last_logit),
    .first_frame_i (first_frame),
    .frame_done_i  (frame_done),
    .cycles_o      (cycles),
    .frame_cycles_o(frame_cycles),
    .frames_o      (frames_done)
  );

  shell_fetch #(
    .CHANNELS    (CHANNELS),
    .PIXEL_BYTES (PIXEL_BYTES),
    .PIXELS      (PIXELS),
    .IMAGE_BEATS (IMAGE_BEATS),
    .IMAGE_BLOCKS(IMAGE_BLOCKS),
    .LOAD_WORDS  (LOAD_WORDS),
    .DATA_BITS   (DATA_BITS),
    .READ_DEPTH  (READ_DEPTH)
  ) u_fetch (
    .clk,
    .rst_n            (shell_rst_n),
    .command_valid_i  (fetch),
    .command_ready_o  (reader_ready),
    .command_weights_i(fetch_weights),
    .address_i        (fetch_weights ? weights[63:6] : images[63:6]),
    .frames_i         (frames),
    .stop_i           (stop),
    .idle_o           (reader_idle),
    .error_o          (read_error),
    .loaded_o         (loaded),
    .m_axi_araddr     (m_axi_gmem_araddr),
    .m_axi_arlen      (m_axi_gmem_arlen),
    .m_axi_arvalid    (m_axi_gmem_arvalid),
    .m_axi_arready    (m_axi_gmem_arready),
    .m_axi_rdata      (m_axi_gmem_rdata),
    .m_axi_rresp      (m_axi_gmem_rresp),
    .m_axi_rlast      (m_axi_gmem_rlast),
    .m_axi_rvalid     (m_axi_gmem_rvalid),
    .m_axi_rready     (m_axi_gmem_rready),
    .m_image_tvalid,
    .m_image_tready,
    .m_image_tdata,
    .m_image_tlast,
    .m_load_tvalid,
    .m_load_tready,
    .m_load_tdata,
    .m_load_tlast
  );

  shell_store #(
    .CLASSES     (CLASSES),
    .LOGIT_BITS  (LOGIT_BITS),
    .LOGIT_SIGNED(LOGIT_SIGNED),
    .DATA_BITS   (DATA_BITS),
    .RUNS        (RUNS)
  ) u_store (
    .clk,
    .rst_n        (shell_rst_n),
    .run_valid_i  (fetch && !fetch_weights),
    .address_i    (logits[63:6]),
    .frames_i     (frames),
    .stop_i       (stop),
    .idle_o       (writer_idle),
    .error_o      (write_error),
    .frame_done_o (frame_done),
    .run_done_o   (run_done),
    .last_logit_o (last_logit),
    .first_frame_o(first_frame),
    .s_logits_tvalid,
    .s_logits_tready,
    .s_logits_tdata,
    .s_logits_tlast,
    .m_axi_awaddr (m_axi_gmem_awaddr),
    .m_axi_awlen  (m_axi_gmem_awlen),
    .m_axi_awvalid(m_axi_gmem_awvalid),
    .m_axi_awready(m_axi_gmem_awready),
    .m_axi_wdata  (m_axi_gmem_wdata),
    .m_axi_wstrb  (m_axi_gmem_wstrb),
    .m_axi_wlast  (m_axi_gmem_wlast),
    .m_axi_wvalid (m_axi_gmem_wvalid),
    .m_axi_wready (m_axi_gmem_wready),
    .m_axi_bresp  (m_axi_gmem_bresp),
    .m_axi_bvalid (m_axi_gmem_bvalid),
    .m_axi_bready (m_axi_gmem_bready)
  );

  // Both sides: whole words, ascending addresses, "normal, non-cacheable, bufferable", no protection.
  localparam logic [11:0] ATTRIBUTES = {3'($clog2(DATA_BITS / 8)), 2'b01, 4'b0011, 3'b000};
  assign {m_axi_gmem_awsize, m_axi_gmem_awburst, m_axi_gmem_awcache, m_axi_gmem_awprot} =
         ATTRIBUTES;
  assign {m_axi_gmem_arsize, m_axi_gmem_arburst, m_axi_gmem_arcache, m_axi_gmem_arprot} =
         ATTRIBUTES;
endmodule
