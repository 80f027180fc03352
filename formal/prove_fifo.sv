// SPDX-License-Identifier: Apache-2.0
// Proof of `fifo`: beats in order, each once; stable while stalled; never under- or overflows.
module prove_fifo #(
  parameter int unsigned WIDTH = 8,  // bits of the payload
  parameter int unsigned DEPTH = 4,  // beats of memory
  parameter int unsigned KIND  = 0   // of memory, see `ram`
) (
  input logic             clk,
  input logic             rst_n,
  input logic             s_axis_tvalid,
  input logic [WIDTH-1:0] s_axis_tdata,
  input logic             m_axis_tready,
  input logic choose_i
);
  localparam int unsigned HELD_BITS = $clog2(DEPTH + 2);
  localparam int unsigned ADDRESS_BITS = $clog2(DEPTH);

  logic                 s_axis_tready, m_axis_tvalid, started_q = 1'b0;
  logic [    WIDTH-1:0] m_axis_tdata, payload, word;
  logic [HELD_BITS-1:0] held, ahead;
  logic                 chosen, stored_q;
  logic [ADDRESS_BITS-1:0] place;
  int unsigned          sum, behind;

  always_ff @(posedge clk) started_q <= 1'b1;

  fifo #(
    .WIDTH(WIDTH),
    .DEPTH(DEPTH),
    .KIND (KIND)
  ) u_dut (.*);

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
    .CAPACITY(DEPTH + 1)
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

  // Where in memory the chosen beat lies, if the output register does not hold it.
  assign sum   = 32'(u_dut.read_q) + 32'(ahead) - 32'(m_axis_tvalid);
  assign place = ADDRESS_BITS'(sum < DEPTH ? sum : sum - DEPTH);
  assign behind = 32'(u_dut.read_q) + 32'(u_dut.level_q);

  if (KIND == 0) begin : gen_lut
    assign word = u_dut.u_ram.gen_lut.memory_q[place];
  end else if (KIND == 1) begin : gen_block
    assign word = u_dut.u_ram.gen_block.memory_q[place];
  end else begin : gen_ultra
    assign word = u_dut.u_ram.gen_ultra.memory_q[place];
  end

  always_ff @(posedge clk) stored_q <= rst_n && u_dut.level_q != '0;

  always_comb begin
    if (!started_q) assume (!rst_n);
    if (rst_n) begin
      a_held : assert (32'(held) == 32'(u_dut.level_q) + 32'(m_axis_tvalid));
      a_read : assert (32'(u_dut.read_q) < DEPTH);
      a_write : assert (32'(u_dut.write_q) == (behind < DEPTH ? behind : behind - DEPTH));
      // A beat waits in memory for one cycle at most unless another is offered; all room is used.
      if (stored_q) a_valid : assert (m_axis_tvalid);
      a_ready : assert (s_axis_tready == (32'(u_dut.level_q) < DEPTH));
      if (chosen && m_axis_tvalid && ahead == '0) begin
        a_output : assert (m_axis_tdata == payload);
      end else if (chosen) begin
        a_place : assert (word == payload);
      end
      // Reading what is written in this cycle: block and UltraRAM differ.
      a_no_collision : assert (!(u_dut.push && u_dut.pop && u_dut.write_q == u_dut.read_q));
      c_filled : cover (32'(held) == DEPTH + 1);
      c_wrapped : cover (u_dut.write_q < u_dut.read_q && chosen);
    end
  end
endmodule
