// SPDX-License-Identifier: Apache-2.0
// A constant that the solver chooses: what the free input is in the first cycle.
// (Yosys has `anyconst` for this; its SystemVerilog front end slang drops it.)
module any_constant #(
  parameter int unsigned WIDTH = 1  // bits of the constant
) (
  input  logic             clk,
  input  logic [WIDTH-1:0] any_i,
  output logic [WIDTH-1:0] value_o
);
  logic             chosen_q = 1'b0;
  logic [WIDTH-1:0] value_q;

  assign value_o = chosen_q ? value_q : any_i;

  always_ff @(posedge clk) begin
    chosen_q <= 1'b1;
    value_q  <= value_o;
  end
endmodule
