// SPDX-License-Identifier: Apache-2.0
// Drains the lanes' queues: adds up the partial sums of all lanes, requantizes, and sends.
//
//   queues' column multiplexers -> adder tree -> requantizer -> beat of COLUMNS values -> fifo
//
// When every lane has a partial sum, and the output queue has a place, DRAIN columns a cycle leave
// the queues, GROUPS = ceil(COLUMNS / DRAIN) cycles a beat; `pop_o` accompanies the last group.
// A place in the output queue is taken with that pop and returned when the beat has left, so
// nothing in between stalls. Cycles from the last group's read until its beat can leave:
// 1 (queue) + $clog2(LANES) (tree) + 5 (requantizer) + 1 (beat) + 2 (fifo).
//
// Stream: row stream of COLUMNS pixels a beat, `tlast` with the last beat of a frame. The pixels
// beyond the row's end are whatever the zeros right of the image make of them.
module conv_drain #(
  parameter int unsigned LANES           = 3,   // queues
  parameter int unsigned COLUMNS         = 4,   // pixels of a beat
  parameter int unsigned DRAIN           = 1,   // columns at a time
  parameter int unsigned CHANNELS        = 4,   // output channels
  parameter int unsigned HEIGHT          = 6,   // output rows
  parameter int unsigned SEGMENTS        = 2,   // beats of a row
  parameter int unsigned SUM_BITS        = 20,  // bits of a signed sum
  parameter int unsigned BIAS_BITS       = 20,  // bits of a signed bias
  parameter int unsigned MULTIPLIER_BITS = 16,  // bits of an unsigned multiplier
  parameter int unsigned SHIFT           = 16,  // bits dropped
  parameter int unsigned BITS            = 8,   // bits of an output pixel
  parameter bit          SIGNED          = 0,   // output pixels are signed
  parameter bit          NARROW          = 0,   // without their lowest, if unsigned highest, value
  parameter int unsigned KIND            = 0,   // of the memory of biases and multipliers
  parameter int unsigned FIFO_DEPTH      = 32,  // beats of the output queue
  parameter              PREFIX          = "conv",  // of the memory files
  localparam int unsigned GROUPS     = (COLUMNS + DRAIN - 1) / DRAIN,
  localparam int unsigned GROUP_BITS = GROUPS > 1 ? $clog2(GROUPS) : 1
) (
  input  logic                       clk,
  input  logic                       rst_n,
  input  logic                       valid_i[LANES],  // the lane's queue has an entry
  output logic                       read_o,          // read this group of every lane
  output logic [GROUP_BITS-1:0]      group_o,
  output logic                       pop_o,
  input  logic signed [SUM_BITS-1:0] sum_i[LANES][DRAIN],  // 1 cycle after read_o
  output logic                       m_axis_tvalid,
  input  logic                       m_axis_tready,
  output logic [COLUMNS*BITS-1:0]    m_axis_tdata,
  output logic                       m_axis_tlast
);
  localparam int unsigned REQUANTIZE_STAGES = 5;
  localparam int unsigned CREDIT_BITS = $clog2(FIFO_DEPTH + 1);
  localparam int unsigned CHANNEL_BITS = CHANNELS > 1 ? $clog2(CHANNELS) : 1;
  localparam int unsigned SEGMENT_BITS = SEGMENTS > 1 ? $clog2(SEGMENTS) : 1;
  localparam int unsigned ROW_BITS = HEIGHT > 1 ? $clog2(HEIGHT) : 1;
  localparam int unsigned BEAT_BITS = GROUPS * DRAIN * BITS;
  localparam logic [GROUP_BITS-1:0] LAST_GROUP = GROUP_BITS'(GROUPS - 1);
  localparam logic [SEGMENT_BITS-1:0] LAST_SEGMENT = SEGMENT_BITS'(SEGMENTS - 1);
  localparam logic [CHANNEL_BITS-1:0] LAST_CHANNEL = CHANNEL_BITS'(CHANNELS - 1);
  localparam logic [ROW_BITS-1:0] LAST_ROW = ROW_BITS'(HEIGHT - 1);

  logic [CREDIT_BITS-1:0]     credit_q;
  logic                       all_valid, read_q, sent;
  logic                       sum_valid;
  logic signed [SUM_BITS-1:0] sum[DRAIN];
  logic [GROUP_BITS-1:0]      group_q;    // of the complete sums
  logic [SEGMENT_BITS-1:0]    segment_q;
  logic [CHANNEL_BITS-1:0]    channel_q;
  logic [ROW_BITS-1:0]        row_q;
  logic                       end_group, end_segment, end_channel, end_frame;
  logic                       values_valid;
  logic [DRAIN*BITS-1:0]      values;
  logic [REQUANTIZE_STAGES-1:0] beat_end_q, frame_end_q;  // travel with the requantizer
  logic [BEAT_BITS-1:0]       beat_q;
  logic                       beat_valid_q, beat_last_q, fifo_ready;

  // Reading the queues.
  always_comb begin
    all_valid = 1'b1;
    for (int unsigned l = 0; l < LANES; l++) all_valid &= valid_i[l];
  end

  assign read_o = all_valid && credit_q != '0;
  assign pop_o  = read_o && group_o == LAST_GROUP;
  assign sent   = m_axis_tvalid && m_axis_tready;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      group_o  <= '0;
      read_q   <= 1'b0;
      credit_q <= CREDIT_BITS'(FIFO_DEPTH);
    end else begin
      read_q <= read_o;
      if (read_o) group_o <= pop_o ? '0 : group_o + 1'b1;
      credit_q <= credit_q + CREDIT_BITS'(sent) - CREDIT_BITS'(pop_o);
    end
  end

  conv_tree #(
    .LANES(LANES),
    .DRAIN(DRAIN),
    .SUM_BITS(SUM_BITS)
  ) u_tree (
    .clk,
    .rst_n,
    .valid_i(read_q),
    .sum_i,
    .valid_o(sum_valid),
    .sum_o(sum)
  );

  // Which channel a complete sum belongs to, and where beats and frames end.
  assign end_group   = group_q == LAST_GROUP;
  assign end_segment = end_group && segment_q == LAST_SEGMENT;
  assign end_channel = end_segment && channel_q == LAST_CHANNEL;
  assign end_frame   = end_channel && row_q == LAST_ROW;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      group_q   <= '0;
      segment_q <= '0;
      channel_q <= '0;
      row_q     <= '0;
    end else if (sum_valid) begin
      group_q <= end_group ? '0 : group_q + 1'b1;
      if (end_group) segment_q <= end_segment ? '0 : segment_q + 1'b1;
      if (end_segment) channel_q <= end_channel ? '0 : channel_q + 1'b1;
      if (end_channel) row_q <= end_frame ? '0 : row_q + 1'b1;
    end
  end

  conv_requantize #(
    .DRAIN(DRAIN),
    .CHANNELS(CHANNELS),
    .SUM_BITS(SUM_BITS),
    .BIAS_BITS(BIAS_BITS),
    .MULTIPLIER_BITS(MULTIPLIER_BITS),
    .SHIFT(SHIFT),
    .BITS(BITS),
    .SIGNED(SIGNED),
    .NARROW(NARROW),
    .KIND(KIND),
    .PREFIX(PREFIX)
  ) u_requantize (
    .clk,
    .rst_n,
    .valid_i(sum_valid),
    .channel_i(channel_q),
    .sum_i(sum),
    .valid_o(values_valid),
    .values_o(values)
  );

  // Groups enter at the top and move down, so that the first ends in the low bits.
  always_ff @(posedge clk) begin
    beat_end_q  <= {beat_end_q[REQUANTIZE_STAGES-2:0], end_group};
    frame_end_q <= {frame_end_q[REQUANTIZE_STAGES-2:0], end_frame};
    beat_last_q <= frame_end_q[REQUANTIZE_STAGES-1];
    if (values_valid) beat_q <= BEAT_BITS'({values, beat_q} >> (DRAIN * BITS));
  end

  always_ff @(posedge clk) begin
    if (!rst_n) beat_valid_q <= 1'b0;
    else beat_valid_q <= values_valid && beat_end_q[REQUANTIZE_STAGES-1];
  end

  fifo #(
    .WIDTH(COLUMNS * BITS + 1),
    .DEPTH(FIFO_DEPTH)
  ) u_fifo (
    .clk,
    .rst_n,
    .s_axis_tvalid(beat_valid_q),
    .s_axis_tready(fifo_ready),
    .s_axis_tdata({beat_last_q, beat_q[COLUMNS*BITS-1:0]}),
    .m_axis_tvalid,
    .m_axis_tready,
    .m_axis_tdata({m_axis_tlast, m_axis_tdata})
  );

  always_ff @(posedge clk) begin
    if (rst_n) begin
      a_credit : assert (32'(credit_q) <= FIFO_DEPTH)
        else $fatal(1, "conv_drain: more credits than the output queue is deep");
      a_room : assert (!beat_valid_q || fifo_ready) else $fatal(1, "conv_drain: overflow");
    end
  end
endmodule
