// SPDX-License-Identifier: Apache-2.0
// Proof of `broadcast`: each beat leaves each output once, in order; stable while stalled.
module prove_broadcast #(
  parameter int unsigned WIDTH  = 8,  // bits of tdata
  parameter int unsigned COPIES = 2,  // output streams
  localparam int unsigned INDEX_BITS = COPIES > 1 ? $clog2(COPIES) : 1
) (
  input logic              clk,
  input logic              rst_n,
  input logic              s_axis_tvalid,
  input logic [ WIDTH-1:0] s_axis_tdata,
  input logic              s_axis_tlast,
  input logic [COPIES-1:0] m_axis_tready,
  input logic choose_i,
  input logic [INDEX_BITS-1:0] index_i
);
  logic                    s_axis_tready, started_q = 1'b0;
  logic [      COPIES-1:0] m_axis_tvalid, m_axis_tlast;
  logic [COPIES*WIDTH-1:0] m_axis_tdata;
  logic                    tvalid, tready, chosen, held, ahead;
  logic [         WIDTH:0] copy, payload;
  logic [  INDEX_BITS-1:0] index;


  assign tvalid = m_axis_tvalid[index];
  assign tready = m_axis_tready[index];
  assign copy   = {m_axis_tlast[index], m_axis_tdata[32'(index)*WIDTH+:WIDTH]};

  always_ff @(posedge clk) started_q <= 1'b1;

  // What holds of any output holds of all.
  any_constant #(
    .WIDTH(INDEX_BITS)
  ) u_index (
    .clk,
    .any_i  (index_i),
    .value_o(index)
  );

  broadcast #(
    .WIDTH (WIDTH),
    .COPIES(COPIES)
  ) u_dut (.*);

  stream_rule #(
    .WIDTH(WIDTH + 1)
  ) u_rule (
    .clk,
    .rst_n,
    .tvalid_i (tvalid),
    .tready_i (tready),
    .payload_i(copy)
  );

  one_beat #(
    .WIDTH(WIDTH + 1),
    .CAPACITY(1)
  ) u_beat (
    .clk,
    .rst_n,
    .choose_i,
    .enter_i        (s_axis_tvalid && s_axis_tready),
    .enter_payload_i({s_axis_tlast, s_axis_tdata}),
    .leave_i        (tvalid && tready),
    .leave_payload_i(copy),
    .held_o         (held),
    .chosen_o       (chosen),
    .ahead_o        (ahead),
    .payload_o      (payload)
  );

  always_comb begin
    assume (32'(index) < COPIES);
    if (!started_q) assume (!rst_n);
    if (rst_n) begin
      a_valid : assert (tvalid == held);
      a_ready : assert (s_axis_tready == ((m_axis_tvalid & ~m_axis_tready) == '0));
      if (chosen) a_place : assert (copy == payload);
      c_one_output_behind : cover (COPIES == 1 || $countones(m_axis_tvalid) == 1);
    end
  end
endmodule
