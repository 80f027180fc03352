// SPDX-License-Identifier: Apache-2.0
// Proves `conv_multiply` with `conv_accumulate` behind it for all values and all pairs of pixels:
// neighbouring columns 2n, 2n+1 see every combination of two pixels with every value, and every sum
// is compared, where the odd ones of a pair have the upper bits of the even one in them. RUN
// products are added up before the sum starts anew. `done` rises at the end.
module multiply_bench #(
  parameter int unsigned COLUMNS    = 64,  // a power of 2
  parameter int unsigned BITS       = 8,   // bits of a pixel
  parameter bit          SIGNED     = 0,   // pixels are signed
  parameter int unsigned VALUE_BITS = 8,   // bits of the signed value
  parameter bit          DUAL       = 0,   // neighbouring columns share a DSP slice
  parameter int unsigned FABRIC     = 0,   // columns multiplied in LUTs
  parameter int unsigned RUN        = 16   // products of a sum, a power of 2
) ();
  localparam int unsigned PAIRS = COLUMNS / 2;
  localparam int unsigned PAIR_BITS = 2 * BITS;
  localparam int unsigned PRODUCT_BITS = BITS + VALUE_BITS;
  localparam int unsigned SUM_BITS = PRODUCT_BITS + $clog2(RUN);
  localparam int unsigned PAIRED = DUAL ? (COLUMNS - FABRIC) / 2 * 2 : 0;
  localparam int unsigned LATENCY = 3;

  logic [63:0] checked  /* verilator public_flat_rd */;  // sums
  logic done  /* verilator public_flat_rd */;

  typedef struct {
    logic                         valid;
    logic                         first;
    logic signed [VALUE_BITS-1:0] value;
    logic [COLUMNS*BITS-1:0]      pixels;
  } entry_t;

  logic clk = 1'b0;
  logic valid_q = 1'b1;
  logic [PAIR_BITS-1:0] pair_q = '0;  // pixels of columns 0 and 1
  logic [VALUE_BITS-1:0] value_q = '0;
  entry_t entry, entry_q[LATENCY];
  logic signed [PRODUCT_BITS-1:0] product[COLUMNS];
  logic signed [2*PRODUCT_BITS-1:0] pair[COLUMNS/2+1];
  logic negative;
  logic signed [SUM_BITS-1:0] sum[COLUMNS];
  int expected[COLUMNS];
  logic differs;
  int unsigned beat;  // of one value

  assign beat = 32'(pair_q) / PAIRS;
  always #1 clk = !clk;

  if (1 << PAIR_BITS < PAIRS || $countones(COLUMNS) != 1 || COLUMNS < 2) begin : gen_check_columns
    $fatal(1, "multiply_bench: COLUMNS=%0d is no power of 2 up to 2**(2*BITS+1)", COLUMNS);
  end

  always_comb begin
    entry.valid = valid_q;
    entry.first = beat % RUN == 0;
    // Half of the sums go up and down.
    entry.value = $signed(value_q ^ {VALUE_BITS{beat % 2 == 1 && beat / RUN % 2 == 1}});
    // verilator unroll_full
    for (int unsigned p = 0; p < PAIRS; p++) begin
      entry.pixels[p*PAIR_BITS+:PAIR_BITS] = pair_q + PAIR_BITS'(p);
    end
  end

  conv_multiply #(
    .COLUMNS(COLUMNS),
    .BITS(BITS),
    .SIGNED(SIGNED),
    .VALUE_BITS(VALUE_BITS),
    .DUAL(DUAL),
    .FABRIC(FABRIC)
  ) u_multiply (
    .clk,
    .valid_i(entry.valid),
    .pixels_i(entry.pixels),
    .value_i(entry.value),
    .product_o(product),
    .pair_o(pair),
    .negative_o(negative)
  );

  conv_accumulate #(
    .COLUMNS(COLUMNS),
    .PAIRED(PAIRED),
    .PRODUCT_BITS(PRODUCT_BITS),
    .SUM_BITS(SUM_BITS)
  ) u_accumulate (
    .clk,
    .valid_i(entry_q[1].valid),
    .first_i(entry_q[1].first),
    .product_i(product),
    .pair_i(pair),
    .negative_i(negative),
    .sum_o(sum)
  );

  function automatic int pixel(logic [BITS-1:0] bits);
    return 32'($signed({SIGNED && bits[BITS-1], bits}));
  endfunction

  function automatic int upper(logic signed [SUM_BITS-1:0] below);
    return 32'(below >>> PRODUCT_BITS);
  endfunction

  always_comb begin
    differs = 1'b0;
    // verilator unroll_full
    for (int c = 0; c < int'(COLUMNS); c++) begin
      differs |= 32'(sum[c]) != expected[c]
          + (c % 2 == 1 && c < int'(PAIRED) ? upper(sum[c-1]) : 0);
    end
  end

  always_ff @(posedge clk) begin
    if (valid_q) {value_q, pair_q} <= {value_q, pair_q} + (VALUE_BITS + PAIR_BITS)'(PAIRS);
    if ({value_q, pair_q} == -(VALUE_BITS + PAIR_BITS)'(PAIRS)) valid_q <= 1'b0;
    entry_q[0] <= entry;
    for (int unsigned n = 1; n < LATENCY; n++) entry_q[n] <= entry_q[n-1];
    if (entry_q[1].valid) begin
      // verilator unroll_full
      for (int unsigned c = 0; c < COLUMNS; c++) begin
        expected[c] <= (entry_q[1].first ? 0 : expected[c])
            + 32'(entry_q[1].value) * pixel(entry_q[1].pixels[c*BITS+:BITS]);
      end
    end
    if (entry_q[2].valid) begin
      checked <= checked + 64'(COLUMNS);
      if (differs) $fatal(1, "multiply_bench: a sum differs, value %0d", entry_q[2].value);
    end
    done <= !valid_q && !entry_q[2].valid;
  end

  initial begin
    checked = '0;
    done    = 1'b0;
    for (int unsigned n = 0; n < LATENCY; n++) entry_q[n].valid = 1'b0;
  end
endmodule
