// SPDX-License-Identifier: Apache-2.0
// Proof of `stream_guard`: whatever the packets' lengths, each gives one frame of exactly BEATS
// beats, tlast with the last: its own beats in order, then zeros; what is too much is dropped; wrong
// lengths are told, right ones are not. What is offered stays, as long as the input does and nobody
// aborts. After an abort the rest of a packet is dropped and the next one is a frame again. Nothing
// blocks for good.
//
// Numbers the beats of packets and of frames by itself.
module prove_stream_guard #(
  parameter int unsigned WIDTH = 8,  // bits of tdata
  parameter int unsigned BEATS = 3  // of a frame
) (
  input logic               clk,
  input logic               rst_n,
  input logic               abort_i,
  input logic               s_axis_tvalid,
  input logic [  WIDTH-1:0] s_axis_tdata,
  input logic [WIDTH/8-1:0] s_axis_tkeep,
  input logic               s_axis_tlast,
  input logic               m_axis_tready
);
  logic error_o, s_axis_tready, m_axis_tvalid, m_axis_tlast, started_q = 1'b0;
  logic [WIDTH-1:0] m_axis_tdata;
  logic push, pop, aborted_q, told_q;
  logic ended_q;  // the packet of the present frame has ended, its frame has not
  logic rest_q;  // what comes is the rest of a packet whose frame has ended or was aborted
  logic open_q;  // a packet has begun and not ended
  logic [11:0] in_q, out_q;  // beats of the present frame that entered, that left

  assign push = s_axis_tvalid && s_axis_tready;
  assign pop  = m_axis_tvalid && m_axis_tready;

  always_ff @(posedge clk) begin
    started_q <= 1'b1;
    aborted_q <= abort_i;
    if (!rst_n) begin
      {ended_q, rest_q, open_q, in_q, out_q, told_q} <= '0;
    end else begin
      if (push) open_q <= !s_axis_tlast;
      told_q <= (told_q || error_o) && !(pop && m_axis_tlast);
      if (abort_i) begin
        {ended_q, in_q, out_q, told_q} <= '0;
        // A beat may still be taken now, and dropped.
        rest_q <= push ? !s_axis_tlast : open_q;
      end else begin
        if (push && !rest_q) begin
          in_q    <= in_q + 1'b1;
          ended_q <= s_axis_tlast;
        end
        if (push && rest_q) rest_q <= !s_axis_tlast;
        if (pop) out_q <= out_q + 1'b1;
        if (pop && m_axis_tlast) begin
          {in_q, out_q, ended_q} <= '0;
          // It entered and left in one cycle, or had ended before.
          rest_q <= !ended_q && !s_axis_tlast;
        end
      end
    end
  end

  stream_guard #(
    .WIDTH(WIDTH),
    .BEATS(BEATS)
  ) u_dut (.*);

  stream_rule #(
    .WIDTH (WIDTH + 1 + WIDTH / 8),
    .ASSUME(1'b1)
  ) u_given (
    .clk,
    .rst_n,
    .tvalid_i (s_axis_tvalid),
    .tready_i (s_axis_tready),
    .payload_i({s_axis_tdata, s_axis_tlast, s_axis_tkeep})
  );

  stream_rule #(
    .WIDTH(WIDTH + 1)
  ) u_rule (
    .clk,
    .rst_n    (rst_n && !abort_i),
    .tvalid_i (m_axis_tvalid),
    .tready_i (m_axis_tready),
    .payload_i({m_axis_tdata, m_axis_tlast})
  );

  always_comb begin
    if (!started_q) assume (!rst_n);
    if (rst_n) begin
      a_open : assert (u_dut.open_q == open_q);
      a_state :
      assert (u_dut.state_q == (rest_q ? u_dut.Drop : ended_q ? u_dut.Fill : u_dut.Pass));
      a_beat : assert (32'(u_dut.beat_q) == 32'(out_q) && 32'(out_q) < BEATS);
      a_counts : assert (ended_q ? in_q <= out_q && !open_q : in_q == out_q);
      a_rest : assert (!(rest_q && ended_q) && (!rest_q || (open_q && out_q == '0)));
      a_told : assert (!ended_q || told_q);
      a_begun : assert (rest_q || ended_q || open_q == (in_q != '0));
      if (m_axis_tvalid) begin
        a_tlast : assert (m_axis_tlast == (32'(out_q) == BEATS - 1));
        // The packet's own beat, taken in the same cycle, or zero.
        if (ended_q) a_zero : assert (m_axis_tdata == '0 && !push);
        else a_unchanged : assert (m_axis_tdata == s_axis_tdata && push == pop && !rest_q);
        a_not_aborted : assert (!abort_i);
      end
      if (push && !rest_q) a_enters_a_frame : assert (pop && !ended_q);
      if (pop && m_axis_tlast && (told_q || error_o) == 1'b0) begin
        a_right_length : assert (!ended_q && s_axis_tlast);
      end
      if (error_o) begin
        a_wrong :
        assert (push && (s_axis_tkeep != '1 || s_axis_tlast != (32'(out_q) == BEATS - 1)));
      end
      if (push && !rest_q && s_axis_tkeep != '1) a_kept : assert (error_o);
      a_goes_on :
      assert (abort_i ? !m_axis_tvalid : rest_q ? s_axis_tready
              : ended_q ? m_axis_tvalid : (m_axis_tvalid == s_axis_tvalid));
      c_short : cover (ended_q && pop && m_axis_tlast && in_q > 1);
      c_long : cover (rest_q && push && s_axis_tlast && !aborted_q);
      c_right_after_abort : cover (aborted_q && rest_q && out_q == '0);
    end
  end
endmodule
