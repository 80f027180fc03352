// SPDX-License-Identifier: Apache-2.0
// Writes bursts of words to memory.
//
// A burst comes with or after the last of its words, so data never lacks once a burst is begun; a
// burst's address and its data go out independently, and a burst's data without a gap if memory
// takes it. Every strobe is set. At most OPEN bursts wait for their response; bready is 1 whenever
// one does. While `stop_i` is 1 no burst is begun and those begun are completed; then `idle_o` says
// that no response is awaited. One word a cycle.
module axi_writer #(
  parameter int unsigned DATA_BITS    = 32,  // of a word
  parameter int unsigned BURST_BLOCKS = 1,  // of a burst, at most, in blocks of 64 bytes
  parameter int unsigned DEPTH        = 32,  // words queued
  localparam int unsigned OFFSET_BITS = BURST_BLOCKS > 1 ? $clog2(BURST_BLOCKS) : 1
) (
  input  logic                   clk,
  input  logic                   rst_n,
  // words
  input  logic                   s_words_tvalid,
  output logic                   s_words_tready,
  input  logic [  DATA_BITS-1:0] s_words_tdata,
  // bursts
  input  logic                   s_burst_tvalid,
  output logic                   s_burst_tready,
  input  logic [           57:0] s_burst_address,  // of its first block
  input  logic [OFFSET_BITS-1:0] s_burst_blocks,  // less 1
  input  logic                   s_burst_last_frame,  // of a frame, it is the last
  input  logic                   s_burst_last_run,  // of a run, too
  // control
  input  logic                   stop_i,
  output logic                   idle_o,
  output logic                   error_o,  // a response was none of success
  output logic                   frame_done_o,  // a frame is in memory
  output logic                   run_done_o,  // a run is
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
  localparam int unsigned WORD_BYTES = DATA_BITS / 8;
  localparam int unsigned BLOCK_WORDS = 64 / WORD_BYTES;
  localparam int unsigned BURST_WORDS = BURST_BLOCKS * BLOCK_WORDS;
  localparam int unsigned LEFT_BITS = BURST_WORDS > 1 ? $clog2(BURST_WORDS) : 1;
  localparam int unsigned OPEN = 15;
  localparam int unsigned OPEN_BITS = 4;
  // Words that end no burst are less than a burst's: a full queue always has a burst.
  localparam int unsigned BURSTS = DEPTH / BLOCK_WORDS + 1;

  if (DATA_BITS < 32 || DATA_BITS > 512 || (DATA_BITS & (DATA_BITS - 1)) != 0)
  begin : gen_check_bits
    $fatal(1, "axi_writer: DATA_BITS=%0d is no power of two from 32 to 512", DATA_BITS);
  end
  if (BURST_BLOCKS < 1 || BURST_BLOCKS > 16 || (BURST_BLOCKS & (BURST_BLOCKS - 1)) != 0)
  begin : gen_check_burst
    $fatal(1, "axi_writer: BURST_BLOCKS=%0d is no power of two up to 16", BURST_BLOCKS);
  end
  if (DEPTH < BURST_WORDS) begin : gen_check_depth
    // The burst comes with its last word.
    $fatal(1, "axi_writer: DEPTH=%0d holds no burst of %0d words", DEPTH, BURST_WORDS);
  end

  typedef struct packed {
    logic [57:0]            address;
    logic [OFFSET_BITS-1:0] blocks;
    logic                   last_frame;
    logic                   last_run;
  } burst_t;

  burst_t burst_in, burst;
  logic burst_valid, words_valid, begin_burst, sent, sent_last, answered;
  logic busy_q;  // words of a burst are going out
  logic [LEFT_BITS-1:0] left_q;  // words of it after this one
  logic [OPEN_BITS-1:0] open_q;  // bursts without a response
  logic note_ready, note_valid, note_last_frame, note_last_run;
  logic [57:0] address_q;
  logic [7:0] length_q;

  assign burst_in = '{
          address: s_burst_address,
          blocks: s_burst_blocks,
          last_frame: s_burst_last_frame,
          last_run: s_burst_last_run
      };

  fifo #(
    .WIDTH($bits(burst_t)),
    .DEPTH(BURSTS)
  ) u_bursts (
    .clk,
    .rst_n,
    .s_axis_tvalid(s_burst_tvalid),
    .s_axis_tready(s_burst_tready),
    .s_axis_tdata (burst_in),
    .m_axis_tvalid(burst_valid),
    .m_axis_tready(begin_burst),
    .m_axis_tdata (burst)
  );

  fifo #(
    .WIDTH(DATA_BITS),
    .DEPTH(DEPTH)
  ) u_words (
    .clk,
    .rst_n,
    .s_axis_tvalid(s_words_tvalid),
    .s_axis_tready(s_words_tready),
    .s_axis_tdata (s_words_tdata),
    .m_axis_tvalid(words_valid),
    .m_axis_tready(sent),
    .m_axis_tdata (m_axi_wdata)
  );

  // Responses come in the order of the bursts: what each of them ends.
  fifo #(
    .WIDTH(2),
    .DEPTH(OPEN + 1)
  ) u_notes (
    .clk,
    .rst_n,
    .s_axis_tvalid(begin_burst),
    .s_axis_tready(note_ready),
    .s_axis_tdata ({burst.last_frame, burst.last_run}),
    .m_axis_tvalid(note_valid),
    .m_axis_tready(m_axi_bvalid),
    .m_axis_tdata ({note_last_frame, note_last_run})
  );

  assign sent          = m_axi_wvalid && m_axi_wready;
  assign sent_last     = sent && m_axi_wlast;
  assign answered      = m_axi_bvalid && m_axi_bready;
  assign begin_burst   = burst_valid && !stop_i && (!m_axi_awvalid || m_axi_awready) &&
                         (!busy_q || sent_last) && open_q != OPEN_BITS'(OPEN);
  assign idle_o        = open_q == '0;
  assign error_o       = answered && m_axi_bresp[1];
  assign frame_done_o  = answered && note_last_frame;
  assign run_done_o    = answered && note_last_run;
  assign m_axi_awaddr  = {address_q, 6'd0};
  assign m_axi_awlen   = length_q;
  assign m_axi_wstrb   = '1;
  assign m_axi_wlast   = left_q == '0;
  assign m_axi_wvalid  = busy_q && words_valid;
  assign m_axi_bready  = note_valid;

  logic [7:0] length;  // of the next burst, in words, less 1
  assign length = (8'(burst.blocks) + 8'd1) * 8'(BLOCK_WORDS) - 8'd1;

  always_ff @(posedge clk) begin
    if (begin_burst) begin
      address_q <= burst.address;
      length_q  <= length;
    end
    if (begin_burst) left_q <= LEFT_BITS'(length);
    else if (sent) left_q <= left_q - 1'b1;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      m_axi_awvalid <= 1'b0;
      busy_q        <= 1'b0;
      open_q        <= '0;
    end else begin
      m_axi_awvalid <= begin_burst || (m_axi_awvalid && !m_axi_awready);
      busy_q        <= begin_burst || (busy_q && !sent_last);
      open_q        <= open_q + OPEN_BITS'(begin_burst) - OPEN_BITS'(answered);
    end
  end

  logic unused;
  assign unused = &{m_axi_bresp[0], note_ready};

  logic address_held_q, data_held_q;
  logic [71:0] address_before_q;
  logic [DATA_BITS:0] data_before_q;

  always_ff @(posedge clk) begin
    address_held_q   <= rst_n && m_axi_awvalid && !m_axi_awready;
    address_before_q <= {m_axi_awaddr, m_axi_awlen};
    data_held_q      <= rst_n && m_axi_wvalid && !m_axi_wready;
    data_before_q    <= {m_axi_wdata, m_axi_wlast};
    if (rst_n) begin
      a_address : assert (!address_held_q || (m_axi_awvalid &&
                          {m_axi_awaddr, m_axi_awlen} == address_before_q))
      else $fatal(1, "axi_writer: an address changed before it was taken");
      a_data : assert (!data_held_q ||
                       (m_axi_wvalid && {m_axi_wdata, m_axi_wlast} == data_before_q))
      else $fatal(1, "axi_writer: a word changed before it was taken");
      a_page : assert (!m_axi_awvalid ||
                       32'(m_axi_awaddr[11:0]) + (32'(m_axi_awlen) + 1) * WORD_BYTES <= 4096)
      else $fatal(1, "axi_writer: a burst crosses 4 KB");
      a_there : assert (!busy_q || words_valid) else $fatal(1, "axi_writer: a burst lacks data");
      a_note : assert (!begin_burst || note_ready) else $fatal(1, "axi_writer: a note is lost");
      a_open : assert (!m_axi_bvalid || open_q != '0)
      else $fatal(1, "axi_writer: memory answered a burst that is not");
    end
  end
endmodule
