// SPDX-License-Identifier: Apache-2.0
// Proof of `skid`: beats in order, each once; stable while stalled; never more than two inside.
module prove_skid #(
  parameter int unsigned WIDTH = 8  // bits of the payload
) (
  input logic             clk,
  input logic             rst_n,
  input logic             s_axis_tvalid,
  input logic [WIDTH-1:0] s_axis_tdata,
  input logic             m_axis_tready,
  input logic choose_i
);
  logic             s_axis_tready, m_axis_tvalid, started_q = 1'b0;
  logic [WIDTH-1:0] m_axis_tdata, payload;
  logic [      1:0] held, ahead;
  logic             chosen;

  always_ff @(posedge clk) started_q <= 1'b1;

  skid #(.WIDTH(WIDTH)) u_dut (.*);

  stream_rule #(
    .WIDTH(WIDTH)
  ) u_rule (
    .clk,
    .rst_n,
    .tvalid_i (m_axis_tvalid),
    .tready_i (m_axis_tready),
    .payload_i(m_axis_tdata)
  );

  one_beat #(
    .WIDTH(WIDTH),
    .CAPACITY(2)
  ) u_beat (
    .clk,
    .rst_n,
    .choose_i,
    .enter_i        (s_axis_tvalid && s_axis_tready),
    .enter_payload_i(s_axis_tdata),
    .leave_i        (m_axis_tvalid && m_axis_tready),
    .leave_payload_i(m_axis_tdata),
    .held_o         (held),
    .chosen_o       (chosen),
    .ahead_o        (ahead),
    .payload_o      (payload)
  );

  always_comb begin
    if (!started_q) assume (!rst_n);
    if (rst_n) begin
      // No beat waits longer than it must, and no room is kept back.
      a_valid : assert (m_axis_tvalid == (held != '0));
      a_ready : assert (s_axis_tready == (held < 2));
      if (chosen) begin
        a_place : assert ((ahead == '0 ? m_axis_tdata : u_dut.spare_q) == payload);
      end
      c_filled : cover (held == 2);
    end
  end
endmodule
