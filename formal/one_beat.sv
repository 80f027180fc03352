// SPDX-License-Identifier: Apache-2.0
// Follows one beat of a stream through a module: it leaves once, in its turn, as it entered.
//
// The solver chooses the beat with `choose_i`, any that enters when none is chosen, so what holds of
// it holds of each. Beats are counted in and out: were one dropped, repeated or overtaken, another than the
// chosen one would leave in its turn, and the solver chooses one that differs.
// Outputs are for invariants that tie the module's state to this account.
module one_beat #(
  parameter int unsigned WIDTH    = 8,  // bits of the payload
  parameter int unsigned CAPACITY = 2,  // beats that the module may hold
  localparam int unsigned BITS = $clog2(CAPACITY + 1)
) (
  input  logic             clk,
  input  logic             rst_n,
  input  logic             choose_i,  // free
  input  logic             enter_i,
  input  logic [WIDTH-1:0] enter_payload_i,
  input  logic             leave_i,
  input  logic [WIDTH-1:0] leave_payload_i,
  output logic [ BITS-1:0] held_o,  // beats inside
  output logic             chosen_o,  // one of them is chosen
  output logic [ BITS-1:0] ahead_o,  // beats in front of it
  output logic [WIDTH-1:0] payload_o  // what it held when it entered
);
  logic leaves;  // the chosen beat

  assign leaves = leave_i && chosen_o && ahead_o == '0;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      held_o   <= '0;
      chosen_o <= 1'b0;
    end else begin
      held_o <= held_o + BITS'(enter_i) - BITS'(leave_i);
      if (chosen_o) begin
        chosen_o <= !leaves;
        ahead_o  <= ahead_o - BITS'(leave_i);
      end else if (choose_i && enter_i) begin
        chosen_o  <= 1'b1;
        ahead_o   <= held_o - BITS'(leave_i);
        payload_o <= enter_payload_i;
      end
    end
  end

  always_comb begin
    if (rst_n) begin
      a_room : assert (32'(held_o) <= CAPACITY);
      if (leave_i) a_not_from_nothing : assert (held_o != '0);
      if (enter_i) a_not_beyond_room : assert (leave_i || 32'(held_o) < CAPACITY);
      if (chosen_o) a_behind_the_first : assert (ahead_o < held_o);
      if (leaves) a_unchanged : assert (leave_payload_i == payload_o);
      c_leaves : cover (leaves && payload_o != '0);
    end
  end
endmodule
