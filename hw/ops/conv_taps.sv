// SPDX-License-Identifier: Apache-2.0
// Selects the pixel that each column needs from a halo word: pixel[c] = word[c*STRIDE + tap].
//
// The shift moves the whole word; of each of its outputs only the wanted pixels are kept, so what
// remains is one KERNEL:1 multiplexer a column. Latency 1 cycle.
module conv_taps #(
  parameter int unsigned COLUMNS = 4,  // pixels selected
  parameter int unsigned STRIDE  = 1,  // step of the window
  parameter int unsigned KERNEL  = 3,  // taps
  parameter int unsigned BITS    = 8,  // bits of a pixel
  localparam int unsigned WORD_BITS = ((COLUMNS - 1) * STRIDE + KERNEL) * BITS,
  localparam int unsigned TAP_BITS  = KERNEL > 1 ? $clog2(KERNEL) : 1
) (
  input  logic                    clk,
  input  logic                    valid_i,
  input  logic [WORD_BITS-1:0]    word_i,
  input  logic [TAP_BITS-1:0]     tap_i,
  output logic [COLUMNS*BITS-1:0] pixels_o
);
  logic [WORD_BITS-1:0] moved;

  if (KERNEL == 1) begin : gen_one
    logic unused_tap;
    assign unused_tap = ^tap_i;
    assign moved = word_i;
  end else begin : gen_many
    assign moved = word_i >> (32'(tap_i) * BITS);
  end

  always_ff @(posedge clk) begin
    if (valid_i) begin
      // verilator unroll_full
      for (int unsigned c = 0; c < COLUMNS; c++) begin
        pixels_o[c*BITS+:BITS] <= moved[c*STRIDE*BITS+:BITS];
      end
    end
  end
endmodule
