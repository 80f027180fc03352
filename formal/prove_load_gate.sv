// SPDX-License-Identifier: Apache-2.0
// Proof of `load_gate`: exactly the first WORDS words reach the memories, in order; no beat passes
// before the last has passed STAGES registers; then every beat passes, and nothing closes the gate
// but a reset.
module prove_load_gate #(
  parameter int unsigned WORDS     = 4,  // words of all memories
  parameter int unsigned STAGES    = 1,  // registers of the chain
  parameter int unsigned WIDTH     = 8,  // bits of the stream's tdata
  parameter int unsigned LOAD_BITS = 4   // bits of a word
) (
  input logic                 clk,
  input logic                 rst_n,
  input logic                 s_load_tvalid,
  input logic [LOAD_BITS-1:0] s_load_tdata,
  input logic                 s_axis_tvalid,
  input logic [    WIDTH-1:0] s_axis_tdata,
  input logic                 s_axis_tlast,
  input logic                 m_axis_tready
);
  logic                 s_load_tready, s_load_tlast, load_valid_o;
  logic [LOAD_BITS-1:0] load_data_o;
  logic                 s_axis_tready, m_axis_tvalid, m_axis_tlast, started_q = 1'b0;
  logic [    WIDTH-1:0] m_axis_tdata;
  logic                 opened_q;
  int unsigned          words_q;  // loaded
  int unsigned          cycles_q;  // since the last word left for the chain, this one included

  assign s_load_tlast = words_q == WORDS - 1;

  always_ff @(posedge clk) begin
    started_q <= 1'b1;
    opened_q  <= rst_n && m_axis_tvalid;
    if (!rst_n) begin
      words_q  <= 0;
      cycles_q <= 0;
    end else begin
      if (s_load_tvalid) words_q <= words_q + 1;
      if (words_q == WORDS && cycles_q <= STAGES) cycles_q <= cycles_q + 1;
    end
  end

  load_gate #(
    .WORDS    (WORDS),
    .STAGES   (STAGES),
    .WIDTH    (WIDTH),
    .LOAD_BITS(LOAD_BITS)
  ) u_dut (.*);

  stream_rule #(
    .WIDTH (WIDTH + 1),
    .ASSUME(1'b1)
  ) u_given (
    .clk,
    .rst_n,
    .tvalid_i (s_axis_tvalid),
    .tready_i (s_axis_tready),
    .payload_i({s_axis_tlast, s_axis_tdata})
  );

  stream_rule #(
    .WIDTH(WIDTH + 1)
  ) u_rule (
    .clk,
    .rst_n,
    .tvalid_i (m_axis_tvalid),
    .tready_i (m_axis_tready),
    .payload_i({m_axis_tlast, m_axis_tdata})
  );

  always_comb begin
    if (!started_q) assume (!rst_n);
    if (rst_n) begin
      // More words are a fault of the source that the module stops the simulation for.
      if (s_load_tvalid) assume (words_q < WORDS);
      a_load_ready : assert (s_load_tready);
      a_load_valid : assert (load_valid_o == s_load_tvalid);
      a_load_data : assert (load_data_o == s_load_tdata);
      a_words : assert (words_q <= WORDS);
      a_cycles : assert (cycles_q <= STAGES + 1 && (cycles_q == 0 || words_q == WORDS));
      // The chain holds the last word in its register number `cycles_q`.
      a_closed : assert (!u_dut.open_q || cycles_q > STAGES);
      a_opens : assert (u_dut.open_q == (cycles_q > STAGES));
      a_count : assert (32'(u_dut.count_q) == words_q + cycles_q);
      a_check : assert (u_dut.u_check.beat_q == words_q % WORDS);
      a_valid : assert (m_axis_tvalid == (s_axis_tvalid && u_dut.open_q));
      a_ready : assert (s_axis_tready == (m_axis_tready && u_dut.open_q));
      a_data : assert ({m_axis_tlast, m_axis_tdata} == {s_axis_tlast, s_axis_tdata});
      if (opened_q && s_axis_tvalid) a_stays_open : assert (m_axis_tvalid);
      c_passes : cover (m_axis_tvalid && m_axis_tready);
    end
  end
endmodule
