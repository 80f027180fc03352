// SPDX-License-Identifier: Apache-2.0
// Sender of a serial line: 8 data bits, least significant first, no parity, 1 stop bit.
//
// Stream in: a byte a beat, taken every 10 * CLOCKS cycles at most. `tx_o` comes from a register and
// is high between bytes.
module uart_tx #(
  parameter int unsigned CLOCKS = 25  // cycles of a bit
) (
  input  logic       clk,
  input  logic       rst_n,
  input  logic       s_axis_tvalid,
  output logic       s_axis_tready,
  input  logic [7:0] s_axis_tdata,
  output logic       tx_o
);
  if (CLOCKS < 4) begin : gen_check_clocks
    $fatal(1, "uart_tx: CLOCKS=%0d is less than 4", CLOCKS);
  end

  localparam int unsigned BITS = 10;  // start, data, stop
  localparam int unsigned CLOCK_BITS = $clog2(CLOCKS);

  logic [CLOCK_BITS-1:0] clock_q;
  logic [3:0]            left_q;  // bits that are not over
  logic [7:0]            bits_q;  // those behind the one on the line

  assign s_axis_tready = left_q == '0;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      clock_q <= '0;
      left_q  <= '0;
      tx_o    <= 1'b1;
    end else if (s_axis_tready) begin
      if (s_axis_tvalid) begin
        clock_q <= CLOCK_BITS'(CLOCKS - 1);
        left_q  <= 4'(BITS);
        tx_o    <= 1'b0;
      end
    end else if (clock_q != '0) begin
      clock_q <= clock_q - 1'b1;
    end else begin
      clock_q <= CLOCK_BITS'(CLOCKS - 1);
      left_q  <= left_q - 1'b1;
      tx_o    <= bits_q[0];
    end
  end

  // Ones follow the data: the stop bit, and the idle line.
  always_ff @(posedge clk) begin
    if (s_axis_tready) bits_q <= s_axis_tdata;
    else if (clock_q == '0) bits_q <= {1'b1, bits_q[7:1]};
  end
endmodule
