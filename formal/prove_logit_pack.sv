// SPDX-License-Identifier: Apache-2.0
// Proof of `logit_pack` in front of any two queues: a frame's words hold its logits in order, each
// extended to 32 bits, and zeros; a run has its frames and no more; bursts are what was handed over
// since the burst before, at the addresses that follow each other from the run's on, within an
// aligned region, and end with the frame; a burst and its last word go together; words and bursts
// that are offered stay.
//
// Keeps the frame that enters, and numbers logits, blocks and frames by itself.
module prove_logit_pack #(
  parameter int unsigned CLASSES      = 5,  // logits of a frame
  parameter int unsigned LOGIT_BITS   = 3,  // of a logit
  parameter int unsigned LOGIT_SIGNED = 1,  // 1: two's complement, 0: no sign
  parameter int unsigned DATA_BITS    = 64,  // of a word
  parameter int unsigned BURST_BLOCKS = 2  // of a burst, at most
) (
  input logic                  clk,
  input logic                  rst_n,
  input logic                  run_valid_i,
  input logic [          57:0] address_i,
  input logic [          31:0] frames_i,
  input logic                  s_axis_tvalid,
  input logic [LOGIT_BITS-1:0] s_axis_tdata,
  input logic                  m_words_tready,
  input logic                  m_burst_tready
);
  localparam int unsigned OFFSET_BITS = BURST_BLOCKS > 1 ? $clog2(BURST_BLOCKS) : 1;
  localparam int unsigned WORD_LOGITS = DATA_BITS / 32;
  localparam int unsigned SLOTS = (CLASSES + 15) / 16 * 16;
  localparam int unsigned WORDS = SLOTS / WORD_LOGITS;

  logic run_ready_o, last_logit_o, first_frame_o, s_axis_tready, s_axis_tlast;
  logic m_words_tvalid, m_burst_tvalid, m_burst_last_frame, m_burst_last_run;
  logic [DATA_BITS-1:0] m_words_tdata;
  logic [57:0] m_burst_address;
  logic [OFFSET_BITS-1:0] m_burst_blocks;

  logic started_q = 1'b0, take, push, word, burst, wrong, lost, ended;
  logic [31:0] logit;
  logic [SLOTS*32-1:0] frame_q, frame;  // its logits, extended, and zeros; with the offered one
  logic [9:0] logits_q;  // of the frame that entered
  logic [9:0] words_q;  // of the frame that left
  // The run: address of the frame's first block, blocks handed over of it; frames left.
  logic busy_q, first_q;
  logic [57:0] address_q, next_q;  // of the frame; of the block that no burst has covered
  logic [31:0] frames_q;
  logic [57:0] until_;  // behind the block that ends with the offered word
  logic words_ready_q, burst_ready_q;

  assign take         = run_valid_i && run_ready_o;
  assign push         = s_axis_tvalid && s_axis_tready;
  assign word         = m_words_tvalid && m_words_tready;
  assign burst        = m_burst_tvalid && m_burst_tready;
  assign s_axis_tlast = 32'(logits_q) == CLASSES - 1;
  assign logit        = {{(32 - LOGIT_BITS) {LOGIT_SIGNED != 0 && s_axis_tdata[LOGIT_BITS-1]}},
                         s_axis_tdata};
  assign until_       = address_q + (32'(words_q) + 1) * DATA_BITS / 512;
  assign ended        = word && 32'(words_q) == WORDS - 1;

  always_comb begin
    frame = frame_q;
    wrong = 1'b0;
    for (int unsigned k = 0; k < CLASSES; k++)
      if (32'(logits_q) == k) frame[k*32+:32] = logit;
    for (int unsigned k = CLASSES; k < SLOTS; k++) frame[k*32+:32] = '0;
    for (int unsigned w = 0; w < WORDS; w++)
      if (32'(words_q) == w) wrong = m_words_tdata != frame[w*DATA_BITS+:DATA_BITS];
  end

  always_ff @(posedge clk) begin
    started_q <= 1'b1;
    if (push) frame_q <= frame;
    words_ready_q <= rst_n && m_words_tready && !word;
    burst_ready_q <= rst_n && m_burst_tready && !burst;
    if (!rst_n) begin
      {logits_q, words_q, busy_q} <= '0;
    end else begin
      if (push) logits_q <= logits_q + 1'b1;
      if (word) words_q <= words_q + 1'b1;
      if (burst) next_q <= until_;
      if (ended) begin
        logits_q  <= '0;
        words_q   <= '0;
        first_q   <= 1'b0;
        frames_q  <= frames_q - 1'b1;
        address_q <= until_;
        if (frames_q == 32'd1) busy_q <= 1'b0;
      end
      if (take) begin
        busy_q    <= 1'b1;
        first_q   <= 1'b1;
        address_q <= address_i;
        next_q    <= address_i;
        frames_q  <= frames_i;
      end
    end
  end

  logit_pack #(
    .CLASSES     (CLASSES),
    .LOGIT_BITS  (LOGIT_BITS),
    .LOGIT_SIGNED(LOGIT_SIGNED),
    .DATA_BITS   (DATA_BITS),
    .BURST_BLOCKS(BURST_BLOCKS)
  ) u_dut (.*);

  stream_rule #(
    .WIDTH (LOGIT_BITS),
    .ASSUME(1'b1)
  ) u_given (
    .clk,
    .rst_n,
    .tvalid_i (s_axis_tvalid),
    .tready_i (s_axis_tready),
    .payload_i(s_axis_tdata)
  );

  stream_rule #(
    .WIDTH(DATA_BITS)
  ) u_words (
    .clk,
    .rst_n,
    .tvalid_i (m_words_tvalid),
    .tready_i (m_words_tready),
    .payload_i(m_words_tdata)
  );

  stream_rule #(
    .WIDTH(58 + OFFSET_BITS + 2)
  ) u_burst (
    .clk,
    .rst_n,
    .tvalid_i (m_burst_tvalid),
    .tready_i (m_burst_tready),
    .payload_i({m_burst_address, m_burst_blocks, m_burst_last_frame, m_burst_last_run})
  );

  // Logits of the present word that entered are at the top of what is kept.
  if (WORD_LOGITS == 1) begin : gen_single
    assign lost = 1'b0;
  end else begin : gen_several
    always_comb begin
      lost = 1'b0;
      for (int unsigned s = 0; s < SLOTS; s++)
        if (32'(u_dut.slot_q) == s)
          for (int unsigned j = 0; j < s % WORD_LOGITS; j++)
            if (u_dut.gen_several.low_q[(WORD_LOGITS-1-s%WORD_LOGITS+j)*32+:32]
                != frame[(s-s%WORD_LOGITS+j)*32+:32])
              lost = 1'b1;
    end
  end

  if (BURST_BLOCKS > 1) begin : gen_blocks
    always_comb begin
      if (rst_n && busy_q) begin
        a_start : assert (u_dut.gen_blocks.start_q == next_q[OFFSET_BITS-1:0]);
        // No burst ends but at a boundary or with a frame, so the uncovered blocks are in one region.
        a_region : assert (next_q[57:OFFSET_BITS] == u_dut.address_q[57:OFFSET_BITS]);
        a_uncovered : assert (next_q[OFFSET_BITS-1:0] <= u_dut.address_q[OFFSET_BITS-1:0]);
      end
    end
  end else begin : gen_block
    always_comb if (rst_n && busy_q) a_start : assert (next_q == u_dut.address_q);
  end

  always_comb begin
    if (!started_q) assume (!rst_n);
    if (rst_n) begin
      if (run_valid_i) assume (frames_i != '0);
      // A queue that has room keeps it until something enters.
      if (words_ready_q) assume (m_words_tready);
      if (burst_ready_q) assume (m_burst_tready);

      a_busy : assert (u_dut.busy_q == busy_q && run_ready_o == !busy_q);
      a_slot :
      assert (32'(u_dut.slot_q) / WORD_LOGITS == 32'(words_q) && 32'(words_q) < WORDS
              && (busy_q || u_dut.slot_q == '0));
      a_logits :
      assert (32'(logits_q) == (32'(u_dut.slot_q) < CLASSES ? 32'(u_dut.slot_q) : CLASSES));
      if (busy_q) begin
        a_frames : assert (u_dut.frames_q == frames_q && frames_q != '0);
        a_first_frame : assert (u_dut.first_q == first_q);
        a_address : assert (u_dut.address_q == address_q + 32'(u_dut.slot_q) / 16);
      end
      a_kept : assert (!lost);
      a_check : assert (u_dut.u_check.beat_q == 32'(logits_q) % CLASSES);

      if (push) a_taken_in_a_run : assert (busy_q && 32'(logits_q) < CLASSES);
      if (m_words_tvalid) a_unchanged : assert (!wrong && busy_q);
      if (burst) begin
        a_with_its_last_word : assert (word);
        a_address_follows : assert (m_burst_address == next_q);
        a_blocks : assert (m_burst_address + 32'(m_burst_blocks) + 1 == until_);
        a_whole_blocks : assert ((32'(words_q) + 1) * DATA_BITS % 512 == 0);
        a_aligned :
        assert (32'(m_burst_address[11:0]) % BURST_BLOCKS + 32'(m_burst_blocks) < BURST_BLOCKS);
        a_last_frame : assert (m_burst_last_frame == ended);
        a_last_run : assert (m_burst_last_run == (ended && frames_q == 32'd1));
      end
      if (ended) a_frame_is_covered : assert (burst);
      if (m_burst_tvalid) a_offered_with_word : assert (m_words_tvalid);
      a_last_logit : assert (last_logit_o == (push && s_axis_tlast));
      if (last_logit_o) a_first : assert (first_frame_o == first_q);
      // Nothing but the logits and the queues is waited for.
      if (busy_q && m_words_tready && m_burst_tready) begin
        a_goes_on : assert (s_axis_tready || 32'(logits_q) == CLASSES);
        if (32'(u_dut.slot_q) >= CLASSES) a_pads : assert (u_dut.step);
      end
      c_second_frame : cover (ended && !first_q && frames_q == 32'd1);
      c_burst_of_two : cover (BURST_BLOCKS == 1 || SLOTS == 16 || (burst && m_burst_blocks != '0));
    end
  end
endmodule
