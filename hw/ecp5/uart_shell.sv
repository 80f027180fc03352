// SPDX-License-Identifier: Apache-2.0
// Puts a network behind a serial line: bytes of images in, logits out.
//
// On the line, 8N1, CLOCKS cycles a bit: an image is HEIGHT * WIDTH * CHANNELS bytes, pixel by pixel
// from the top left, the channels of a pixel together. The answer is CLASSES signed integers of 4
// bytes, least significant first. Nothing else is sent in either direction.
// A break (the line low for 10 bits or more), or bytes that come too soon, reset the network: what
// it had is dropped, and the first byte after a pause of 10 bits begins an image. `error_o` is high
// from then on until an answer has been given.
//
// Buffer: BUFFER beats of m_axis_*. With one for each beat of an image, a host that waits for the
// answer before it sends the next image never sends too soon, however slow the network is.
// m_axis_*: PIXELS pixels a beat, pixel 0 and its channel 0 in the low bits; each row of the image
// begins a new beat. s_axis_*: a logit a beat. tlast is given with an image's last beat, and not
// looked at.
module uart_shell #(
  parameter int unsigned CLOCKS     = 25,   // cycles of a bit on the line
  parameter int unsigned CHANNELS   = 3,    // bytes of a pixel
  parameter int unsigned HEIGHT     = 28,   // rows of an image
  parameter int unsigned WIDTH      = 28,   // pixels of a row
  parameter int unsigned PIXELS     = 1,    // pixels of a beat
  parameter int unsigned BUFFER     = 784,  // beats kept
  parameter int unsigned CLASSES    = 10,   // logits of an image
  parameter int unsigned LOGIT_BITS = 24    // bits of a logit
) (
  input  logic                         clk,
  input  logic                         rst_n,  // may come from a button
  input  logic                         rx_i,
  output logic                         tx_o,
  output logic                         error_o,
  output logic                         network_rst_no,
  output logic                         m_axis_tvalid,
  input  logic                         m_axis_tready,
  output logic [8*PIXELS*CHANNELS-1:0] m_axis_tdata,
  output logic                         m_axis_tlast,
  input  logic                         s_axis_tvalid,
  output logic                         s_axis_tready,
  input  logic [       LOGIT_BITS-1:0] s_axis_tdata,
  input  logic                         s_axis_tlast
);
  if (CHANNELS < 1 || HEIGHT < 1 || WIDTH < 1 || PIXELS < 1 || CLASSES < 1) begin : gen_check_shape
    $fatal(1, "uart_shell: CHANNELS, HEIGHT, WIDTH, PIXELS and CLASSES must be at least 1");
  end
  if (LOGIT_BITS < 1 || LOGIT_BITS > 32) begin : gen_check_bits
    $fatal(1, "uart_shell: LOGIT_BITS=%0d is not in 1..32", LOGIT_BITS);
  end

  localparam int unsigned BEAT = PIXELS * CHANNELS;  // bytes
  localparam int unsigned ROW = WIDTH * CHANNELS;
  localparam int unsigned BEAT_BITS = BEAT > 1 ? $clog2(BEAT) : 1;
  localparam int unsigned COLUMN_BITS = ROW > 1 ? $clog2(ROW) : 1;
  localparam int unsigned ROW_BITS = HEIGHT > 1 ? $clog2(HEIGHT) : 1;
  localparam int unsigned CLASS_BITS = CLASSES > 1 ? $clog2(CLASSES) : 1;

  // Reset: two registers against a button's timing. Registers begin as zero, so all is reset while
  // the device wakes up too.

  logic [1:0] reset_q;
  logic       reset_n, byte_valid, broken, too_soon;
  logic [7:0] data;

  assign reset_n = reset_q[1];

  always_ff @(posedge clk) reset_q <= {reset_q[0], rst_n};
  always_ff @(posedge clk) network_rst_no <= reset_n && !broken;

  uart_rx #(
    .CLOCKS(CLOCKS)
  ) u_rx (
    .clk,
    .rst_n  (reset_n && !too_soon),  // what comes after a lost byte is lost as well
    .rx_i,
    .valid_o(byte_valid),
    .data_o (data),
    .error_o(broken)
  );

  // Bytes become beats: each is written to its place, and the beat given with the last.

  logic [BEAT-1:0][7:0]   beat;
  logic [BEAT-1:0][7:0]   beat_q;
  logic [BEAT_BITS-1:0]   place_q;
  logic [COLUMN_BITS-1:0] column_q;
  logic [ROW_BITS-1:0]    row_q;
  logic                   row_end, image_end, beat_end, ready;

  assign row_end   = column_q == COLUMN_BITS'(ROW - 1);
  assign image_end = row_end && row_q == ROW_BITS'(HEIGHT - 1);
  assign beat_end  = row_end || place_q == BEAT_BITS'(BEAT - 1);
  assign too_soon  = byte_valid && beat_end && !ready;

  always_comb begin
    beat = beat_q;
    for (int unsigned n = 0; n < BEAT; n++) if (place_q == BEAT_BITS'(n)) beat[n] = data;
  end

  always_ff @(posedge clk) if (byte_valid) beat_q <= beat;

  always_ff @(posedge clk) begin
    if (!network_rst_no) begin
      place_q  <= '0;
      column_q <= '0;
      row_q    <= '0;
    end else if (byte_valid) begin
      place_q  <= beat_end ? '0 : place_q + 1'b1;
      column_q <= row_end ? '0 : column_q + 1'b1;
      if (row_end) row_q <= image_end ? '0 : row_q + 1'b1;
    end
  end

  fifo #(
    .WIDTH(8 * BEAT + 1),
    .DEPTH(BUFFER),
    .KIND (1)
  ) u_fifo (
    .clk,
    .rst_n        (network_rst_no),
    .s_axis_tvalid(byte_valid && beat_end),
    .s_axis_tready(ready),
    .s_axis_tdata ({image_end, beat}),
    .m_axis_tvalid,
    .m_axis_tready,
    .m_axis_tdata ({m_axis_tlast, m_axis_tdata})
  );

  // Logits become bytes.

  logic [31:0]           logit;
  logic [1:0]            octet_q;
  logic [CLASS_BITS-1:0] class_q;
  logic                  send_ready, sent, answered, unused_last;

  assign logit         = 32'($signed(s_axis_tdata));
  assign sent          = s_axis_tvalid && send_ready;
  assign s_axis_tready = send_ready && octet_q == '1;
  assign answered      = sent && octet_q == '1 && class_q == CLASS_BITS'(CLASSES - 1);
  assign unused_last   = s_axis_tlast;

  always_ff @(posedge clk) begin
    if (!network_rst_no) begin
      octet_q <= '0;
      class_q <= '0;
      error_o <= 1'b1;
    end else if (sent) begin
      octet_q <= octet_q + 1'b1;
      if (octet_q == '1) class_q <= answered ? '0 : class_q + 1'b1;
      if (answered) error_o <= 1'b0;
    end
  end

  uart_tx #(
    .CLOCKS(CLOCKS)
  ) u_tx (
    .clk,
    .rst_n        (network_rst_no),
    .s_axis_tvalid,
    .s_axis_tready(send_ready),
    .s_axis_tdata (logit[8*octet_q+:8]),
    .tx_o
  );
endmodule
