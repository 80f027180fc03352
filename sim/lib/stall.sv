// SPDX-License-Identifier: Apache-2.0
// Random stalls: `stall_o` is high with a probability of about stall_i/256 per cycle.
//
// One stall in sixteen is drawn out to up to 64 cycles, because queues only run full or dry when
// their neighbour is away for long. stall_i == 0 never stalls. The sequence depends on seed_i only.
module stall (
  input  logic        clk,
  input  logic        rst_n,
  input  logic [7:0]  stall_i,
  input  logic [31:0] seed_i,
  output logic        stall_o
);
  logic [31:0] state_q;  // xorshift32
  logic [ 5:0] left_q;  // cycles left of a long stall
  logic        hit;

  assign hit = state_q[7:0] < stall_i;
  assign stall_o = hit || left_q != 0;

  function automatic logic [31:0] next(logic [31:0] x);
    logic [31:0] y;
    y = x ^ (x << 13);
    y = y ^ (y >> 17);
    return y ^ (y << 5);
  endfunction

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      // The multiplication spreads small seeds over all bits; an even product plus one is never 0.
      state_q <= ((seed_i * 32'h9e37_79b1) << 1) + 32'd1;
      left_q  <= '0;
    end else begin
      state_q <= next(state_q);
      if (left_q != 0) left_q <= left_q - 6'd1;
      else if (hit && state_q[11:8] == 0) left_q <= state_q[17:12];
    end
  end
endmodule
