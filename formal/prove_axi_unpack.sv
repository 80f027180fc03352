// SPDX-License-Identifier: Apache-2.0
// Proof of `axi_unpack`: beat k of a frame holds the frame's bits from k * BEAT_BITS on; each beat
// leaves once, in order, tlast with the last; no word is let go before its beats have left, padding
// is; beats stay until taken; nothing blocks for good.
//
// Keeps the frame that enters, and numbers words and beats by itself.
module prove_axi_unpack #(
  parameter int unsigned WORD_BITS    = 4,  // of memory
  parameter int unsigned BEAT_BITS    = 2,  // of a beat
  parameter int unsigned BEATS        = 5,  // of a frame
  parameter int unsigned STRIDE_WORDS = 4  // of a frame in memory
) (
  input logic                 clk,
  input logic                 rst_n,
  input logic                 s_axis_tvalid,
  input logic [WORD_BITS-1:0] s_axis_tdata,
  input logic                 m_axis_tready
);
  localparam int unsigned FRAME_BITS = BEATS * BEAT_BITS;

  logic s_axis_tready, m_axis_tvalid, m_axis_tlast, started_q = 1'b0, again_q;
  logic [BEAT_BITS-1:0] m_axis_tdata;
  logic push, pop, wrong, unfinished;
  logic [11:0] word_q, beat_q;  // of the frame: the one offered, the one to leave
  logic [STRIDE_WORDS*WORD_BITS-1:0] frame_q, frame;  // what entered of it; with what is offered
  logic [11:0] last_word;  // of the beat to leave

  assign push = s_axis_tvalid && s_axis_tready;
  assign pop  = m_axis_tvalid && m_axis_tready;

  always_comb begin
    frame     = frame_q;
    last_word = '0;
    wrong     = 1'b0;
    for (int unsigned w = 0; w < STRIDE_WORDS; w++)
      if (32'(word_q) == w) frame[w*WORD_BITS+:WORD_BITS] = s_axis_tdata;
    for (int unsigned k = 0; k < BEATS; k++)
      if (32'(beat_q) == k) begin
        last_word = 12'(((k + 1) * BEAT_BITS - 1) / WORD_BITS);
        wrong     = m_axis_tdata != frame[k*BEAT_BITS+:BEAT_BITS];
      end
    // Some beat that ends in the offered word has not left, nor does it leave in this cycle.
    unfinished = 1'b0;
    for (int unsigned k = 0; k < BEATS; k++)
      if (32'(word_q) == ((k + 1) * BEAT_BITS - 1) / WORD_BITS
          && !(32'(beat_q) > k || (pop && 32'(beat_q) == k)))
        unfinished = 1'b1;
  end

  always_ff @(posedge clk) begin
    started_q <= 1'b1;
    if (push) frame_q <= frame;
    if (!rst_n) begin
      word_q  <= '0;
      beat_q  <= '0;
      again_q <= 1'b0;
    end else begin
      if (m_axis_tlast && pop) again_q <= 1'b1;
      // Beats are numbered anew with the frame's first word.
      if (push) word_q <= 32'(word_q) == STRIDE_WORDS - 1 ? '0 : word_q + 1'b1;
      if (push && 32'(word_q) == STRIDE_WORDS - 1) beat_q <= '0;
      else if (pop) beat_q <= beat_q + 1'b1;
    end
  end

  axi_unpack #(
    .WORD_BITS   (WORD_BITS),
    .BEAT_BITS   (BEAT_BITS),
    .BEATS       (BEATS),
    .STRIDE_WORDS(STRIDE_WORDS)
  ) u_dut (.*);

  stream_rule #(
    .WIDTH (WORD_BITS),
    .ASSUME(1'b1)
  ) u_given (
    .clk,
    .rst_n,
    .tvalid_i (s_axis_tvalid),
    .tready_i (s_axis_tready),
    .payload_i(s_axis_tdata)
  );

  stream_rule #(
    .WIDTH(BEAT_BITS + 1)
  ) u_rule (
    .clk,
    .rst_n,
    .tvalid_i (m_axis_tvalid),
    .tready_i (m_axis_tready),
    .payload_i({m_axis_tlast, m_axis_tdata})
  );

  if (u_dut.IS_WIDE) begin : gen_wide
    // The words that entered of a beat are at the top of what is kept.
    logic lost;
    always_comb begin
      lost = 1'b0;
      for (int unsigned w = 0; w < FRAME_BITS / WORD_BITS; w++)
        for (int unsigned i = 0; i < u_dut.RATIO; i++)
          if (32'(word_q) == w && w % u_dut.RATIO == i)
            for (int unsigned j = 0; j < i; j++)
              if (u_dut.gen_wide.low_q[(u_dut.RATIO-1-i+j)*WORD_BITS+:WORD_BITS]
                  != frame_q[(w-i+j)*WORD_BITS+:WORD_BITS])
                lost = 1'b1;
      if (rst_n) begin
        a_kept : assert (!lost);
        a_beat :
        assert (32'(beat_q) == (32'(word_q) * WORD_BITS >= FRAME_BITS ? BEATS
                                : 32'(word_q) / u_dut.RATIO));
        if (32'(word_q) * WORD_BITS < FRAME_BITS) begin
          a_index : assert (32'(u_dut.index_q) == 32'(word_q) % u_dut.RATIO);
        end else begin
          a_index_after : assert (u_dut.index_q == '0);
        end
      end
    end
  end else begin : gen_narrow
    always_comb begin
      if (rst_n) begin
        if (32'(word_q) * WORD_BITS < FRAME_BITS) begin
          a_beat :
          assert (32'(beat_q) == 32'(word_q) * u_dut.RATIO + 32'(u_dut.index_q)
                  && 32'(u_dut.index_q) < u_dut.RATIO && 32'(beat_q) < BEATS);
        end else begin
          a_beat_after : assert (32'(beat_q) == BEATS && u_dut.index_q == '0);
        end
      end
    end
  end

  always_comb begin
    if (!started_q) assume (!rst_n);
    if (rst_n) begin
      a_word : assert (32'(word_q) < STRIDE_WORDS && 32'(u_dut.word_q) == 32'(word_q));
      a_beats : assert (32'(beat_q) <= BEATS);
      a_valid :
      assert (m_axis_tvalid == (s_axis_tvalid && 32'(beat_q) < BEATS && word_q == last_word));
      if (m_axis_tvalid) begin
        a_unchanged : assert (!wrong);
        a_tlast : assert (m_axis_tlast == (32'(beat_q) == BEATS - 1));
      end
      if (push) a_all_left : assert (!unfinished);
      if (s_axis_tvalid) a_never_stuck : assert (s_axis_tready || m_axis_tvalid);
      c_second_frame : cover (again_q && m_axis_tlast && pop);
    end
  end
endmodule
