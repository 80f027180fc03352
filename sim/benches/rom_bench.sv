// SPDX-License-Identifier: Apache-2.0
// Compares `rom` with the words of `all.mem` behind as many registers: every address in order, then
// addresses all over the place with pauses of both enables. `done` rises at the end.
module rom_bench #(
  parameter int unsigned WIDTH  = 36,    // bits of a word
  parameter int unsigned DEPTH  = 3500,  // words
  parameter int unsigned KIND   = 1,     // of the memory
  parameter bit          OUTPUT = 1      // there is an output register
) ();
  localparam int unsigned ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam int unsigned CYCLES = 4 * DEPTH;

  int unsigned checked  /* verilator public_flat_rd */;  // words in order
  logic done  /* verilator public_flat_rd */;

  logic clk = 1'b0;
  int unsigned cycle_q = 0;
  logic [31:0] random_q = 32'd1;  // xorshift32
  logic read, move, known_q, known_late_q;
  logic [ADDRESS_BITS-1:0] address;
  logic [WIDTH-1:0] words[DEPTH];
  logic [WIDTH-1:0] word, word_q, word_late_q;

  initial $readmemh("all.mem", words);

  always #1 clk = !clk;

  assign read = cycle_q < DEPTH || random_q[3:0] != 0;
  assign move = cycle_q < DEPTH || random_q[7:4] != 0;
  assign address = ADDRESS_BITS'(cycle_q < DEPTH ? cycle_q : (random_q >> 8) % DEPTH);

  rom #(
    .WIDTH(WIDTH),
    .DEPTH(DEPTH),
    .KIND(KIND),
    .OUTPUT(OUTPUT),
    .PREFIX("dut")
  ) u_rom (
    .clk,
    .read_i(read),
    .output_i(move),
    .address_i(address),
    .word_o(word)
  );

  function automatic logic [31:0] next(logic [31:0] x);
    logic [31:0] y;
    y = x ^ (x << 13);
    y = y ^ (y >> 17);
    return y ^ (y << 5);
  endfunction

  always_ff @(posedge clk) begin
    cycle_q  <= cycle_q + 1;
    random_q <= next(random_q);
    if (read) word_q <= words[address];
    if (move) word_late_q <= word_q;
    known_q      <= known_q || read;
    known_late_q <= known_late_q || (known_q && move);
    if (OUTPUT ? known_late_q : known_q) begin
      a_word : assert (word == (OUTPUT ? word_late_q : word_q))
        else $fatal(1, "rom_bench: cycle %0d: word %h differs", cycle_q, word);
      checked <= checked + 1;
    end
    done <= cycle_q >= CYCLES;
  end

  initial begin
    checked      = 0;
    done         = 1'b0;
    known_q      = 1'b0;
    known_late_q = 1'b0;
  end
endmodule
