// SPDX-License-Identifier: Apache-2.0
// Asserts that tlast accompanies every BEATS-th beat of a stream and no other. Nothing relies on
// tlast, so this is all that ever reads it; nothing remains in synthesis without assertions (Yosys
// keeps them, and what they read, unless told `read_slang --ignore-assertions`).
module frame_check #(
  parameter int unsigned BEATS = 1  // beats of a frame
) (
  input logic clk,
  input logic rst_n,
  input logic taken_i,  // a beat is taken
  input logic tlast_i  // its tlast
);
  int unsigned beat_q;

  always_ff @(posedge clk) begin
    if (!rst_n) beat_q <= 0;
    else if (taken_i) beat_q <= beat_q == BEATS - 1 ? 0 : beat_q + 1;
  end

  always_ff @(posedge clk) begin
    if (rst_n && taken_i) begin
      a_last : assert (tlast_i == (beat_q == BEATS - 1))
      else $fatal(1, "%m: tlast is %0d with beat %0d of %0d", tlast_i, beat_q, BEATS);
    end
  end
endmodule
