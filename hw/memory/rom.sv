// SPDX-License-Identifier: Apache-2.0
// Read-only memory: `word_o` is word `address_i`, one cycle after `read_i`, and with OUTPUT one
// cycle more, when `output_i` moves it on.
//
// KIND 0: LUTs; KIND 1: block RAM. Synthesizers pack odd depths badly (1500 words of block RAM would
// take 2048; Yosys spends five times the LUTs on a table of 8,000 words), so the depth is cut into
// chunks, each a memory of its own: LUTs into chunks of 512 words; block RAM, rounded up to 512
// words, into chunks of 4096, then 2048, 1024 and 512. The multiplexer of the chunks comes last,
// behind the block RAMs' output registers. Contents: <PREFIX>a.mem to <PREFIX>z.mem, then
// <PREFIX>aa.mem and so on, as far as two letters go; for LUTs of a single chunk <PREFIX>.mem.
module rom #(
  parameter int unsigned WIDTH  = 36,    // bits of a word
  parameter int unsigned DEPTH  = 3500,  // words
  parameter int unsigned KIND   = 1,     // 0: LUTs, 1: block RAM
  parameter bit          OUTPUT = 1,     // there is an output register
  parameter              PREFIX = "rom",  // of the memory files
  localparam int unsigned ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
  input  logic                    clk,
  input  logic                    read_i,
  input  logic                    output_i,  // not used without an output register
  input  logic [ADDRESS_BITS-1:0] address_i,
  output logic [WIDTH-1:0]        word_o
);
  localparam int unsigned SMALLEST = 512;
  localparam int unsigned LARGEST = KIND == 0 ? SMALLEST : 4096;
  localparam int unsigned ROUNDED = (DEPTH + SMALLEST - 1) / SMALLEST * SMALLEST;
  localparam int unsigned CHUNKS = ROUNDED / LARGEST + $countones(ROUNDED % LARGEST);
  localparam int unsigned CHUNK_BITS = CHUNKS > 1 ? $clog2(CHUNKS) : 1;

  if (WIDTH < 1 || DEPTH < 1) begin : gen_check_size
    $fatal(1, "rom: WIDTH=%0d and DEPTH=%0d must be at least 1", WIDTH, DEPTH);
  end
  if (KIND > 1) begin : gen_check_kind
    $fatal(1, "rom: KIND=%0d is not in 0..1", KIND);
  end
  if (CHUNKS > 26 + 26 * 26) begin : gen_check_letters
    $fatal(1, "rom: DEPTH=%0d takes more chunks than two letters name", DEPTH);
  end

  // Words before a chunk: each is as large as fits what is left.
  function automatic int unsigned base_of(int unsigned chunk);
    int unsigned base, size;
    base = 0;
    size = LARGEST;
    for (int unsigned n = 0; n < chunk; n++) begin
      while (size > ROUNDED - base) size /= 2;
      base += size;
    end
    return base;
  endfunction

  function automatic int unsigned size_of(int unsigned chunk);
    int unsigned size;
    size = LARGEST;
    while (size > ROUNDED - base_of(chunk)) size /= 2;
    return size;
  endfunction

  logic [WIDTH-1:0]      words[CHUNKS];
  logic [CHUNK_BITS-1:0] chunk, chunk_q;

  for (genvar c = 0; c < CHUNKS; c++) begin : gen_chunk
    localparam int unsigned SIZE = size_of(c);
    localparam int unsigned INDEX_BITS = $clog2(SIZE);
    // One letter, or two with the first of them in the high byte.
    localparam int unsigned LETTERS = c < 26 ? 1 : 2;
    localparam logic [8*LETTERS-1:0] NAME =
        (8 * LETTERS)'({8'd96 + 8'(c / 26), 8'd97 + 8'(c % 26)});

    logic [WIDTH-1:0] word_q;

    // Chunks begin at multiples of their size.
    if (KIND == 1) begin : gen_block
      (* rom_style = "block" *) logic [WIDTH-1:0] memory[SIZE];
      initial $readmemh({PREFIX, NAME, ".mem"}, memory);
      always_ff @(posedge clk) if (read_i) word_q <= memory[INDEX_BITS'(address_i)];
    end else begin : gen_lut
      localparam int unsigned LEFT = DEPTH - base_of(c);
      localparam int unsigned WORDS = LEFT < SIZE ? LEFT : SIZE;
      (* rom_style = "distributed" *) logic [WIDTH-1:0] memory[WORDS];
      if (CHUNKS > 1) begin : gen_letter
        initial $readmemh({PREFIX, NAME, ".mem"}, memory);
      end else begin : gen_alone
        initial $readmemh({PREFIX, ".mem"}, memory);
      end
      localparam int unsigned WORD_BITS = WORDS > 1 ? $clog2(WORDS) : 1;
      always_ff @(posedge clk) if (read_i) word_q <= memory[WORD_BITS'(address_i)];
    end

    if (OUTPUT) begin : gen_output
      always_ff @(posedge clk) if (output_i) words[c] <= word_q;
    end else begin : gen_direct
      assign words[c] = word_q;
    end
  end

  always_comb begin
    chunk = '0;
    for (int unsigned c = 1; c < CHUNKS; c++) begin
      if (32'(address_i) >= base_of(c)) chunk = CHUNK_BITS'(c);
    end
  end

  always_ff @(posedge clk) if (read_i) chunk_q <= chunk;

  if (OUTPUT) begin : gen_output
    logic [CHUNK_BITS-1:0] chunk_late_q;
    always_ff @(posedge clk) if (output_i) chunk_late_q <= chunk_q;
    assign word_o = words[chunk_late_q];
  end else begin : gen_direct
    logic unused;
    assign unused = output_i;
    assign word_o = words[chunk_q];
  end
endmodule
