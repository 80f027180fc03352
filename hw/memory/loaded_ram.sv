// SPDX-License-Identifier: Apache-2.0
// Read-only memory in UltraRAM, which no bitstream initialises: its contents arrive on a chain.
//
// After a reset the memory takes the first DEPTH valid words of the chain, in the order of their
// addresses, and passes all later ones on, one cycle late. One word a cycle, no back-pressure.
// Words are LOAD_BITS wide, of which the memory keeps the low WIDTH. A reset does not clear the
// memory but rewinds the chain: everything has to be loaded again.
// `word_o` is word `address_i`, two cycles later.
module loaded_ram #(
  parameter int unsigned WIDTH     = 72,  // bits of a word
  parameter int unsigned DEPTH     = 16,  // words
  parameter int unsigned LOAD_BITS = 72,  // bits of the chain
  localparam int unsigned ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
  input  logic                    clk,
  input  logic                    rst_n,
  input  logic                    load_valid_i,
  input  logic [LOAD_BITS-1:0]    load_data_i,
  output logic                    load_valid_o,
  output logic [LOAD_BITS-1:0]    load_data_o,
  input  logic [ADDRESS_BITS-1:0] address_i,
  output logic [WIDTH-1:0]        word_o
);
  if (WIDTH > LOAD_BITS) begin : gen_check_width
    $fatal(1, "loaded_ram: WIDTH=%0d exceeds LOAD_BITS=%0d", WIDTH, LOAD_BITS);
  end

  logic                    valid_q, full_q, write;
  logic [ADDRESS_BITS-1:0] load_address_q;
  logic [WIDTH-1:0]        word_q;

  assign write        = valid_q && !full_q;
  assign load_valid_o = valid_q && full_q;

  ram #(
    .WIDTH(WIDTH),
    .DEPTH(DEPTH),
    .KIND(2)
  ) u_ram (
    .clk,
    .write_i(write),
    .write_address_i(load_address_q),
    .write_word_i(load_data_o[WIDTH-1:0]),
    .read_i(1'b1),
    .read_address_i(address_i),
    .word_o(word_q)
  );

  always_ff @(posedge clk) begin
    load_data_o <= load_data_i;
    word_o      <= word_q;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      valid_q        <= 1'b0;
      full_q         <= 1'b0;
      load_address_q <= '0;
    end else begin
      valid_q <= load_valid_i;
      if (write) begin
        load_address_q <= load_address_q + 1'b1;
        full_q         <= 32'(load_address_q) == DEPTH - 1;
      end
    end
  end
endmodule
