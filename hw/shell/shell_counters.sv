// SPDX-License-Identifier: Apache-2.0
// What is measured while runs are at work: cycles of a run, cycles between frames, frames.
module shell_counters #(
  parameter int unsigned CYCLE_BITS = 48  // of a run's cycles
) (
  input  logic                  clk,
  input  logic                  rst_n,
  input  logic                  begin_i,  // a run begins
  input  logic                  busy_i,  // a run is at work
  input  logic                  last_logit_i,  // a frame's last logit leaves the network
  input  logic                  first_frame_i,  // of a run, that frame is
  input  logic                  frame_done_i,  // a frame's logits are where they are to be
  output logic [CYCLE_BITS-1:0] cycles_o,  // since the run began, until it ended
  output logic [          31:0] frame_cycles_o,  // between the last two last logits of a run, or 0
  output logic [          31:0] frames_o  // since reset
);
  logic [31:0] since_q;  // the last last logit

  always_ff @(posedge clk) begin
    if (begin_i || !rst_n) cycles_o <= '0;
    else cycles_o <= cycles_o + CYCLE_BITS'(busy_i);
  end

  always_ff @(posedge clk) begin
    if (last_logit_i) since_q <= 32'd1;
    else since_q <= since_q + 1'b1;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      frame_cycles_o <= '0;
      frames_o       <= '0;
    end else begin
      if (last_logit_i) frame_cycles_o <= first_frame_i ? '0 : since_q;
      frames_o <= frames_o + 32'(frame_done_i);
    end
  end
endmodule
