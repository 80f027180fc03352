// SPDX-License-Identifier: Apache-2.0
// `cells_dut` beside its netlist, `cells_net`: the same random inputs, every output compared in
// every cycle. No word is read while it is written.
module cells_bench;
  bit   clk;
  int   wrong  /* verilator public_flat_rd */;
  int   compared  /* verilator public_flat_rd */;

  bit          write, read;
  bit  [ 10:0] write_address, read_address;
  bit  [ 59:0] word;
  wire [119:0] rams, net_rams;
  wire [ 59:0] roms, net_roms;
  wire [ 51:0] products, net_products;

  always #5ns clk = !clk;

  cells_dut u_dut (
    .clk,
    .write_i(write),
    .read_i(read),
    .write_address_i(write_address),
    .read_address_i(read_address),
    .word_i(word),
    .rams_o(rams),
    .roms_o(roms),
    .products_o(products)
  );
  cells_net u_net (
    .clk,
    .write_i(write),
    .read_i(read),
    .write_address_i(write_address),
    .read_address_i(read_address),
    .word_i(word),
    .rams_o(net_rams),
    .roms_o(net_roms),
    .products_o(net_products)
  );

  // All words are written first, so that none is unknown.
  int cycle;
  bit [10:0] next, other;
  always @(negedge clk) begin
    cycle <= cycle + 1;
    word  <= {$urandom(), $urandom()} >> 4;
    next  = 11'($urandom()) >> ($urandom() % 6);
    other = 11'($urandom()) >> ($urandom() % 6);
    if (cycle < 2048) begin
      write         <= 1'b1;
      read          <= 1'b0;
      write_address <= 11'(cycle);
    end else begin
      write         <= 1'($urandom());
      read          <= $urandom() % 4 != 0;
      write_address <= next;
      // The shortest address, of 6 bits, must not clash either.
      read_address  <= other[5:0] == next[5:0] ? other ^ 11'd1 : other;
      if (compared > 0 || cycle > 2060) begin
        compared <= compared + 1;
        if ({rams, roms, products} != {net_rams, net_roms, net_products}) wrong <= wrong + 1;
      end
    end
  end
endmodule
