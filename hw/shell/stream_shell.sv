// SPDX-License-Identifier: Apache-2.0
// What stands around a network in a design with DMA engines: registers, packets in, packets out.
//
// It always runs: a packet on s_axis_* is an image, laid out as in memory (see `shell`) but without
// what fills up its last 64 bytes; a packet on m_axis_* is a frame's logits, 32 bits each; one on
// s_load_*, before the first image after a reset, is the weights, if there are any. A packet of wrong
// length sets an error flag; it is filled up or cut, so that the next one is right. Of weights, the
// flag stays until the next reset.
// The registers are those of `shell`. ap_start and all addresses do nothing; ap_done and its
// interrupt tell the end of a frame; cycles are counted while images are in the network.
// A soft reset takes effect at once: packets that have begun are completed with zeros on m_axis_*,
// and their rest is dropped on the other streams.
module stream_shell #(
  parameter int unsigned CHANNELS     = 3,  // of a pixel
  parameter int unsigned HEIGHT       = 8,  // rows of an image
  parameter int unsigned WIDTH        = 8,  // pixels of a row
  parameter int unsigned PIXELS       = 1,  // of a beat, a power of two
  parameter int unsigned CLASSES      = 10,  // logits of a frame
  parameter int unsigned LOGIT_BITS   = 16,  // of a logit
  parameter int unsigned LOGIT_SIGNED = 1,  // 1: two's complement, 0: no sign
  parameter int unsigned LOAD_WORDS   = 0,  // of weights; 0: none
  parameter logic [31:0] MODEL_HASH0 = 0,
  parameter logic [31:0] MODEL_HASH1 = 0,
  parameter logic [31:0] MODEL_HASH2 = 0,
  parameter logic [31:0] MODEL_HASH3 = 0,  // 8 digits each
  localparam int unsigned PIXEL_BYTES = 1 << $clog2(CHANNELS),
  localparam int unsigned BEAT_BYTES  = PIXELS * PIXEL_BYTES,
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
  // packets
  input  logic                         s_axis_tvalid,
  output logic                         s_axis_tready,
  input  logic [     BEAT_BYTES*8-1:0] s_axis_tdata,
  input  logic [       BEAT_BYTES-1:0] s_axis_tkeep,
  input  logic                         s_axis_tlast,
  output logic                         m_axis_tvalid,
  input  logic                         m_axis_tready,
  output logic [                 31:0] m_axis_tdata,
  output logic [                  3:0] m_axis_tkeep,
  output logic                         m_axis_tlast,
  input  logic                         s_load_tvalid,
  output logic                         s_load_tready,
  input  logic [                127:0] s_load_tdata,
  input  logic [                 15:0] s_load_tkeep,
  input  logic                         s_load_tlast,
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
  localparam int unsigned IMAGE_BEATS = HEIGHT * ((WIDTH + PIXELS - 1) / PIXELS);

  logic start, acknowledge, auto_restart, soft_reset, shell_rst_n, field_rst_n, abort;
  logic [31:0] frames_done, frame_cycles;
  logic [47:0] cycles;
  logic image_error, load_error, loaded, begins, busy, first_q, done_q, last_logit;

  shell_interface #(
    .CHANNELS     (CHANNELS),
    .PIXEL_BYTES  (PIXEL_BYTES),
    .HEIGHT       (HEIGHT),
    .WIDTH        (WIDTH),
    .PIXELS       (PIXELS),
    .CLASSES      (CLASSES),
    .LOGIT_BITS   (LOGIT_BITS),
    .IMAGE_STRIDE ((IMAGE_BEATS * BEAT_BYTES + 63) / 64 * 64),
    .LOGITS_STRIDE((CLASSES * 4 + 63) / 64 * 64),
    .WEIGHTS_BYTES((LOAD_WORDS * 16 + 63) / 64 * 64),
    .BUS_BYTES    (0),
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
    // verilator lint_off PINCONNECTEMPTY
    .images_o      (),  // streams have no addresses
    .logits_o      (),
    .weights_o     (),
    .frames_o      (),
    // verilator lint_on PINCONNECTEMPTY
    .taken_i       (start),
    .done_i        (done_q),
    .done_event_i  (last_logit),
    .idle_i        (!busy),
    .busy_i        (busy),
    .loaded_i      (loaded),
    .errors_i      ({image_error || load_error, 3'b000}),
    .frames_done_i (frames_done),
    .cycles_i      (cycles),
    .frame_cycles_i(frame_cycles)
  );

  shell_reset u_reset (
    .clk,
    .rst_n,
    .soft_reset_i   (soft_reset),
    .idle_i         (1'b1),
    // verilator lint_off PINCONNECTEMPTY
    .stop_o         (),  // nothing outside has to be waited for
    // verilator lint_on PINCONNECTEMPTY
    .shell_rst_n_o  (shell_rst_n),
    .network_rst_n_o,
    .field_rst_n_o  (field_rst_n)
  );
  assign abort = soft_reset || !network_rst_n_o;

  // --- packets to network and back

  logic [BEAT_BYTES*8-1:0] beat;
  logic unused;
  assign unused = ^beat;  // bytes between pixels

  stream_guard #(
    .WIDTH(BEAT_BYTES * 8),
    .BEATS(IMAGE_BEATS)
  ) u_images (
    .clk,
    .rst_n,
    .abort_i      (abort),
    .error_o      (image_error),
    .s_axis_tvalid,
    .s_axis_tready,
    .s_axis_tdata,
    .s_axis_tkeep,
    .s_axis_tlast,
    .m_axis_tvalid(m_image_tvalid),
    .m_axis_tready(m_image_tready),
    .m_axis_tdata (beat),
    .m_axis_tlast (m_image_tlast)
  );

  for (genvar p = 0; p < PIXELS; p++) begin : gen_pixel
    assign m_image_tdata[p*CHANNELS*8+:CHANNELS*8] = beat[p*PIXEL_BYTES*8+:CHANNELS*8];
  end

  stream_logits #(
    .CLASSES     (CLASSES),
    .LOGIT_BITS  (LOGIT_BITS),
    .LOGIT_SIGNED(LOGIT_SIGNED)
  ) u_logits (
    .clk,
    .rst_n,
    .abort_i      (abort),
    .last_logit_o (last_logit),
    .s_axis_tvalid(s_logits_tvalid),
    .s_axis_tready(s_logits_tready),
    .s_axis_tdata (s_logits_tdata),
    .s_axis_tlast (s_logits_tlast),
    .m_axis_tvalid,
    .m_axis_tready,
    .m_axis_tdata,
    .m_axis_tlast
  );
  assign m_axis_tkeep = '1;

  if (LOAD_WORDS == 0) begin : gen_no_load
    logic unused_load;
    assign unused_load   = &{s_load_tvalid, s_load_tdata, s_load_tkeep, s_load_tlast,
                             m_load_tready};
    assign s_load_tready = 1'b0;
    assign m_load_tvalid = 1'b0;
    assign m_load_tdata  = '0;
    assign m_load_tlast  = 1'b0;
    assign load_error    = 1'b0;
    assign loaded        = 1'b1;
  end else begin : gen_load
    logic loaded_q, wrong_q, packet_error;  // wrong weights stay until the next reset
    logic [127:0] entry;

    stream_guard #(
      .WIDTH(128),
      .BEATS(LOAD_WORDS)
    ) u_weights (
      .clk,
      .rst_n,
      .abort_i      (abort || loaded_q),  // until the next reset no more is taken
      .error_o      (packet_error),
      .s_axis_tvalid(s_load_tvalid),
      .s_axis_tready(s_load_tready),
      .s_axis_tdata (s_load_tdata),
      .s_axis_tkeep (s_load_tkeep),
      .s_axis_tlast (s_load_tlast),
      .m_axis_tvalid(m_load_tvalid),
      .m_axis_tready(m_load_tready),
      .m_axis_tdata (entry),
      .m_axis_tlast (m_load_tlast)
    );

    logic unused_bits;
    assign unused_bits  = ^entry[127:LOAD_BITS];
    assign m_load_tdata = entry[LOAD_BITS-1:0];
    assign loaded       = loaded_q;
    assign load_error   = packet_error || wrong_q;

    always_ff @(posedge clk) begin
      if (!shell_rst_n) begin
        loaded_q <= 1'b0;
        wrong_q  <= 1'b0;
      end else begin
        loaded_q <= loaded_q || (m_load_tvalid && m_load_tready && m_load_tlast);
        wrong_q  <= wrong_q || packet_error;
      end
    end
  end

  // --- what is told and measured

  logic begin_frame, between_q;  // no image has begun and not been taken whole
  logic [7:0] frames_q;  // in the network

  assign begin_frame = m_image_tvalid && m_image_tready && between_q;
  assign busy        = frames_q != '0;
  assign begins      = begin_frame && !busy;

  always_ff @(posedge clk) begin
    if (!shell_rst_n) begin
      between_q <= 1'b1;
      frames_q  <= '0;
      first_q   <= 1'b1;
      done_q    <= 1'b0;
    end else begin
      if (m_image_tvalid && m_image_tready) between_q <= m_image_tlast;
      frames_q <= frames_q + 8'(begin_frame) - 8'(last_logit);
      first_q  <= begins || (first_q && !last_logit);
      done_q   <= last_logit || (done_q && !acknowledge && !auto_restart);
    end
  end

  shell_counters u_counters (
    .clk,
    .rst_n         (shell_rst_n),
    .begin_i       (begins),
    .busy_i        (busy),
    .last_logit_i  (last_logit),
    .first_frame_i (first_q),
    .frame_done_i  (last_logit),
    .cycles_o      (cycles),
    .frame_cycles_o(frame_cycles),
    .frames_o      (frames_done)
  );
endmodule
