// SPDX-License-Identifier: Apache-2.0
// Proof of `regroup`: each pixel of each row leaves once, at its place in its row; output beats come
// as soon as their pixels are inside, and stay until taken; tlast ends the frame; the queue never
// over- or underflows, and never blocks for good.
//
// Counts rows and beats on both sides by itself. The solver chooses a row as it enters; the row that
// leaves in its turn has to show its pixels.
module prove_regroup #(
  parameter int unsigned CHANNELS = 1,  // channels
  parameter int unsigned HEIGHT = 2,  // rows of a frame
  parameter int unsigned WIDTH = 4,  // pixels of a row
  parameter int unsigned IN_COLUMNS = 1,  // pixels of an input beat
  parameter int unsigned OUT_COLUMNS = 2,  // pixels of an output beat
  parameter int unsigned BITS = 2  // bits of a pixel
) (
  input logic                       clk,
  input logic                       rst_n,
  input logic                       s_axis_tvalid,
  input logic [IN_COLUMNS*BITS-1:0] s_axis_tdata,
  input logic                       m_axis_tready,
  input logic                       choose_i
);
  // Few rows are inside at a time, so all numbers are small; the number of a row may wrap.
  typedef logic [9:0] count_t;

  localparam int unsigned SEGMENTS = (WIDTH + IN_COLUMNS - 1) / IN_COLUMNS;
  localparam int unsigned OUT_SEGMENTS = (WIDTH + OUT_COLUMNS - 1) / OUT_COLUMNS;
  localparam int unsigned ROW_COLUMNS = OUT_SEGMENTS * OUT_COLUMNS;  // padding included
  localparam int unsigned ROWS = HEIGHT * CHANNELS;
  localparam int unsigned QUEUE = u_dut.CAPACITY * u_dut.UNIT;  // columns
  localparam int unsigned MOST_ROWS = QUEUE / ROW_COLUMNS + 1;  // that have begun to enter

  logic s_axis_tready, s_axis_tlast, m_axis_tvalid, m_axis_tlast;
  logic [OUT_COLUMNS*BITS-1:0] m_axis_tdata;
  logic push, pop, started_q = 1'b0;
  // Rows begun, beats of the present row, rows of the present frame.
  count_t in_row_q, in_segment_q, in_frame_row_q;
  count_t out_row_q, out_segment_q, out_frame_row_q;
  count_t rows;  // that have entered, not all of the last output beat has left
  logic chosen_q, chosen;
  count_t chosen_row_q, ahead;
  logic [WIDTH-1:0] entered_q;  // columns of the chosen row
  logic [WIDTH*BITS-1:0] pixels_q;  // of the chosen row
  logic [QUEUE*BITS-1:0] queue;
  logic misplaced, miscounted, wrong;

  assign push         = s_axis_tvalid && s_axis_tready;
  assign pop          = m_axis_tvalid && m_axis_tready;
  assign s_axis_tlast = 32'(in_segment_q) == SEGMENTS - 1 && 32'(in_frame_row_q) == ROWS - 1;
  assign rows         = in_row_q - out_row_q;
  assign ahead        = chosen_row_q - out_row_q;
  assign chosen       = !chosen_q && choose_i && push && in_segment_q == '0;

  always_ff @(posedge clk) begin
    started_q <= 1'b1;
    if (!rst_n) begin
      {in_row_q, in_segment_q, in_frame_row_q}    <= '0;
      {out_row_q, out_segment_q, out_frame_row_q} <= '0;
      chosen_q                                    <= 1'b0;
    end else begin
      if (push) begin
        in_segment_q <= in_segment_q + 1'b1;
        if (32'(in_segment_q) == SEGMENTS - 1) begin
          in_segment_q   <= '0;
          in_row_q       <= in_row_q + 1'b1;
          in_frame_row_q <= 32'(in_frame_row_q) == ROWS - 1 ? '0 : in_frame_row_q + 1'b1;
        end
      end
      if (pop) begin
        out_segment_q <= out_segment_q + 1'b1;
        if (32'(out_segment_q) == OUT_SEGMENTS - 1) begin
          out_segment_q   <= '0;
          out_row_q       <= out_row_q + 1'b1;
          out_frame_row_q <= 32'(out_frame_row_q) == ROWS - 1 ? '0 : out_frame_row_q + 1'b1;
          if (ahead == '0) chosen_q <= 1'b0;
        end
      end
      if (chosen) begin
        chosen_q     <= 1'b1;
        chosen_row_q <= in_row_q;
        entered_q    <= '0;
      end
      if (push && (chosen || chosen_q && ahead == rows))
        for (int unsigned c = 0; c < WIDTH; c++)
          if (32'(in_segment_q) == c / IN_COLUMNS) begin
            entered_q[c]             <= 1'b1;
            pixels_q[c*BITS+:BITS] <= s_axis_tdata[c%IN_COLUMNS*BITS+:BITS];
          end
    end
  end

  regroup #(
    .CHANNELS   (CHANNELS),
    .HEIGHT     (HEIGHT),
    .WIDTH      (WIDTH),
    .IN_COLUMNS (IN_COLUMNS),
    .OUT_COLUMNS(OUT_COLUMNS),
    .BITS       (BITS)
  ) u_dut (.*);

  // Padding is garbage, but stays too.
  stream_rule #(
    .WIDTH(OUT_COLUMNS * BITS + 1)
  ) u_rule (
    .clk,
    .rst_n,
    .tvalid_i (m_axis_tvalid),
    .tready_i (m_axis_tready),
    .payload_i({m_axis_tlast, m_axis_tdata})
  );

  for (genvar u = 0; u < u_dut.CAPACITY; u++) begin : gen_queue
    assign queue[u*u_dut.UNIT*BITS+:u_dut.UNIT*BITS] = u_dut.units_q[u];
  end

  always_comb begin
    miscounted = 1'b0;
    misplaced  = 1'b0;
    wrong      = 1'b0;
    for (int unsigned s = 0; s < OUT_SEGMENTS; s++)
      if (32'(out_segment_q) == s)
        for (int unsigned c = 0; c < WIDTH; c++) begin
          for (int unsigned a = 0; a <= MOST_ROWS; a++)
            if (32'(ahead) == a && entered_q[c] && a * ROW_COLUMNS + c >= s * OUT_COLUMNS)
              if (a * ROW_COLUMNS + c >= s * OUT_COLUMNS + QUEUE) misplaced = 1'b1;
              else if (queue[(a*ROW_COLUMNS+c-s*OUT_COLUMNS)*BITS+:BITS] != pixels_q[c*BITS+:BITS])
                misplaced = 1'b1;
          if (c / OUT_COLUMNS == s && ahead == '0)
            if (!entered_q[c]
                || m_axis_tdata[c%OUT_COLUMNS*BITS+:BITS] != pixels_q[c*BITS+:BITS])
              wrong = 1'b1;
        end
    for (int unsigned c = 0; c < WIDTH; c++)
      if (entered_q[c] != (ahead != rows || c / IN_COLUMNS < 32'(in_segment_q))) miscounted = 1'b1;
  end

  always_comb begin
    if (!started_q) assume (!rst_n);
    if (rst_n) begin
      a_in : assert (32'(in_segment_q) < SEGMENTS && 32'(in_frame_row_q) < ROWS);
      a_out : assert (32'(out_segment_q) < OUT_SEGMENTS && 32'(out_frame_row_q) < ROWS);
      a_in_segment : assert (32'(u_dut.segment_q) == 32'(in_segment_q));
      a_out_beat :
      assert (32'(u_dut.beat_q) == 32'(out_frame_row_q) * OUT_SEGMENTS + 32'(out_segment_q));
      a_check :
      assert (u_dut.u_check.beat_q == 32'(in_frame_row_q) * SEGMENTS + 32'(in_segment_q));
      a_rows : assert (32'(rows) <= MOST_ROWS);
      a_capacity : assert (32'(u_dut.count_q) <= u_dut.CAPACITY);
      a_level :
      assert (32'(rows) * ROW_COLUMNS + 32'(in_segment_q) * IN_COLUMNS
              == 32'(out_segment_q) * OUT_COLUMNS + 32'(u_dut.count_q) * u_dut.UNIT);
      // A beat is offered exactly when all its pixels that belong to its row have entered.
      a_valid :
      assert (m_axis_tvalid == (rows != '0 || 32'(in_segment_q) * IN_COLUMNS
                               >= (32'(out_segment_q) + 1) * OUT_COLUMNS));
      a_tlast :
      assert (m_axis_tlast
              == (32'(out_segment_q) == OUT_SEGMENTS - 1 && 32'(out_frame_row_q) == ROWS - 1));
      a_never_stuck : assert (s_axis_tready || m_axis_tvalid);
      if (chosen_q) begin
        a_inside : assert (ahead <= rows && (ahead != rows || in_segment_q != '0));
        a_entered : assert (!miscounted);
        a_place : assert (!misplaced);
        if (m_axis_tvalid) a_unchanged : assert (!wrong);
      end
      c_frame_ends : cover (pop && m_axis_tlast && chosen_q && ahead == '0);
      c_blocked : cover (!s_axis_tready);
    end
  end
endmodule
