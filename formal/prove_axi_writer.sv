// SPDX-License-Identifier: Apache-2.0
// Proof of `axi_writer` between what `prove_logit_pack` shows of its source and any memory that
// keeps to AXI.
//
// Requests: bursts in order, each once; stay until taken; within an aligned region, so within 4 KB.
// Data: words in order, each once; stay until taken; as many as the request says, the last one
// marked, never before their request is offered, never a gap once it is. Responses: each is taken,
// and tells of the burst that it answers. While stopped no burst is begun. Words and bursts that
// have room keep it; nothing blocks for good.
module prove_axi_writer #(
  parameter int unsigned DATA_BITS    = 32,  // of a word
  parameter int unsigned BURST_BLOCKS = 1,  // of a burst, at most, in blocks of 64 bytes
  parameter int unsigned DEPTH        = 32,  // words queued
  localparam int unsigned OFFSET_BITS = BURST_BLOCKS > 1 ? $clog2(BURST_BLOCKS) : 1
) (
  input logic                   clk,
  input logic                   rst_n,
  input logic                   s_words_tvalid,
  input logic [  DATA_BITS-1:0] s_words_tdata,
  input logic                   s_burst_tvalid,
  input logic [           57:0] s_burst_address,
  input logic [OFFSET_BITS-1:0] s_burst_blocks,
  input logic                   s_burst_last_frame,
  input logic                   s_burst_last_run,
  input logic                   stop_i,
  input logic                   m_axi_awready,
  input logic                   m_axi_wready,
  input logic [            1:0] m_axi_bresp,
  input logic                   m_axi_bvalid,
  input logic [            2:0] choose_i
);
  localparam int unsigned BLOCK_WORDS = 512 / DATA_BITS;
  localparam int unsigned BURST_WORDS = BURST_BLOCKS * BLOCK_WORDS;
  localparam int unsigned BURSTS = u_dut.BURSTS;
  localparam int unsigned OPEN = u_dut.OPEN;
  localparam int unsigned BURST_BITS = 58 + OFFSET_BITS + 2;
  localparam int unsigned WORD_BITS = $clog2(DEPTH + 2);
  localparam int unsigned AW_BITS = $clog2(BURSTS + 3);
  localparam int unsigned B_BITS = $clog2(BURSTS + 2 + OPEN);

  logic s_words_tready, s_burst_tready, idle_o, error_o, frame_done_o, run_done_o;
  logic m_axi_awvalid, m_axi_wlast, m_axi_wvalid, m_axi_bready;
  logic [63:0] m_axi_awaddr;
  logic [7:0] m_axi_awlen;
  logic [DATA_BITS-1:0] m_axi_wdata;
  logic [DATA_BITS/8-1:0] m_axi_wstrb;

  logic started_q = 1'b0, word, burst, aw, w, b, begins, aw_held_q, stopped_q;
  logic [9:0] partial_q;  // words that no burst has covered
  logic [9:0] due_q, due;  // words of the requests offered that have not left
  logic [4:0] aw_open_q, w_open_q;  // requests taken, last words taken, without a response

  assign word   = s_words_tvalid && s_words_tready;
  assign burst  = s_burst_tvalid && s_burst_tready;
  assign aw     = m_axi_awvalid && m_axi_awready;
  assign w      = m_axi_wvalid && m_axi_wready;
  assign b      = m_axi_bvalid && m_axi_bready;
  assign begins = m_axi_awvalid && !aw_held_q;
  assign due    = begins ? 10'(m_axi_awlen) + 1'b1 : due_q;

  always_ff @(posedge clk) begin
    started_q <= 1'b1;
    stopped_q <= stop_i;
    if (!rst_n) begin
      {partial_q, due_q, aw_open_q, w_open_q, aw_held_q} <= '0;
    end else begin
      aw_held_q <= m_axi_awvalid && !m_axi_awready;
      partial_q <= burst ? '0 : partial_q + 10'(word);
      due_q     <= due - 10'(w);
      aw_open_q <= aw_open_q + 5'(aw) - 5'(b);
      w_open_q  <= w_open_q + 5'(w && m_axi_wlast) - 5'(b);
    end
  end

  axi_writer #(
    .DATA_BITS   (DATA_BITS),
    .BURST_BLOCKS(BURST_BLOCKS),
    .DEPTH       (DEPTH)
  ) u_dut (.*);

  stream_rule #(
    .WIDTH(64 + 8)
  ) u_aw_rule (
    .clk,
    .rst_n,
    .tvalid_i (m_axi_awvalid),
    .tready_i (m_axi_awready),
    .payload_i({m_axi_awaddr, m_axi_awlen})
  );

  stream_rule #(
    .WIDTH(DATA_BITS + 1)
  ) u_w_rule (
    .clk,
    .rst_n,
    .tvalid_i (m_axi_wvalid),
    .tready_i (m_axi_wready),
    .payload_i({m_axi_wdata, m_axi_wlast})
  );

  stream_rule #(
    .WIDTH (2),
    .ASSUME(1'b1)
  ) u_b_rule (
    .clk,
    .rst_n,
    .tvalid_i (m_axi_bvalid),
    .tready_i (m_axi_bready),
    .payload_i(m_axi_bresp)
  );

  // A word; a burst until its request is taken; a burst until its response is.
  logic word_chosen, aw_chosen, b_chosen;
  logic [WORD_BITS-1:0] word_held, word_ahead;
  logic [AW_BITS-1:0] aw_held, aw_ahead;
  logic [B_BITS-1:0] b_held, b_ahead;
  logic [DATA_BITS-1:0] word_payload;
  logic [58+8-1:0] aw_payload;
  logic [1:0] b_payload;
  logic [7:0] length;

  assign length = 8'((32'(s_burst_blocks) + 1) * BLOCK_WORDS - 1);

  one_beat #(
    .WIDTH(DATA_BITS),
    .CAPACITY(DEPTH + 1)
  ) u_word (
    .clk,
    .rst_n,
    .choose_i       (choose_i[0]),
    .enter_i        (word),
    .enter_payload_i(s_words_tdata),
    .leave_i        (w),
    .leave_payload_i(m_axi_wdata),
    .held_o         (word_held),
    .chosen_o       (word_chosen),
    .ahead_o        (word_ahead),
    .payload_o      (word_payload)
  );

  one_beat #(
    .WIDTH(58 + 8),
    .CAPACITY(BURSTS + 2)
  ) u_aw (
    .clk,
    .rst_n,
    .choose_i       (choose_i[1]),
    .enter_i        (burst),
    .enter_payload_i({s_burst_address, length}),
    .leave_i        (aw),
    .leave_payload_i({m_axi_awaddr[63:6], m_axi_awlen}),
    .held_o         (aw_held),
    .chosen_o       (aw_chosen),
    .ahead_o        (aw_ahead),
    .payload_o      (aw_payload)
  );

  one_beat #(
    .WIDTH(2),
    .CAPACITY(BURSTS + 1 + OPEN)
  ) u_b (
    .clk,
    .rst_n,
    .choose_i       (choose_i[2]),
    .enter_i        (burst),
    .enter_payload_i({s_burst_last_frame, s_burst_last_run}),
    .leave_i        (b),
    .leave_payload_i({frame_done_o, run_done_o}),
    .held_o         (b_held),
    .chosen_o       (b_chosen),
    .ahead_o        (b_ahead),
    .payload_o      (b_payload)
  );

  // The three queues as lists, the oldest first, the output register before memory.
  localparam int unsigned NOTES = OPEN + 2;
  logic [BURST_BITS-1:0] bursts[BURSTS+1];
  logic [DATA_BITS-1:0] words[DEPTH+1];
  logic [1:0] notes[NOTES];
  int unsigned bursts_held, words_held, notes_held, queued;

  function automatic int unsigned wrapped(int unsigned place, int unsigned depth);
    return place < depth ? place : place - depth;
  endfunction

  always_comb begin
    bursts_held = 32'(u_dut.u_bursts.level_q) + 32'(u_dut.burst_valid);
    words_held  = 32'(u_dut.u_words.level_q) + 32'(u_dut.words_valid);
    notes_held  = 32'(u_dut.u_notes.level_q) + 32'(u_dut.note_valid);
    for (int unsigned i = 0; i <= BURSTS; i++)
      bursts[i] = i == 0 && u_dut.burst_valid ? u_dut.burst :
          u_dut.u_bursts.u_ram.gen_lut.memory_q[wrapped(
          32'(u_dut.u_bursts.read_q) + i - 32'(u_dut.burst_valid), BURSTS)];
    // Words of the bursts in the queue.
    queued = 0;
    for (int unsigned i = 0; i <= BURSTS; i++)
      if (i < bursts_held) queued += (32'(bursts[i][2+:OFFSET_BITS]) + 1) * BLOCK_WORDS;
  end

  logic [BURST_BITS-1:0] aw_burst, b_burst;
  logic [DATA_BITS-1:0] word_there;
  logic [1:0] b_note;
  int unsigned aw_place, b_place;

  always_comb begin
    aw_place = 32'(aw_ahead) - 32'(m_axi_awvalid);
    b_place  = 32'(b_ahead) - notes_held;
    aw_burst = '0;
    b_burst  = '0;
    for (int unsigned i = 0; i <= BURSTS; i++) begin
      if (aw_place == i) aw_burst = bursts[i];
      if (b_place == i) b_burst = bursts[i];
    end
    word_there = word_ahead == '0 && u_dut.words_valid ? m_axi_wdata :
        u_dut.u_words.u_ram.gen_lut.memory_q[wrapped(
        32'(u_dut.u_words.read_q) + 32'(word_ahead) - 32'(u_dut.words_valid), DEPTH)];
    b_note = b_ahead == '0 && u_dut.note_valid ? {u_dut.note_last_frame, u_dut.note_last_run} :
        u_dut.u_notes.u_ram.gen_lut.memory_q[wrapped(
        32'(u_dut.u_notes.read_q) + 32'(b_ahead) - 32'(u_dut.note_valid), OPEN + 1)];
  end

  // All bursts in the queue are as they were when they entered.
  logic odd;
  always_comb begin
    odd = 1'b0;
    for (int unsigned i = 0; i <= BURSTS; i++)
      if (i < bursts_held
          && 32'(bursts[i][2+OFFSET_BITS+:6]) % BURST_BLOCKS + 32'(bursts[i][2+:OFFSET_BITS])
             >= BURST_BLOCKS)
        odd = 1'b1;
  end

  always_comb begin
    if (!started_q) assume (!rst_n);
    if (rst_n) begin
      // A burst comes with the last of its words, and all words are in bursts.
      if (burst) assume (word && (32'(s_burst_blocks) + 1) * BLOCK_WORDS == 32'(partial_q) + 1);
      if (word && 32'(partial_q) + 1 == BURST_WORDS) assume (burst);
      assume (32'(s_burst_address[5:0]) % BURST_BLOCKS + 32'(s_burst_blocks) < BURST_BLOCKS);
      // Memory answers what it has taken whole.
      if (m_axi_bvalid) assume (aw_open_q != '0 && w_open_q != '0);

      a_queues :
      assert (32'(u_dut.u_bursts.level_q) <= BURSTS && 32'(u_dut.u_words.level_q) <= DEPTH
              && 32'(u_dut.u_notes.level_q) <= OPEN + 1);
      a_reads :
      assert (32'(u_dut.u_bursts.read_q) < BURSTS && 32'(u_dut.u_words.read_q) < DEPTH
              && 32'(u_dut.u_notes.read_q) < OPEN + 1);
      a_writes :
      assert (32'(u_dut.u_bursts.write_q)
              == wrapped(32'(u_dut.u_bursts.read_q) + 32'(u_dut.u_bursts.level_q), BURSTS)
              && 32'(u_dut.u_words.write_q)
              == wrapped(32'(u_dut.u_words.read_q) + 32'(u_dut.u_words.level_q), DEPTH)
              && 32'(u_dut.u_notes.write_q)
              == wrapped(32'(u_dut.u_notes.read_q) + 32'(u_dut.u_notes.level_q), OPEN + 1));
      a_partial : assert (32'(partial_q) < BURST_WORDS);
      a_words_held : assert (32'(word_held) == words_held);
      a_all_words :
      assert (words_held
              == 32'(partial_q) + queued + (u_dut.busy_q ? 32'(u_dut.left_q) + 1 : 0));
      a_bursts_held : assert (32'(aw_held) == bursts_held + 32'(m_axi_awvalid));
      a_open : assert (32'(u_dut.open_q) == notes_held && notes_held <= OPEN);
      a_open_bursts : assert (32'(b_held) == bursts_held + notes_held);
      a_aw_open : assert (32'(aw_open_q) + 32'(m_axi_awvalid) == 32'(u_dut.open_q));
      a_w_open : assert (32'(w_open_q) + 32'(u_dut.busy_q) == 32'(u_dut.open_q));
      a_due : assert (32'(due) == (u_dut.busy_q ? 32'(u_dut.left_q) + 1 : 0));
      a_regular : assert (!odd);
      if (bursts_held != 0) a_next : assert (queued >= BLOCK_WORDS);
      if (word_chosen) a_word : assert (word_there == word_payload);
      if (aw_chosen && aw_ahead == '0 && m_axi_awvalid) begin
        a_aw_out : assert ({m_axi_awaddr[63:6], m_axi_awlen} == aw_payload);
      end else if (aw_chosen) begin
        a_aw_in :
        assert (aw_burst[BURST_BITS-1-:58] == aw_payload[65:8]
                && (32'(aw_burst[2+:OFFSET_BITS]) + 1) * BLOCK_WORDS == 32'(aw_payload[7:0]) + 1);
      end
      if (b_chosen && 32'(b_ahead) < notes_held) a_b_out : assert (b_note == b_payload);
      else if (b_chosen) a_b_in : assert (b_burst[1:0] == b_payload);

      if (m_axi_awvalid) begin
        a_within_4k :
        assert (32'(m_axi_awaddr[11:0]) + (32'(m_axi_awlen) + 1) * (DATA_BITS / 8) <= 4096);
        a_whole_blocks : assert ((32'(m_axi_awlen) + 1) % BLOCK_WORDS == 0);
      end
      if (begins) begin
        a_after_the_words_before : assert (due_q == '0);
        a_not_while_stopped : assert (!stopped_q);
      end
      a_no_gap : assert (m_axi_wvalid == (due != '0));
      if (m_axi_wvalid) a_wlast : assert (m_axi_wlast == (due == 10'd1) && &m_axi_wstrb);
      a_idle : assert (idle_o == (u_dut.open_q == '0));
      if (idle_o) a_nothing_under_way : assert (!m_axi_awvalid && !m_axi_wvalid && due == '0);
      if (b) a_error : assert (error_o == m_axi_bresp[1]);
      if (s_words_tready) a_room_for_a_burst : assert (s_burst_tready);
      a_never_stuck : assert (s_words_tready || bursts_held != 0 || due != '0);
      c_bursts_overlap : cover (u_dut.open_q > 2 && m_axi_awvalid && !m_axi_awready);
      c_run_ends : cover (run_done_o && aw_held == '0);
    end
  end
endmodule
