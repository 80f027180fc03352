// SPDX-License-Identifier: Apache-2.0
// Memory with one write port and one read port: `word_o` is word `read_address_i`, one cycle after
// `read_i`. A word that is written in the same cycle reads as it was, or, in UltraRAM, as either:
// do not rely on it.
module ram #(
  parameter int unsigned WIDTH = 36,  // bits of a word
  parameter int unsigned DEPTH = 16,  // words
  parameter int unsigned KIND  = 1,   // 0: LUT RAM, 1: block RAM, 2: UltraRAM
  localparam int unsigned ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
  input  logic                    clk,
  input  logic                    write_i,
  input  logic [ADDRESS_BITS-1:0] write_address_i,
  input  logic [WIDTH-1:0]        write_word_i,
  input  logic                    read_i,
  input  logic [ADDRESS_BITS-1:0] read_address_i,
  output logic [WIDTH-1:0]        word_o
);
  if (WIDTH < 1 || DEPTH < 1) begin : gen_check_size
    $fatal(1, "ram: WIDTH=%0d and DEPTH=%0d must be at least 1", WIDTH, DEPTH);
  end
  if (KIND > 2) begin : gen_check_kind
    $fatal(1, "ram: KIND=%0d is not in 0..2", KIND);
  end

  // Three times the same text: synthesizers want an attribute's value as a literal.
  if (KIND == 0) begin : gen_lut
    (* ram_style = "distributed" *) logic [WIDTH-1:0] memory_q[DEPTH];
    always_ff @(posedge clk) begin
      if (write_i) memory_q[write_address_i] <= write_word_i;
      if (read_i) word_o <= memory_q[read_address_i];
    end
  end else if (KIND == 1) begin : gen_block
    (* ram_style = "block" *) logic [WIDTH-1:0] memory_q[DEPTH];
    always_ff @(posedge clk) begin
      if (write_i) memory_q[write_address_i] <= write_word_i;
      if (read_i) word_o <= memory_q[read_address_i];
    end
  end else begin : gen_ultra
    (* ram_style = "ultra" *) logic [WIDTH-1:0] memory_q[DEPTH];
    always_ff @(posedge clk) begin
      if (write_i) memory_q[write_address_i] <= write_word_i;
      if (read_i) word_o <= memory_q[read_address_i];
    end
  end
endmodule
