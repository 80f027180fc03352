// SPDX-License-Identifier: Apache-2.0
// Gearbox: the same row stream with OUT_COLUMNS instead of IN_COLUMNS pixels a beat.
//
// Stream: row stream in and out; grouping begins anew with each channel's row, so padding is dropped
// on the way in and added (garbage) on the way out.
// Throughput: a channel's row takes max(beats in, beats out) cycles. Latency: 1 cycle after the beat
// that completes an output beat. m_axis_tready does not reach s_axis_tready within a cycle.
// Method: a queue of pixels. The last beat of a row counts as many pixels as fill its last output
// beat up, so the queue needs no notion of rows. It counts in units of gcd(IN_, OUT_COLUMNS).
module regroup #(
  parameter int unsigned CHANNELS = 1,  // channels
  parameter int unsigned HEIGHT = 1,  // rows of a frame
  parameter int unsigned WIDTH = 4,  // pixels of a row
  parameter int unsigned IN_COLUMNS = 1,  // pixels of an input beat
  parameter int unsigned OUT_COLUMNS = 2,  // pixels of an output beat
  parameter int unsigned BITS = 8  // bits of a pixel
) (
  input  logic                        clk,
  input  logic                        rst_n,
  input  logic                        s_axis_tvalid,
  output logic                        s_axis_tready,
  input  logic [ IN_COLUMNS*BITS-1:0] s_axis_tdata,
  input  logic                        s_axis_tlast,
  output logic                        m_axis_tvalid,
  input  logic                        m_axis_tready,
  output logic [OUT_COLUMNS*BITS-1:0] m_axis_tdata,
  output logic                        m_axis_tlast
);
  if (CHANNELS < 1 || HEIGHT < 1 || WIDTH < 1 || BITS < 1) begin : gen_check_shape
    $fatal(1, "regroup: CHANNELS, HEIGHT, WIDTH and BITS must be at least 1");
  end
  if (IN_COLUMNS < 1 || OUT_COLUMNS < 1) begin : gen_check_columns
    $fatal(1, "regroup: IN_COLUMNS and OUT_COLUMNS must be at least 1");
  end

  function automatic int unsigned gcd(int unsigned a, int unsigned b);
    int unsigned rest;
    while (b != 0) begin
      rest = a % b;
      a = b;
      b = rest;
    end
    return a;
  endfunction

  localparam int unsigned UNIT = gcd(IN_COLUMNS, OUT_COLUMNS);
  localparam int unsigned IN_UNITS = IN_COLUMNS / UNIT;
  localparam int unsigned OUT_UNITS = OUT_COLUMNS / UNIT;
  localparam int unsigned SEGMENTS = (WIDTH + IN_COLUMNS - 1) / IN_COLUMNS;
  localparam int unsigned OUT_SEGMENTS = (WIDTH + OUT_COLUMNS - 1) / OUT_COLUMNS;
  localparam int unsigned LAST_UNITS = OUT_SEGMENTS * OUT_UNITS - (SEGMENTS - 1) * IN_UNITS;
  localparam int unsigned MOST_UNITS =
      SEGMENTS > 1 && IN_UNITS > LAST_UNITS ? IN_UNITS : LAST_UNITS;
  // Room for any beat while two output beats wait: found to be enough for the throughput above, and
  // less not to be, by trying all geometries up to 12 columns and 23 pixels.
  localparam int unsigned WAITING = 2 * OUT_UNITS;
  localparam int unsigned CAPACITY = MOST_UNITS + WAITING;
  localparam int unsigned FRAME_BEATS = HEIGHT * CHANNELS * OUT_SEGMENTS;
  localparam int unsigned SEGMENT_BITS = SEGMENTS > 1 ? $clog2(SEGMENTS) : 1;
  localparam int unsigned BEAT_BITS = FRAME_BEATS > 1 ? $clog2(FRAME_BEATS) : 1;
  localparam int unsigned COUNT_BITS = $clog2(CAPACITY + 1);

  // Where the queue can end when a beat enters: a row begins behind whole output beats. To say so
  // turns the barrel shifter of the write into a small multiplexer (57 to 16 columns: 11,600 LUT
  // become 1,600).
  function automatic logic [WAITING:0] ends();
    ends = '0;
    for (int unsigned s = 0; s < SEGMENTS && s < OUT_UNITS; s++)
      for (int unsigned n = s * IN_UNITS % OUT_UNITS; n <= WAITING; n += OUT_UNITS) ends[n] = 1'b1;
  endfunction

  localparam logic [WAITING:0] ENDS = ends();

  typedef logic [UNIT*BITS-1:0] unit_t;

  unit_t units_q[CAPACITY];
  logic [COUNT_BITS-1:0] count_q, left;  // units in the queue; units that stay in this cycle
  logic [SEGMENT_BITS-1:0] segment_q;  // of the beat that enters
  logic [BEAT_BITS-1:0] beat_q;  // of the beat that leaves
  logic segment_last, push, pop;

  assign segment_last  = segment_q == SEGMENT_BITS'(SEGMENTS - 1);
  assign s_axis_tready = 32'(count_q) <= WAITING;
  assign m_axis_tvalid = 32'(count_q) >= OUT_UNITS;
  assign m_axis_tlast  = beat_q == BEAT_BITS'(FRAME_BEATS - 1);
  assign push          = s_axis_tvalid && s_axis_tready;
  assign pop           = m_axis_tvalid && m_axis_tready;
  assign left          = pop ? count_q - COUNT_BITS'(OUT_UNITS) : count_q;

  always_comb begin
    for (int unsigned u = 0; u < OUT_UNITS; u++)
      m_axis_tdata[u*UNIT*BITS+:UNIT*BITS] = units_q[u];
  end

  // What a beat holds beyond its row lands behind the end of the queue and is overwritten.
  always_ff @(posedge clk) begin
    if (pop)
      for (int unsigned u = 0; u < CAPACITY - OUT_UNITS; u++) units_q[u] <= units_q[u+OUT_UNITS];
    for (int unsigned n = 0; n <= WAITING; n++)
      if (ENDS[n] && push && 32'(left) == n)
        for (int unsigned u = 0; u < IN_UNITS; u++)
          if (n + u < CAPACITY) units_q[n+u] <= s_axis_tdata[u*UNIT*BITS+:UNIT*BITS];
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      count_q   <= '0;
      segment_q <= '0;
      beat_q    <= '0;
    end else begin
      if (push) begin
        count_q   <= left + (segment_last ? COUNT_BITS'(LAST_UNITS) : COUNT_BITS'(IN_UNITS));
        segment_q <= segment_last ? '0 : segment_q + 1'b1;
      end else begin
        count_q <= left;
      end
      if (pop) beat_q <= m_axis_tlast ? '0 : beat_q + 1'b1;
    end
  end

  frame_check #(
    .BEATS(HEIGHT * CHANNELS * SEGMENTS)
  ) u_check (
    .clk,
    .rst_n,
    .taken_i(push),
    .tlast_i(s_axis_tlast)
  );

  always_ff @(posedge clk) begin
    if (rst_n) begin
      a_count : assert (32'(count_q) <= CAPACITY) else $fatal(1, "regroup: more than CAPACITY");
    end
  end
endmodule
