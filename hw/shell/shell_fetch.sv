// SPDX-License-Identifier: Apache-2.0
// Memory to network: weights once, images after that. See `shell` for their layout.
//
// A command is taken when the requests of the one before are all out; the first one after a reset
// must be for the weights, if there are any. Words come in the order of the commands, so those that
// arrive before `loaded_o` are weights. An error among those is told until the next reset, since the
// network keeps them until then.
module shell_fetch #(
  parameter int unsigned CHANNELS     = 3,  // of a pixel
  parameter int unsigned PIXEL_BYTES  = 4,  // of a pixel in memory
  parameter int unsigned PIXELS       = 1,  // of a beat
  parameter int unsigned IMAGE_BEATS  = 64,  // of an image
  parameter int unsigned IMAGE_BLOCKS = 4,  // 64 bytes each, of an image in memory
  parameter int unsigned LOAD_WORDS   = 0,  // of weights; 0: none
  parameter int unsigned DATA_BITS    = 32,  // of the memory bus
  parameter int unsigned READ_DEPTH   = 32,  // words of it in flight
  localparam int unsigned LOAD_BITS   = 72
) (
  input  logic                         clk,
  input  logic                         rst_n,
  // command
  input  logic                         command_valid_i,
  output logic                         command_ready_o,
  input  logic                         command_weights_i,  // else images
  input  logic [                 57:0] address_i,  // in blocks
  input  logic [                 31:0] frames_i,
  // control
  input  logic                         stop_i,
  output logic                         idle_o,
  output logic                         error_o,
  output logic                         loaded_o,  // the network has its weights, or needs none
  // memory
  output logic [                 63:0] m_axi_araddr,
  output logic [                  7:0] m_axi_arlen,
  output logic                         m_axi_arvalid,
  input  logic                         m_axi_arready,
  input  logic [        DATA_BITS-1:0] m_axi_rdata,
  input  logic [                  1:0] m_axi_rresp,
  input  logic                         m_axi_rlast,
  input  logic                         m_axi_rvalid,
  output logic                         m_axi_rready,
  // network
  output logic                         m_image_tvalid,
  input  logic                         m_image_tready,
  output logic [PIXELS*CHANNELS*8-1:0] m_image_tdata,
  output logic                         m_image_tlast,
  output logic                         m_load_tvalid,
  input  logic                         m_load_tready,
  output logic [        LOAD_BITS-1:0] m_load_tdata,
  output logic                         m_load_tlast
);
  localparam int unsigned BLOCK_WORDS = 512 / DATA_BITS;
  localparam int unsigned BEAT_BITS = PIXELS * PIXEL_BYTES * 8;
  localparam int unsigned WEIGHTS_BLOCKS = (LOAD_WORDS + 3) / 4;  // a word takes 16 bytes
  localparam int unsigned MOST = IMAGE_BLOCKS > WEIGHTS_BLOCKS ? IMAGE_BLOCKS : WEIGHTS_BLOCKS;
  localparam int unsigned BLOCK_BITS = $clog2(MOST + 1);

  if (CHANNELS > PIXEL_BYTES) begin : gen_check_pixel
    $fatal(1, "shell_fetch: CHANNELS=%0d exceeds PIXEL_BYTES=%0d", CHANNELS, PIXEL_BYTES);
  end

  logic word_valid, image_ready, load_ready, read_error;
  logic [DATA_BITS-1:0] word;
  logic [BEAT_BITS-1:0] beat;

  axi_reader #(
    .DATA_BITS (DATA_BITS),
    .DEPTH     (READ_DEPTH),
    .BLOCK_BITS(BLOCK_BITS)
  ) u_reader (
    .clk,
    .rst_n,
    .command_valid_i,
    .command_ready_o,
    .address_i,
    .blocks_i     (BLOCK_BITS'(command_weights_i ? WEIGHTS_BLOCKS : IMAGE_BLOCKS)),
    .frames_i     (command_weights_i ? 32'd1 : frames_i),
    .stop_i,
    .idle_o,
    .error_o      (read_error),
    .m_axi_araddr,
    .m_axi_arlen,
    .m_axi_arvalid,
    .m_axi_arready,
    .m_axi_rdata,
    .m_axi_rresp,
    .m_axi_rlast,
    .m_axi_rvalid,
    .m_axi_rready,
    .m_axis_tvalid(word_valid),
    .m_axis_tready(loaded_o ? image_ready : load_ready),
    .m_axis_tdata (word)
  );

  axi_unpack #(
    .WORD_BITS   (DATA_BITS),
    .BEAT_BITS   (BEAT_BITS),
    .BEATS       (IMAGE_BEATS),
    .STRIDE_WORDS(IMAGE_BLOCKS * BLOCK_WORDS)
  ) u_images (
    .clk,
    .rst_n,
    .s_axis_tvalid(word_valid && loaded_o),
    .s_axis_tready(image_ready),
    .s_axis_tdata (word),
    .m_axis_tvalid(m_image_tvalid),
    .m_axis_tready(m_image_tready),
    .m_axis_tdata (beat),
    .m_axis_tlast (m_image_tlast)
  );

  for (genvar p = 0; p < PIXELS; p++) begin : gen_pixel
    assign m_image_tdata[p*CHANNELS*8+:CHANNELS*8] = beat[p*PIXEL_BYTES*8+:CHANNELS*8];
  end

  logic unused;
  assign unused = &{beat, m_load_tready, load_ready};  // bytes between pixels

  if (LOAD_WORDS == 0) begin : gen_no_load
    assign error_o       = read_error;
    assign loaded_o      = 1'b1;
    assign load_ready    = 1'b0;
    assign m_load_tvalid = 1'b0;
    assign m_load_tdata  = '0;
    assign m_load_tlast  = 1'b0;
  end else begin : gen_load
    localparam int unsigned STRIDE = WEIGHTS_BLOCKS * BLOCK_WORDS;
    localparam int unsigned COUNT_BITS = $clog2(STRIDE);

    logic loaded_q, wrong_q;  // there; but not as memory has them
    logic [COUNT_BITS-1:0] count_q;  // words taken, those that pad the last block too
    logic [127:0] entry;
    logic unused_bits;

    axi_unpack #(
      .WORD_BITS   (DATA_BITS),
      .BEAT_BITS   (128),
      .BEATS       (LOAD_WORDS),
      .STRIDE_WORDS(STRIDE)
    ) u_weights (
      .clk,
      .rst_n,
      .s_axis_tvalid(word_valid && !loaded_q),
      .s_axis_tready(load_ready),
      .s_axis_tdata (word),
      .m_axis_tvalid(m_load_tvalid),
      .m_axis_tready(m_load_tready),
      .m_axis_tdata (entry),
      .m_axis_tlast (m_load_tlast)
    );

    assign loaded_o     = loaded_q;
    assign error_o      = read_error || wrong_q;
    assign m_load_tdata = entry[LOAD_BITS-1:0];
    assign unused_bits  = ^entry[127:LOAD_BITS];

    always_ff @(posedge clk) begin
      if (!rst_n) begin
        loaded_q <= 1'b0;
        wrong_q  <= 1'b0;
        count_q  <= '0;
      end else begin
        // Images may be under way by then, too: rather too often than not.
        wrong_q <= wrong_q || (read_error && !loaded_q);
        if (word_valid && load_ready && !loaded_q) begin
          count_q  <= count_q + 1'b1;
          loaded_q <= 32'(count_q) == STRIDE - 1;
        end
      end
    end
  end
endmodule
