// SPDX-License-Identifier: Apache-2.0
// Proof of `stream_logits`: packets of exactly CLASSES beats, whatever is aborted; each logit that is
// taken leaves once, in order, extended to 32 bits; what fills an aborted packet up is zero; beats
// stay until taken, through an abort too; nothing blocks for good.
module prove_stream_logits #(
  parameter int unsigned CLASSES      = 3,  // logits of a frame
  parameter int unsigned LOGIT_BITS   = 4,  // of a logit
  parameter int unsigned LOGIT_SIGNED = 1  // 1: two's complement, 0: no sign
) (
  input logic                  clk,
  input logic                  rst_n,
  input logic                  abort_i,
  input logic                  s_axis_tvalid,
  input logic [LOGIT_BITS-1:0] s_axis_tdata,
  input logic                  m_axis_tready,
  input logic                  choose_i
);
  logic last_logit_o, s_axis_tready, s_axis_tlast, m_axis_tvalid, m_axis_tlast, started_q = 1'b0;
  logic [31:0] m_axis_tdata, logit;
  logic push, pop, enters, filling_q, chosen;
  logic [11:0] in_q, out_q;  // beats of the present packet that entered, that left
  logic [1:0] held, ahead;
  logic [32:0] payload;

  assign push         = s_axis_tvalid && s_axis_tready;
  assign pop          = m_axis_tvalid && m_axis_tready;
  assign s_axis_tlast = 32'(in_q) == CLASSES - 1;
  assign logit        = {{(32 - LOGIT_BITS) {LOGIT_SIGNED != 0 && s_axis_tdata[LOGIT_BITS-1]}},
                         s_axis_tdata};
  // A packet that an abort cut is completed, one beat a cycle that there is room.
  assign enters       = push || (filling_q && u_dut.u_output.s_axis_tready);

  always_ff @(posedge clk) begin
    started_q <= 1'b1;
    if (!rst_n) begin
      {filling_q, in_q, out_q} <= '0;
    end else begin
      if (enters) in_q <= s_axis_tlast ? '0 : in_q + 1'b1;
      if (pop) out_q <= m_axis_tlast ? '0 : out_q + 1'b1;
      filling_q <= filling_q ? !(enters && s_axis_tlast) : abort_i && in_q != '0;
    end
  end

  stream_logits #(
    .CLASSES     (CLASSES),
    .LOGIT_BITS  (LOGIT_BITS),
    .LOGIT_SIGNED(LOGIT_SIGNED)
  ) u_dut (.*);

  stream_rule #(
    .WIDTH(33)
  ) u_rule (
    .clk,
    .rst_n,
    .tvalid_i (m_axis_tvalid),
    .tready_i (m_axis_tready),
    .payload_i({m_axis_tdata, m_axis_tlast})
  );

  one_beat #(
    .WIDTH(33),
    .CAPACITY(2)
  ) u_beat (
    .clk,
    .rst_n,
    .choose_i,
    .enter_i        (enters),
    .enter_payload_i({s_axis_tlast, filling_q ? 32'd0 : logit}),
    .leave_i        (pop),
    .leave_payload_i({m_axis_tlast, m_axis_tdata}),
    .held_o         (held),
    .chosen_o       (chosen),
    .ahead_o        (ahead),
    .payload_o      (payload)
  );

  always_comb begin
    if (!started_q) assume (!rst_n);
    if (rst_n) begin
      a_state : assert (32'(u_dut.count_q) == 32'(in_q) && u_dut.fill_q == filling_q);
      a_in : assert (32'(in_q) < CLASSES && 32'(out_q) < CLASSES && !(filling_q && in_q == '0));
      a_held :
      assert (32'(in_q) == (32'(out_q) + 32'(held)) % CLASSES
              && m_axis_tvalid == (held != '0) && u_dut.ready == (held < 2));
      // Position decides tlast, in the register that is offered and in the spare one.
      if (held != '0) a_tlast : assert (m_axis_tlast == (32'(out_q) == CLASSES - 1));
      if (held == 2) begin
        a_spare_tlast :
        assert (u_dut.u_output.spare_q[32] == ((32'(out_q) + 1) % CLASSES == CLASSES - 1));
      end
      if (chosen) begin
        a_place :
        assert ((ahead == '0 ? {m_axis_tlast, m_axis_tdata} : u_dut.u_output.spare_q) == payload);
      end
      a_last_logit : assert (last_logit_o == (push && s_axis_tlast));
      if (abort_i || filling_q) a_takes_nothing : assert (!push);
      if (!abort_i && !filling_q) a_goes_on : assert (s_axis_tready == (held < 2));
      c_filled_up : cover (filling_q && held == 2 && !abort_i);
      c_second_packet : cover (chosen && pop && m_axis_tlast && payload != '0);
    end
  end
endmodule
