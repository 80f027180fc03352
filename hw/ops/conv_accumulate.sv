// SPDX-License-Identifier: Apache-2.0
// Sums products per column: sum[c] = product[c] + (first ? 0 : sum[c]). Latency 1 cycle.
//
// SUM_BITS holds every sum, from the first product to the last; it may be narrower than a product,
// since two's complement sums are exact modulo 2**SUM_BITS.
//
// The lowest PAIRED columns come in pairs of one number each, S = PRODUCT_BITS apart, whose sum
// H * 2**S + L (H of column 2n+1, L of column 2n) stays one number in one adder, that of the DSP
// slice behind the multiplier. L is longer than S bits: its upper ones are counted here, in a few
// LUTs, by one each time the low S bits wrap. No product is as large as 2**(S-1), so they have
// wrapped if, and only if, the value was negative and their highest bit rose, or it was not and the
// bit fell. Thus for a pair
//
//   sum[2n] = L      sum[2n+1] = H + (L >>> S)
//
// and whoever reads column 2n+1 has to take L >>> S, the upper bits of column 2n, off it.
module conv_accumulate #(
  parameter int unsigned COLUMNS      = 4,   // sums
  parameter int unsigned PAIRED       = 0,   // lowest columns that are in pairs
  parameter int unsigned PRODUCT_BITS = 16,  // bits of a signed product
  parameter int unsigned SUM_BITS     = 20   // bits of a signed sum
) (
  input  logic                             clk,
  input  logic                             valid_i,
  input  logic                             first_i,
  input  logic signed [PRODUCT_BITS-1:0]   product_i[COLUMNS],
  input  logic signed [2*PRODUCT_BITS-1:0] pair_i[COLUMNS/2+1],
  input  logic                             negative_i,  // the value that the pairs are multiples of
  output logic signed [SUM_BITS-1:0]       sum_o[COLUMNS]
);
  localparam int unsigned PAIR_BITS = PRODUCT_BITS + SUM_BITS;  // of the sum of a pair
  localparam int unsigned WRAP_BITS = SUM_BITS > PRODUCT_BITS ? SUM_BITS - PRODUCT_BITS : 1;
  localparam int unsigned PAIRS = PAIRED / 2;

  logic signed [SUM_BITS-1:0]  single[COLUMNS], single_q[COLUMNS];  // the paired are not used
  logic signed [PAIR_BITS-1:0] pair[PAIRS+1], pair_q[PAIRS+1];      // the last is not used
  logic                        valid_q, first_q, negative_q;
  logic [PAIRS:0]              top, top_q;          // highest of the low bits, and the one before
  logic [PAIRS:0]              rose, fell;
  logic [WRAP_BITS-1:0]        wraps[PAIRS+1], wraps_q[PAIRS+1];

  // Whole arrays are assigned and loops unrolled: simulators make vector instructions of that, and
  // synthesizers registers. Synthesizers put the choice of `first` into the adder.
  always_comb begin
    single = '{default: '0};
    pair   = '{default: '0};
    // verilator unroll_full
    for (int c = int'(PAIRED); c < int'(COLUMNS); c++) begin
      single[c] = SUM_BITS'(product_i[c]) + (first_i ? '0 : single_q[c]);
    end
    // verilator unroll_full
    for (int p = 0; p < int'(PAIRS); p++) begin
      pair[p] = PAIR_BITS'(pair_i[p]) + (first_i ? '0 : pair_q[p]);
    end
  end

  always_ff @(posedge clk) begin
    if (valid_i) begin
      single_q <= single;
      pair_q   <= pair;
    end
  end

  always_comb begin
    wraps = '{default: '0};
    top   = '0;
    rose  = '0;
    fell  = '0;
    // verilator unroll_full
    for (int p = 0; p < int'(PAIRS); p++) begin
      top[p]   = pair_q[p][PRODUCT_BITS-1];
      rose[p]  = negative_q && top[p] && (first_q || !top_q[p]);
      fell[p]  = !negative_q && !top[p] && !first_q && top_q[p];
      wraps[p] = (first_q ? '0 : wraps_q[p]) + WRAP_BITS'($signed({rose[p], rose[p] | fell[p]}));
    end
  end

  always_ff @(posedge clk) begin
    valid_q <= valid_i;
    if (valid_i) begin
      first_q    <= first_i;
      negative_q <= negative_i;
    end
    if (valid_q) begin
      top_q   <= top;
      wraps_q <= wraps;
    end
  end

  always_comb begin
    sum_o = single_q;
    // verilator unroll_full
    for (int p = 0; p < int'(PAIRS); p++) begin
      sum_o[2*p]   = SUM_BITS'({wraps[p], pair_q[p][PRODUCT_BITS-1:0]});
      sum_o[2*p+1] = pair_q[p][PAIR_BITS-1:PRODUCT_BITS];
    end
  end
endmodule
