// SPDX-License-Identifier: Apache-2.0
// Queue of one lane's partial sums, COLUMNS in at a time, DRAIN out at a time.
//
// `read_i` puts group `group_i` (DRAIN columns) of the oldest entry into the output register,
// 1 cycle later; `pop_i` drops the entry. The column multiplexer sits here, before the adder tree,
// so that the tree is DRAIN columns wide. There is no ready: the sender holds credits.
//
// Of the lowest PAIRED columns the odd ones come with the upper bits (those from LOW_BITS on) of
// the column below added to them (`conv_accumulate`); they leave without.
module conv_queue #(
  parameter int unsigned COLUMNS  = 4,   // sums of an entry
  parameter int unsigned DRAIN    = 1,   // sums read at a time
  parameter int unsigned SUM_BITS = 20,  // bits of a signed sum
  parameter int unsigned PAIRED   = 0,   // lowest columns that are in pairs
  parameter int unsigned LOW_BITS = 16,  // bits of a column that its neighbour does not have in it
  parameter int unsigned DEPTH    = 32,  // entries
  localparam int unsigned GROUPS     = (COLUMNS + DRAIN - 1) / DRAIN,
  localparam int unsigned GROUP_BITS = GROUPS > 1 ? $clog2(GROUPS) : 1
) (
  input  logic                       clk,
  input  logic                       rst_n,
  input  logic                       push_i,
  input  logic signed [SUM_BITS-1:0] sum_i[COLUMNS],
  output logic                       valid_o,            // there is an entry
  input  logic                       read_i,
  input  logic [GROUP_BITS-1:0]      group_i,
  input  logic                       pop_i,
  output logic signed [SUM_BITS-1:0] sum_o[DRAIN]
);
  if (DEPTH < 2) begin : gen_check_depth
    $fatal(1, "conv_queue: DEPTH=%0d is less than 2", DEPTH);
  end

  localparam int unsigned UPPER_BITS = SUM_BITS > LOW_BITS ? SUM_BITS - LOW_BITS : 1;
  localparam int unsigned ENTRY_BITS = COLUMNS * SUM_BITS;
  localparam int unsigned GROUPED_BITS = GROUPS * DRAIN * SUM_BITS;
  localparam int unsigned ADDRESS_BITS = $clog2(DEPTH);
  localparam int unsigned LEVEL_BITS = $clog2(DEPTH + 1);
  localparam logic [ADDRESS_BITS-1:0] LAST = ADDRESS_BITS'(DEPTH - 1);

  (* ram_style = "distributed" *) logic [ENTRY_BITS-1:0] memory_q[DEPTH];
  logic [ENTRY_BITS-1:0]   entry;
  logic [GROUPED_BITS-1:0] head;
  logic [GROUPS*DRAIN*UPPER_BITS-1:0] upper;  // what is too much in each column
  logic signed [SUM_BITS-1:0]   column_q[DRAIN];
  logic signed [UPPER_BITS-1:0] upper_q[DRAIN];
  logic [ADDRESS_BITS-1:0] write_q, read_q;
  logic [LEVEL_BITS-1:0]   level_q;

  assign valid_o = level_q != '0;
  for (genvar c = 0; c < COLUMNS; c++) begin : gen_column
    assign entry[c*SUM_BITS+:SUM_BITS] = sum_i[c];
  end
  assign head    = GROUPED_BITS'(memory_q[read_q]);

  always_comb begin
    upper = '0;
    // verilator unroll_full
    for (int c = 1; c < int'(PAIRED); c += 2) begin
      upper[c*UPPER_BITS+:UPPER_BITS] = head[c*SUM_BITS-1-:UPPER_BITS];
    end
  end

  always_ff @(posedge clk) begin
    if (push_i) memory_q[write_q] <= entry;
    if (read_i) begin
      for (int unsigned d = 0; d < DRAIN; d++) begin
        column_q[d] <= head[(32'(group_i)*DRAIN+d)*SUM_BITS+:SUM_BITS];
        upper_q[d]  <= upper[(32'(group_i)*DRAIN+d)*UPPER_BITS+:UPPER_BITS];
      end
    end
  end

  always_comb begin
    for (int unsigned d = 0; d < DRAIN; d++) sum_o[d] = column_q[d] - SUM_BITS'(upper_q[d]);
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      write_q <= '0;
      read_q  <= '0;
      level_q <= '0;
    end else begin
      if (push_i) write_q <= write_q == LAST ? '0 : write_q + 1'b1;
      if (pop_i) read_q <= read_q == LAST ? '0 : read_q + 1'b1;
      level_q <= level_q + LEVEL_BITS'(push_i) - LEVEL_BITS'(pop_i);
    end
  end

  always_ff @(posedge clk) begin
    if (rst_n) begin
      a_push : assert (!push_i || 32'(level_q) < DEPTH) else $fatal(1, "conv_queue: overflow");
      a_pop : assert (!(pop_i || read_i) || valid_o) else $fatal(1, "conv_queue: underflow");
    end
  end
endmodule
