// SPDX-License-Identifier: Apache-2.0
// Fetches regions of memory as a stream of words: FRAMES frames of BLOCKS blocks of 64 bytes from an
// address on, without a gap between frames.
//
// A command is taken when the requests of the one before are all out, so that regions follow each
// other without a pause. Bursts end at the end of a frame and at addresses that are multiples of
// BURST_BYTES, so they never cross 4 KB. A burst is asked for only when the queue behind has room
// for it: rready is always 1, and no other master of the memory ever waits for this one.
// While `stop_i` is 1 no burst is begun; a request that is out stays until it is taken. Then
// `idle_o` says that no data is under way. One word a cycle; as many words in flight as DEPTH.
module axi_reader #(
  parameter int unsigned DATA_BITS  = 32,  // of a word
  parameter int unsigned DEPTH      = 32,  // words in flight or queued
  parameter int unsigned BLOCK_BITS = 12  // of a frame's number of blocks
) (
  input  logic                  clk,
  input  logic                  rst_n,
  // command
  input  logic                  command_valid_i,
  output logic                  command_ready_o,
  input  logic [          57:0] address_i,  // of the first block, in blocks
  input  logic [BLOCK_BITS-1:0] blocks_i,  // of a frame, at least 1
  input  logic [          31:0] frames_i,  // at least 1
  // control
  input  logic                  stop_i,
  output logic                  idle_o,
  output logic                  error_o,  // a response was none of success
  // memory
  output logic [          63:0] m_axi_araddr,
  output logic [           7:0] m_axi_arlen,
  output logic                  m_axi_arvalid,
  input  logic                  m_axi_arready,
  input  logic [ DATA_BITS-1:0] m_axi_rdata,
  input  logic [           1:0] m_axi_rresp,
  input  logic                  m_axi_rlast,
  input  logic                  m_axi_rvalid,
  output logic                  m_axi_rready,
  // words
  output logic                  m_axis_tvalid,
  input  logic                  m_axis_tready,
  output logic [ DATA_BITS-1:0] m_axis_tdata
);
  localparam int unsigned WORD_BYTES = DATA_BITS / 8;
  localparam int unsigned BLOCK_WORDS = 64 / WORD_BYTES;
  // A quarter of what may be in flight, for requests to overlap; a block at least, 1 KB at most.
  localparam int unsigned QUARTER = DEPTH / 4 < BLOCK_WORDS ? 1 : DEPTH / 4 / BLOCK_WORDS;
  localparam int unsigned BURST_BLOCKS = QUARTER > 16 ? 16 : QUARTER;
  localparam int unsigned OFFSET_BITS = $clog2(BURST_BLOCKS);
  localparam int unsigned COUNT_BITS = OFFSET_BITS + 1;
  localparam int unsigned LEVEL_BITS = $clog2(DEPTH + 1);

  if (DATA_BITS < 32 || DATA_BITS > 512 || (DATA_BITS & (DATA_BITS - 1)) != 0)
  begin : gen_check_bits
    $fatal(1, "axi_reader: DATA_BITS=%0d is no power of two from 32 to 512", DATA_BITS);
  end
  if (DEPTH < 2 * BLOCK_WORDS || DEPTH > 256 || (DEPTH & (DEPTH - 1)) != 0) begin : gen_check_depth
    $fatal(1, "axi_reader: DEPTH=%0d is no power of two that holds two blocks, up to 256", DEPTH);
  end
  if (BLOCK_BITS < 1) begin : gen_check_block_bits
    $fatal(1, "axi_reader: BLOCK_BITS=%0d is less than 1", BLOCK_BITS);
  end

  logic busy_q, take, ask, asked, last_burst, last_frame;
  logic [57:0] address_q;
  logic [BLOCK_BITS-1:0] left_q;  // blocks of the present frame
  logic [BLOCK_BITS-1:0] blocks_q;
  logic [31:0] frames_q;  // with the present one
  logic [COUNT_BITS-1:0] count;  // blocks of the burst
  logic [LEVEL_BITS-1:0] room_q;  // words that nobody was asked for
  logic [LEVEL_BITS-1:0] words;  // of the burst
  logic [LEVEL_BITS-1:0] awaited_q;  // words asked for that are not here
  logic pop, queue_ready;

  // What a burst is made of changes only when its request has been taken.
  if (BURST_BLOCKS == 1) begin : gen_block
    assign count = 1'b1;
  end else begin : gen_blocks
    logic [COUNT_BITS-1:0] aligned;
    assign aligned = COUNT_BITS'(BURST_BLOCKS) - COUNT_BITS'(address_q[OFFSET_BITS-1:0]);
    assign count   = 32'(left_q) < 32'(aligned) ? COUNT_BITS'(left_q) : aligned;
  end

  assign words           = LEVEL_BITS'(count) * LEVEL_BITS'(BLOCK_WORDS);
  assign take            = command_valid_i && command_ready_o;
  assign ask             = busy_q && !m_axi_arvalid && room_q >= words && !stop_i;
  assign asked           = m_axi_arvalid && m_axi_arready;
  assign last_burst      = 32'(left_q) == 32'(count);
  assign last_frame      = frames_q == 32'd1;
  assign command_ready_o = !busy_q;
  assign idle_o          = awaited_q == '0;
  assign error_o         = m_axi_rvalid && m_axi_rresp[1];
  assign m_axi_araddr    = {address_q, 6'd0};
  assign m_axi_arlen     = 8'(words) - 8'd1;
  assign m_axi_rready    = 1'b1;
  assign pop             = m_axis_tvalid && m_axis_tready;

  always_ff @(posedge clk) begin
    if (take) begin
      address_q <= address_i;
      blocks_q  <= blocks_i;
      left_q    <= blocks_i;
      frames_q  <= frames_i;
    end else if (asked) begin
      address_q <= address_q + 58'(count);
      left_q    <= last_burst ? blocks_q : left_q - BLOCK_BITS'(count);
      if (last_burst) frames_q <= frames_q - 1'b1;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      busy_q        <= 1'b0;
      m_axi_arvalid <= 1'b0;
      room_q        <= LEVEL_BITS'(DEPTH);
      awaited_q     <= '0;
    end else begin
      busy_q        <= take || (busy_q && !(asked && last_burst && last_frame));
      m_axi_arvalid <= ask || (m_axi_arvalid && !m_axi_arready);
      room_q        <= room_q - (ask ? words : '0) + LEVEL_BITS'(pop);
      awaited_q     <= awaited_q + (ask ? words : '0) - LEVEL_BITS'(m_axi_rvalid);
    end
  end

  fifo #(
    .WIDTH(DATA_BITS),
    .DEPTH(DEPTH)
  ) u_queue (
    .clk,
    .rst_n,
    .s_axis_tvalid(m_axi_rvalid),
    .s_axis_tready(queue_ready),
    .s_axis_tdata (m_axi_rdata),
    .m_axis_tvalid,
    .m_axis_tready,
    .m_axis_tdata
  );

  // Words are counted, rlast is not needed; nor is it known to which request a word belongs.
  logic unused;
  assign unused = &{m_axi_rlast, m_axi_rresp[0], queue_ready};

  logic        held_q;
  logic [71:0] request_q;

  always_ff @(posedge clk) begin
    held_q    <= rst_n && m_axi_arvalid && !m_axi_arready;
    request_q <= {m_axi_araddr, m_axi_arlen};
    if (rst_n) begin
      a_stable : assert (!held_q || (m_axi_arvalid && {m_axi_araddr, m_axi_arlen} == request_q))
      else $fatal(1, "axi_reader: a request changed before it was taken");
      a_page : assert (!m_axi_arvalid ||
                       32'(m_axi_araddr[11:0]) + (32'(m_axi_arlen) + 1) * WORD_BYTES <= 4096)
      else $fatal(1, "axi_reader: a burst crosses 4 KB");
      a_room : assert (32'(room_q) + 32'(awaited_q) <= DEPTH)
      else $fatal(1, "axi_reader: more words asked for than there is room");
      a_queue : assert (!m_axi_rvalid || queue_ready) else $fatal(1, "axi_reader: overflow");
      a_awaited : assert (!m_axi_rvalid || awaited_q != '0)
      else $fatal(1, "axi_reader: memory gave a word that nobody asked for");
      a_command : assert (!take || (blocks_i != '0 && frames_i != '0))
      else $fatal(1, "axi_reader: an empty command");
    end
  end
endmodule
