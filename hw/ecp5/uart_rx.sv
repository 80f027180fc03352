// SPDX-License-Identifier: Apache-2.0
// Receiver of a serial line: 8 data bits, least significant first, no parity, 1 stop bit.
//
// `rx_i` may change at any time; it passes two registers. A bit is looked at once, in its middle, as
// counted from the falling edge of the start bit: with CLOCKS of 16 or more, clocks of sender and
// receiver may differ by 3 %. A byte is there for one cycle, with `valid_o`: nothing can hold a
// serial line back. `error_o` is high from the middle of a stop bit that is low (a break, or another
// speed) until the line has been high for a whole byte, so that what follows begins a byte.
module uart_rx #(
  parameter int unsigned CLOCKS = 25  // cycles of a bit
) (
  input  logic       clk,
  input  logic       rst_n,
  input  logic       rx_i,
  output logic       valid_o,
  output logic [7:0] data_o,
  output logic       error_o
);
  if (CLOCKS < 4) begin : gen_check_clocks
    $fatal(1, "uart_rx: CLOCKS=%0d is less than 4", CLOCKS);
  end

  localparam int unsigned BITS = 10;  // start, data, stop
  localparam int unsigned CLOCK_BITS = $clog2(CLOCKS);

  typedef enum logic [1:0] {
    IDLE,
    BYTE,
    BROKEN  // the line was low where a stop bit should have been
  } state_e;

  state_e state_q;
  logic [1:0] line_q;  // the older one is used
  logic line, tick;
  logic [CLOCK_BITS-1:0] clock_q;
  logic [3:0] bit_q;
  logic stop;

  assign line    = line_q[1];
  assign tick    = clock_q == '0;
  assign stop    = state_q == BYTE && tick && bit_q == 4'(BITS - 1);
  assign valid_o = stop && line;
  assign error_o = state_q == BROKEN;

  always_ff @(posedge clk) begin
    line_q <= {line_q[0], rx_i};
    if (state_q == BYTE && tick && !stop) data_o <= {line, data_o[7:1]};
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      state_q <= BROKEN;  // reset may come in the middle of a byte
      clock_q <= CLOCK_BITS'(CLOCKS - 1);
      bit_q   <= '0;
    end else begin
      clock_q <= tick ? CLOCK_BITS'(CLOCKS - 1) : clock_q - 1'b1;
      if (tick) bit_q <= bit_q + 1'b1;
      unique case (state_q)
        IDLE: begin
          clock_q <= CLOCK_BITS'(CLOCKS / 2 - 1);
          bit_q   <= '0;
          if (!line) state_q <= BYTE;
        end
        BYTE: begin
          if (tick && bit_q == '0 && line) state_q <= IDLE;  // a glitch, no start bit
          else if (stop) state_q <= line ? IDLE : BROKEN;
          if (stop) bit_q <= '0;
        end
        default: begin
          if (!line) begin
            clock_q <= CLOCK_BITS'(CLOCKS - 1);
            bit_q   <= '0;
          end else if (tick && bit_q == 4'(BITS - 1)) state_q <= IDLE;
        end
      endcase
    end
  end
endmodule
