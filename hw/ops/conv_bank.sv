// SPDX-License-Identifier: Apache-2.0
// Row bank of one lane: one write and one read port, 2 cycles from address to word (the second is
// the memory's output register, without which the tap selection would not meet timing).
module conv_bank #(
  parameter int unsigned WIDTH = 48,  // bits of a word
  parameter int unsigned DEPTH = 16,  // words
  parameter int unsigned KIND  = 1,   // 0: LUT RAM, 1: block RAM, 2: UltraRAM
  localparam int unsigned ADDRESS_BITS = $clog2(DEPTH)
) (
  input  logic                    clk,
  input  logic                    write_i,
  input  logic [ADDRESS_BITS-1:0] write_address_i,
  input  logic [WIDTH-1:0]        write_word_i,
  input  logic                    read_i,
  input  logic [ADDRESS_BITS-1:0] read_address_i,
  output logic [WIDTH-1:0]        word_o
);
  if (DEPTH < 2) begin : gen_check_depth
    $fatal(1, "conv_bank: DEPTH=%0d is less than 2", DEPTH);
  end

  logic [WIDTH-1:0] word_q;

  ram #(
    .WIDTH(WIDTH),
    .DEPTH(DEPTH),
    .KIND(KIND)
  ) u_ram (
    .clk,
    .write_i,
    .write_address_i,
    .write_word_i,
    .read_i,
    .read_address_i,
    .word_o(word_q)
  );

  always_ff @(posedge clk) word_o <= word_q;
endmodule
