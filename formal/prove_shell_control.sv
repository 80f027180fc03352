// SPDX-License-Identifier: Apache-2.0
// Proof of `shell_control` between any software and any reader and writer that end the runs they
// were given: each run that is taken has its end told once; never more than RUNS are taken and not
// told; a run's images are asked for once, its weights before the first; one without frames or with
// a crooked address asks for nothing and never overtakes a run; nothing is taken while stopped or
// without a start; done stays until it is acknowledged.
module prove_shell_control #(
  parameter int unsigned LOAD_WORDS = 0,  // of weights; 0: none
  parameter int unsigned RUNS       = 8  // taken, end not told
) (
  input logic        clk,
  input logic        rst_n,
  input logic        stop_i,
  input logic        start_i,
  input logic        continue_i,
  input logic        auto_restart_i,
  input logic [ 5:0] images_i,
  input logic [ 5:0] logits_i,
  input logic [ 5:0] weights_i,
  input logic [31:0] frames_i,
  input logic        reader_ready_i,
  input logic        run_done_i
);
  typedef logic [5:0] count_t;

  logic taken_o, misaligned_o, done_o, done_event_o, busy_o, idle_o, begin_o;
  logic fetch_weights_o, fetch_o, started_q = 1'b0;
  logic images, crooked, acknowledged, was_done_q;
  logic loaded_q;  // weights were asked for
  count_t working_q;  // runs whose images were asked for, whose logits are not all in memory
  count_t untold_q;  // runs that were taken, their end not told

  assign images       = fetch_o && !fetch_weights_o;
  assign crooked      = images_i != '0 || logits_i != '0
                        || (LOAD_WORDS != 0 && !loaded_q && weights_i != '0);
  assign acknowledged = continue_i || auto_restart_i;

  always_ff @(posedge clk) begin
    started_q <= 1'b1;
    if (!rst_n) begin
      {working_q, untold_q, loaded_q, was_done_q} <= '0;
    end else begin
      loaded_q   <= loaded_q || fetch_weights_o;
      working_q  <= working_q + count_t'(images) - count_t'(run_done_i);
      untold_q   <= untold_q + count_t'(taken_o) - count_t'(done_event_o);
      was_done_q <= done_o && !acknowledged;
    end
  end

  shell_control #(
    .LOAD_WORDS(LOAD_WORDS),
    .RUNS      (RUNS)
  ) u_dut (.*);

  always_comb begin
    if (!started_q) assume (!rst_n);
    if (rst_n) begin
      // Reader and writer end only what they were given.
      if (run_done_i) assume (working_q != '0);

      a_working : assert (32'(u_dut.active_q) == 32'(working_q) && working_q <= untold_q);
      a_untold : assert (32'(u_dut.taken_q) == 32'(untold_q) && 32'(untold_q) <= RUNS);
      a_loaded : assert (u_dut.loaded_q == (LOAD_WORDS == 0 || loaded_q));
      if (done_event_o) a_a_run_ended : assert (untold_q > working_q && !done_o);
      if (untold_q > working_q && !done_o) a_its_end_is_told : assert (done_event_o);
      if (was_done_q) a_done_stays : assert (done_o);
      if (fetch_weights_o) a_weights_once : assert (LOAD_WORDS != 0 && !loaded_q && !taken_o);
      if (images) begin
        a_images_of_a_run : assert (taken_o && (LOAD_WORDS == 0 || loaded_q));
        a_there_are_some : assert (frames_i != '0 && !crooked);
      end
      if (fetch_o) a_not_crooked : assert (reader_ready_i && frames_i != '0 && !crooked);
      if (taken_o || fetch_o) a_asked_for : assert (start_i && !stop_i);
      if (taken_o && !images) a_overtakes_none : assert (working_q == '0 && !fetch_o);
      a_misaligned : assert (misaligned_o == (taken_o && crooked));
      a_idle : assert (idle_o == (!start_i && working_q == '0) && busy_o == (working_q != '0));
      // What can be taken is.
      if (start_i && !stop_i && 32'(untold_q) < RUNS && working_q == '0 && reader_ready_i) begin
        a_goes_on : assert (taken_o || fetch_weights_o);
      end
      c_all_taken : cover (32'(untold_q) == RUNS && working_q == 2);
      c_crooked : cover (misaligned_o && done_o);
    end
  end
endmodule
