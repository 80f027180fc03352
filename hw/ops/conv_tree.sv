// SPDX-License-Identifier: Apache-2.0
// Adds the partial sums of all lanes: sum[d] = sum over l of sum_i[l][d].
//
// One register a level, $clog2(LANES) cycles (0 for one lane). Two's complement sums are exact
// modulo 2**SUM_BITS, and SUM_BITS holds the total.
module conv_tree #(
  parameter int unsigned LANES    = 3,  // addends
  parameter int unsigned DRAIN    = 1,  // sums at a time
  parameter int unsigned SUM_BITS = 20  // bits of a signed sum
) (
  input  logic                       clk,
  input  logic                       rst_n,
  input  logic                       valid_i,
  input  logic signed [SUM_BITS-1:0] sum_i[LANES][DRAIN],
  output logic                       valid_o,
  output logic signed [SUM_BITS-1:0] sum_o[DRAIN]
);
  localparam int unsigned LEVELS = $clog2(LANES);

  for (genvar v = 0; v < LEVELS; v++) begin : gen_level
    localparam int unsigned FROM = (LANES + (1 << v) - 1) >> v;  // addends of this level
    localparam int unsigned TO = (FROM + 1) / 2;

    logic                       valid, valid_q;
    logic signed [SUM_BITS-1:0] addend[FROM][DRAIN];
    logic signed [SUM_BITS-1:0] sum_q[TO][DRAIN];

    if (v == 0) begin : gen_first
      assign valid  = valid_i;
      assign addend = sum_i;
    end else begin : gen_next
      assign valid  = gen_level[v-1].valid_q;
      assign addend = gen_level[v-1].sum_q;
    end

    always_ff @(posedge clk) begin
      if (valid) begin
        for (int unsigned i = 0; i < FROM / 2; i++) begin
          for (int unsigned d = 0; d < DRAIN; d++) sum_q[i][d] <= addend[2*i][d] + addend[2*i+1][d];
        end
        if (FROM % 2 == 1) sum_q[TO-1] <= addend[FROM-1];
      end
    end

    always_ff @(posedge clk) begin
      if (!rst_n) valid_q <= 1'b0;
      else valid_q <= valid;
    end
  end

  if (LEVELS == 0) begin : gen_wire
    logic unused;
    assign unused  = clk ^ rst_n;
    assign valid_o = valid_i;
    assign sum_o   = sum_i[0];
  end else begin : gen_tree
    assign valid_o = gen_level[LEVELS-1].valid_q;
    assign sum_o   = gen_level[LEVELS-1].sum_q[0];
  end
endmodule
