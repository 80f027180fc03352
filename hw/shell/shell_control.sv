// SPDX-License-Identifier: Apache-2.0
// Takes runs and tells their ends, as ap_ctrl_chain has it.
//
// A start is taken when all of the reader's requests are out, which may be while runs before it are
// at work: its images follow theirs. Up to RUNS runs may be taken whose end is not yet told. The
// first run after a reset has the weights fetched before its images, if there are any. A run without
// frames or with an address that is no multiple of 64 touches no memory; it is taken when all runs
// before it have ended, and ends at once.
module shell_control #(
  parameter int unsigned LOAD_WORDS = 0,  // of weights; 0: none
  parameter int unsigned RUNS       = 8  // taken, end not told
) (
  input  logic        clk,
  input  logic        rst_n,
  input  logic        stop_i,  // take nothing
  // registers
  input  logic        start_i,
  input  logic        continue_i,
  input  logic        auto_restart_i,
  input  logic [ 5:0] images_i,  // low bits of the addresses
  input  logic [ 5:0] logits_i,
  input  logic [ 5:0] weights_i,
  input  logic [31:0] frames_i,
  output logic        taken_o,  // a run, in this cycle
  output logic        misaligned_o,  // and an address is why it ends at once
  output logic        done_o,
  output logic        done_event_o,  // done_o rises
  output logic        busy_o,  // a run is at work
  output logic        idle_o,  // and none waits
  output logic        begin_o,  // a run begins, none was at work; or the next one is the oldest now
  // reader and logits
  input  logic        reader_ready_i,
  output logic        fetch_weights_o,  // in this cycle; else, if fetch_o, images
  output logic        fetch_o,
  input  logic        run_done_i  // the oldest run's logits are in memory
);
  localparam int unsigned COUNT_BITS = $clog2(RUNS + 1);

  if (RUNS < 2) begin : gen_check_runs
    $fatal(1, "shell_control: RUNS=%0d is less than 2", RUNS);
  end

  logic [COUNT_BITS-1:0] taken_q;  // runs whose end is not told
  logic [COUNT_BITS-1:0] active_q;  // of them, those at work
  logic loaded_q;  // weights are asked for, or there are none
  logic misaligned, empty, room, take_run, take_empty;

  assign misaligned      = images_i != '0 || logits_i != '0 ||
                           (!loaded_q && weights_i != '0);
  assign empty           = frames_i == '0 || misaligned;
  assign room            = start_i && !stop_i && taken_q != COUNT_BITS'(RUNS);
  assign fetch_o         = room && !empty && reader_ready_i;
  assign fetch_weights_o = fetch_o && !loaded_q;
  assign take_run        = fetch_o && loaded_q;
  assign take_empty      = room && empty && !busy_o;
  assign taken_o         = take_run || take_empty;
  assign misaligned_o    = take_empty && misaligned;
  assign busy_o          = active_q != '0;
  assign idle_o          = !start_i && !busy_o;
  assign begin_o         = (taken_o && !busy_o) || (run_done_i && active_q != COUNT_BITS'(1));
  assign done_event_o    = !done_o && taken_q != active_q;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      taken_q  <= '0;
      active_q <= '0;
      loaded_q <= LOAD_WORDS == 0;
      done_o   <= 1'b0;
    end else begin
      taken_q  <= taken_q + COUNT_BITS'(taken_o) - COUNT_BITS'(done_event_o);
      active_q <= active_q + COUNT_BITS'(take_run) - COUNT_BITS'(run_done_i);
      loaded_q <= loaded_q || fetch_weights_o;
      done_o   <= done_event_o || (done_o && !continue_i && !auto_restart_i);
    end
  end

  always_ff @(posedge clk) begin
    if (rst_n) begin
      a_active : assert (active_q <= taken_q && 32'(taken_q) <= RUNS)
      else $fatal(1, "shell_control: more runs are at work than were taken");
      a_done : assert (!run_done_i || busy_o) else $fatal(1, "shell_control: no run could end");
    end
  end
endmodule
