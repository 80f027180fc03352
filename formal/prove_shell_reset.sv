// SPDX-License-Identifier: Apache-2.0
// Proof of `shell_reset` between a register that asks and a shell that comes to rest when it is told
// to stop: the shell is reset only when nothing is under way outside, and then always; what asks is
// reset before the shell goes on, and it is not reset again; shell and network are both reset for at
// least as long as said.
module prove_shell_reset #(
  parameter int unsigned CYCLES = 8  // of reset
) (
  input logic clk,
  input logic rst_n,
  input logic ask_i,  // software asks for a reset
  input logic idle_i
);
  logic stop_o, shell_rst_n_o, network_rst_n_o, field_rst_n_o, started_q = 1'b0;
  logic soft_reset_q;  // the register
  logic ready_q;  // it could begin
  logic ended_q;  // the cycle before was one of a soft reset, or of a reset
  logic resting_q;
  logic [7:0] length_q;  // cycles of the soft reset so far

  always_ff @(posedge clk) begin
    started_q <= 1'b1;
    ready_q   <= rst_n && soft_reset_q && idle_i && shell_rst_n_o;
    resting_q <= rst_n && soft_reset_q && idle_i;
    ended_q   <= !shell_rst_n_o;
    length_q  <= rst_n && !shell_rst_n_o ? length_q + 1'b1 : '0;
    if (!field_rst_n_o) soft_reset_q <= 1'b0;
    else soft_reset_q <= soft_reset_q || ask_i;
  end

  shell_reset #(
    .CYCLES(CYCLES)
  ) u_dut (
    .clk,
    .rst_n,
    .soft_reset_i(soft_reset_q),
    .idle_i,
    .stop_o,
    .shell_rst_n_o,
    .network_rst_n_o,
    .field_rst_n_o
  );

  always_comb begin
    if (!started_q) assume (!rst_n);
    // What is stopped and at rest stays so; what is reset has nothing under way.
    if (rst_n && (resting_q || !shell_rst_n_o)) assume (idle_i);
    if (rst_n) begin
      a_stop : assert (stop_o == soft_reset_q);
      if (!shell_rst_n_o) begin
        a_asked : assert (soft_reset_q);
        a_at_rest : assert (length_q != '0 || ready_q);
        a_length : assert (32'(length_q) + 32'(u_dut.count_q) == CYCLES && u_dut.count_q != '0);
        a_register_last : assert (field_rst_n_o == (32'(length_q) != CYCLES - 1));
      end else begin
        a_running : assert (u_dut.count_q == '0 && field_rst_n_o);
        a_begins : assert (!ready_q);
        if (ended_q) begin
          a_ended : assert (!soft_reset_q && (length_q == '0 || 32'(length_q) == CYCLES));
        end
      end
      a_network : assert (network_rst_n_o == !ended_q);
      c_ends : cover (ended_q && shell_rst_n_o && length_q != '0);
    end
  end
endmodule
