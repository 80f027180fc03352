// SPDX-License-Identifier: Apache-2.0
// Bench of `firebrick_uart`, as RTL or as a netlist: a clock, and wires that cocotb drives.
module uart_bench;
  bit   rst_n  /* verilator public_flat_rw */;
  bit   rx  /* verilator public_flat_rw */ = 1'b1;
  logic tx  /* verilator public_flat_rd */;
  logic error  /* verilator public_flat_rd */;
  bit   clk;

  always #20ns clk = !clk;

  firebrick_uart u_dut (
    .clk,
    .rst_n,
    .rx_i   (rx),
    .tx_o   (tx),
    .error_o(error)
  );
endmodule
