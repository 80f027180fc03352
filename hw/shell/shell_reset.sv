// SPDX-License-Identifier: Apache-2.0
// Soft reset: stop, wait until nothing is under way outside, reset network, shell and registers.
//
// The register that asks for a soft reset is itself reset last, which ends it. The network's reset
// comes from a register, a cycle later than the shell's; both last CYCLES cycles.
module shell_reset #(
  parameter int unsigned CYCLES = 8  // of reset
) (
  input  logic clk,
  input  logic rst_n,
  input  logic soft_reset_i,  // asked for, until field_rst_n_o
  input  logic idle_i,  // nothing is under way outside
  output logic stop_o,  // nothing new may begin
  output logic shell_rst_n_o,
  output logic network_rst_n_o,
  output logic field_rst_n_o  // of the registers
);
  localparam int unsigned COUNT_BITS = $clog2(CYCLES + 1);

  if (CYCLES < 2) begin : gen_check_cycles
    $fatal(1, "shell_reset: CYCLES=%0d is less than 2", CYCLES);
  end

  logic [COUNT_BITS-1:0] count_q;  // cycles left of a soft reset
  logic run_q;  // it is 0

  assign stop_o        = soft_reset_i;
  assign shell_rst_n_o = rst_n && run_q;
  assign field_rst_n_o = rst_n && count_q != COUNT_BITS'(1);

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      count_q <= '0;
      run_q   <= 1'b1;
    end else if (!run_q) begin
      count_q <= count_q - 1'b1;
      run_q   <= count_q == COUNT_BITS'(1);
    end else if (soft_reset_i && idle_i) begin
      count_q <= COUNT_BITS'(CYCLES);
      run_q   <= 1'b0;
    end
  end

  // Drives all of the network: from a register.
  always_ff @(posedge clk) network_rst_n_o <= shell_rst_n_o;

  always_ff @(posedge clk) begin
    if (rst_n) begin
      a_run : assert (run_q == (count_q == '0)) else $fatal(1, "shell_reset: lost its state");
    end
  end
endmodule
