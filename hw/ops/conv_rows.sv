// SPDX-License-Identifier: Apache-2.0
// Starts output rows: keeps count of the input rows in the ring and places the kernel on them.
//
// Output row y reads input rows y*STRIDE - PAD + 0..KERNEL-1 of its frame. It starts when those
// that exist have arrived (and with STRIDE > KERNEL the rows to be skipped before the next window)
// and every lane has issued its last weight of row y-1; the last row of a frame waits for the whole
// frame. Rows that no later output row reads are released when the row that read them is done. The
// ring rolls on across frames: the first rows of a frame arrive while the last ones of the frame
// before are still at work.
//
// Timing, with the decision to start in cycle 0: `start_o` in cycle 1, first weight issued in
// cycle 2, bases and mask change for cycle 5 (the first weight needs them in cycle 7; the last one
// of the row before, issued in cycle -1, in cycle 4 at the latest). The next decision falls in the
// cycle after the last weight's issue, not before cycle 5. So a row costs 2 cycles on top of its
// issue slots. Rows are released 4 cycles after the decision cycle: a row that arrives then is
// written from cycle 6 on, and their last word is read in cycle 5.
module conv_rows #(
  parameter int unsigned IN_HEIGHT  = 6,  // rows of an input frame
  parameter int unsigned OUT_HEIGHT = 6,  // rows of an output frame
  parameter int unsigned KERNEL     = 3,  // side of the kernel
  parameter int unsigned STRIDE     = 1,  // step of the window
  parameter int unsigned PAD        = 1,  // zero rows above the frame
  parameter int unsigned RING       = 4,  // rows of the ring
  parameter int unsigned ROW_WORDS  = 4,  // words of one row in a bank
  localparam int unsigned ADDRESS_BITS = $clog2(RING * ROW_WORDS)
) (
  input  logic                    clk,
  input  logic                    rst_n,
  input  logic                    row_i,         // an input row has arrived
  output logic                    room_o,        // another may arrive
  input  logic                    busy_i,        // a lane has weights to issue
  output logic                    start_o,       // lanes: begin a row
  output logic [ADDRESS_BITS-1:0] base_o[KERNEL],  // first word of the input row at each kernel row
  output logic [KERNEL-1:0]       mask_o         // kernel rows that lie inside the frame
);
  localparam int unsigned REACH = KERNEL > STRIDE ? KERNEL : STRIDE;  // rows read or skipped
  localparam int unsigned SPAN = IN_HEIGHT + KERNEL + STRIDE + RING;  // bounds every row number
  localparam int unsigned ROW_BITS = $clog2(SPAN + 1) + 1;            // and leaves room for a sign
  localparam int unsigned HELD_BITS = $clog2(RING + 1);
  localparam int unsigned SLOT_BITS = RING > 1 ? $clog2(RING) : 1;
  localparam int unsigned SETTLE = 4;  // cycles from a start until the counters know of it
  localparam int unsigned RELEASE = 3;  // registers between a row's end and the count of rows held
  // Steps of the window's ring slot: from row to row, and from the last row to the next frame.
  localparam int unsigned JUMP =
      (IN_HEIGHT + RING * OUT_HEIGHT * STRIDE - (OUT_HEIGHT - 1) * STRIDE) % RING;
  localparam int unsigned FIRST_SLOT = (RING - PAD) % RING;

  // The last row of a frame waits for the whole frame.
  localparam int unsigned LAST = IN_HEIGHT + PAD - (OUT_HEIGHT - 1) * STRIDE;
  localparam int unsigned LEAST = LAST > REACH ? LAST : REACH;

  if (RING < LEAST) begin : gen_check_ring
    $fatal(1, "conv_rows: RING=%0d is less than %0d", RING, LEAST);
  end

  typedef logic signed [ROW_BITS-1:0] row_t;
  typedef logic [SLOT_BITS-1:0] slot_t;

  row_t                 y_q, top_q, arrived_q, need_q;
  row_t                 next_y, next_top, next_free, oldest;
  slot_t                slot_q;
  logic [HELD_BITS-1:0] held_q, frees_q;
  logic [HELD_BITS-1:0] release_q[RELEASE];
  logic [2:0]           settle_q;
  logic                 running_q, done, start, turn, last;

  function automatic slot_t slot_after(slot_t slot, int unsigned step);
    int unsigned sum;
    sum = 32'(slot) + step;
    return slot_t'(sum >= RING ? sum - RING : sum);
  endfunction

  function automatic row_t positive(row_t row);
    return row < 0 ? '0 : row;
  endfunction

  assign room_o = 32'(held_q) < RING;
  assign done   = running_q && !busy_i && settle_q == '0;
  assign start  = (done || !running_q) && !busy_i && arrived_q >= need_q;
  assign turn   = settle_q == 3'd1;

  assign last      = y_q == row_t'(OUT_HEIGHT - 1);
  assign next_y    = last ? '0 : y_q + 1'b1;
  assign next_top  = last ? -row_t'(PAD) : top_q + row_t'(STRIDE);
  assign oldest    = positive(top_q);
  assign next_free = last ? row_t'(IN_HEIGHT) : positive(top_q + row_t'(STRIDE));

  function automatic row_t rows_needed(row_t y, row_t top);
    row_t bottom;
    bottom = top + row_t'(REACH);
    return y == row_t'(OUT_HEIGHT - 1) || bottom > row_t'(IN_HEIGHT) ? row_t'(IN_HEIGHT) : bottom;
  endfunction

  always_ff @(posedge clk) begin
    if (turn) begin
      for (int unsigned k = 0; k < KERNEL; k++) begin
        base_o[k] <= ADDRESS_BITS'(32'(slot_after(slot_q, k)) * ROW_WORDS);
        mask_o[k] <= top_q + row_t'(k) >= 0 && top_q + row_t'(k) < row_t'(IN_HEIGHT);
      end
      frees_q <= HELD_BITS'(next_free - oldest);
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      y_q            <= '0;
      top_q          <= -row_t'(PAD);
      slot_q         <= slot_t'(FIRST_SLOT);
      need_q         <= rows_needed('0, -row_t'(PAD));
      arrived_q      <= '0;
      held_q         <= '0;
      release_q      <= '{default: '0};
      settle_q       <= '0;
      running_q      <= 1'b0;
      start_o        <= 1'b0;
    end else begin
      start_o        <= start;
      running_q      <= start || (running_q && !done);
      release_q[0]   <= done ? frees_q : '0;
      for (int unsigned i = 1; i < RELEASE; i++) release_q[i] <= release_q[i-1];
      held_q         <= held_q + HELD_BITS'(row_i) - release_q[RELEASE-1];
      arrived_q      <= arrived_q + row_t'({1'b0, row_i}) - (turn && last ? row_t'(IN_HEIGHT) : '0);
      if (start) settle_q <= 3'(SETTLE);
      else if (settle_q != '0) settle_q <= settle_q - 1'b1;
      if (turn) begin
        y_q    <= next_y;
        top_q  <= next_top;
        slot_q <= slot_after(slot_q, last ? JUMP : STRIDE);
        need_q <= rows_needed(next_y, next_top);
      end
    end
  end

  always_ff @(posedge clk) begin
    if (rst_n) begin
      a_held : assert (32'(held_q) <= RING) else $fatal(1, "conv_rows: more rows than the ring");
      a_release : assert (release_q[RELEASE-1] <= held_q)
        else $fatal(1, "conv_rows: released too much");
      a_arrived : assert (arrived_q >= 0) else $fatal(1, "conv_rows: frame ended early");
    end
  end
endmodule
