// SPDX-License-Identifier: Apache-2.0
// Convolution with sparse weights from a codebook, then requantization:
//
//   y[o] = clamp(((sum of value[code[o,i,ky,kx]] * x[i, y*STRIDE+ky-PAD, x*STRIDE+kx-PAD]
//                  + bias[o]) * multiplier[o] + half) >> SHIFT)
//
// Zeros are neither stored nor multiplied, so squeeze, expand (1x1 and 3x3 in one), grouped and
// depthwise convolutions differ in their memory images only.
//
// Streams: row streams (NHCW order, pixel 0 in the low bits); COLUMNS*STRIDE pixels a beat in,
// COLUMNS a beat out. Pixels beyond a row's end are ignored at the input and unspecified at the
// output. `s_axis_tlast` is not needed, only compared with the counters. Channels arrive and leave
// in the orders that the memory images say.
//
// Work: per output row, per output channel, per segment of COLUMNS pixels, every lane takes the
// nonzero weights of its input channels, one a cycle, and multiplies each with COLUMNS pixels.
// Lanes run apart by up to QUEUE_DEPTH partial sums; the drain adds them up.
//
// Throughput: a row takes the entries of the busiest lane times SEGMENTS, plus 2 cycles, plus what
// imbalance beyond the queues costs; `timing()` of the Python engine gives it exactly. Input rows
// arrive at a beat a cycle while the ring of RING rows has room (max(KERNEL, STRIDE) + STRIDE let
// rows arrive while others are at work; fewer save memory and take turns); then
// `s_axis_tready` falls. Frames follow each other without a bubble: the next one's first rows
// arrive during the last rows of the one before. An output stall stops the drain, then, by credits,
// the lanes. No stream output depends on a stream input within a cycle.
//
// Weights in UltraRAM (WEIGHT_KIND 2) have to be loaded after every reset, before the first pixel:
// on a chain of `load_*` ports each lane takes as many valid words as its memory has, lane 0 first,
// and passes all later ones on, a register a lane. Without such weights the chain is a wire.
module conv #(
  parameter int unsigned LANES           = 2,   // weights taken at a time
  parameter int unsigned COLUMNS         = 4,   // pixels that each is multiplied with
  parameter int unsigned DRAIN           = 1,   // columns requantized at a time
  parameter int unsigned IN_CHANNELS     = 2,   // channels of the input
  parameter int unsigned IN_HEIGHT       = 6,   // rows of the input
  parameter int unsigned IN_WIDTH        = 6,   // pixels of an input row
  parameter int unsigned IN_BITS         = 8,   // bits of an input pixel
  parameter bit          IN_SIGNED       = 0,   // input pixels are signed
  parameter int unsigned OUT_CHANNELS    = 4,   // channels of the output
  parameter int unsigned OUT_HEIGHT      = 6,   // rows of the output
  parameter int unsigned OUT_WIDTH       = 6,   // pixels of an output row
  parameter int unsigned OUT_BITS        = 8,   // bits of an output pixel
  parameter bit          OUT_SIGNED      = 0,   // output pixels are signed
  parameter bit          OUT_NARROW      = 0,   // without their lowest, if unsigned highest, value
  parameter int unsigned KERNEL          = 3,   // side of the kernel
  parameter int unsigned STRIDE          = 1,   // step of the window
  parameter int unsigned PAD             = 1,   // zero pixels above and left of the image
  parameter int unsigned CODE_BITS       = 6,   // bits of a weight's code
  parameter int unsigned VALUE_BITS      = 8,   // bits of a weight's signed value
  parameter int unsigned GAP_BITS        = 3,   // bits of the distance to the weight before
  parameter int unsigned ACC_BITS        = 20,  // bits of a sum, proven from the weights
  parameter int unsigned BIAS_BITS       = 20,  // bits of a signed bias
  parameter int unsigned MULTIPLIER_BITS = 16,  // bits of an unsigned multiplier
  parameter int unsigned SHIFT           = 16,  // bits dropped by the requantization
  parameter int unsigned QUEUE_DEPTH     = 32,  // partial sums that a lane may be ahead
  parameter int unsigned RING            = 4,   // input rows held
  parameter int unsigned WEIGHT_DEPTH    = 16,  // entries of the fullest lane
  parameter int unsigned LENGTH_MAX      = 8,   // entries of the longest channel of a lane
  parameter int unsigned POSITIONS       = 9,   // positions of the lane with most
  parameter int unsigned LANE_CHANNELS   = 1,   // input channels of the lane with most
  parameter bit          DUAL            = 0,   // two columns share a DSP slice
  parameter int unsigned FABRIC          = 0,   // columns multiplied in LUTs, not in DSP slices
  parameter int unsigned PACK            = 4,   // entries of a word of the weight memories
  parameter int unsigned WEIGHT_KIND     = 1,   // weights in 0: LUTs, 1: block RAM, 2: UltraRAM
  parameter int unsigned LENGTH_KIND     = 0,   // lengths in 0: LUTs, 1: block RAM
  parameter int unsigned REQUANTIZE_KIND = 0,   // biases and multipliers, likewise
  parameter int unsigned BANK_KIND       = 1,   // rows in 0: LUT RAM, 1: block RAM, 2: UltraRAM
  parameter              PREFIX          = "conv"  // of the memory files
) (
  input  logic                              clk,
  input  logic                              rst_n,
  input  logic                              load_valid_i,
  input  logic [71:0]                       load_data_i,
  output logic                              load_valid_o,
  output logic [71:0]                       load_data_o,
  input  logic                              s_axis_tvalid,
  output logic                              s_axis_tready,
  input  logic [COLUMNS*STRIDE*IN_BITS-1:0] s_axis_tdata,
  input  logic                              s_axis_tlast,
  output logic                              m_axis_tvalid,
  input  logic                              m_axis_tready,
  output logic [COLUMNS*OUT_BITS-1:0]       m_axis_tdata,
  output logic                              m_axis_tlast
);
  localparam int unsigned IN_SEGMENTS = (IN_WIDTH + COLUMNS * STRIDE - 1) / (COLUMNS * STRIDE);
  localparam int unsigned SEGMENTS = (OUT_WIDTH + COLUMNS - 1) / COLUMNS;
  localparam int unsigned ROW_WORDS = LANE_CHANNELS * SEGMENTS;
  localparam int unsigned BANK_DEPTH = RING * ROW_WORDS;
  localparam int unsigned BANK_BITS = $clog2(BANK_DEPTH);
  localparam int unsigned WORD_BITS = ((COLUMNS - 1) * STRIDE + KERNEL) * IN_BITS;
  localparam int unsigned LOAD_BITS = 72;  // of UltraRAM
  localparam int unsigned GROUPS = (COLUMNS + DRAIN - 1) / DRAIN;
  localparam int unsigned GROUP_BITS = GROUPS > 1 ? $clog2(GROUPS) : 1;

  if (LANES < 1) begin : gen_check_lanes
    $fatal(1, "conv: LANES=%0d is less than 1", LANES);
  end
  if (IN_CHANNELS < 1 || IN_HEIGHT < 1 || IN_WIDTH < 1 || IN_BITS < 1) begin : gen_check_input
    $fatal(1, "conv: IN_CHANNELS, IN_HEIGHT, IN_WIDTH and IN_BITS must be at least 1");
  end
  if (OUT_CHANNELS < 1 || OUT_HEIGHT < 1 || OUT_WIDTH < 1 || OUT_BITS < 1) begin : gen_check_output
    $fatal(1, "conv: OUT_CHANNELS, OUT_HEIGHT, OUT_WIDTH and OUT_BITS must be at least 1");
  end
  if (DRAIN < 1 || DRAIN > COLUMNS) begin : gen_check_drain
    $fatal(1, "conv: DRAIN=%0d is not in 1..COLUMNS=%0d", DRAIN, COLUMNS);
  end
  if (PAD >= KERNEL) begin : gen_check_pad
    $fatal(1, "conv: PAD=%0d is not less than KERNEL=%0d", PAD, KERNEL);
  end
  if ((OUT_WIDTH - 1) * STRIDE >= IN_WIDTH + PAD || (OUT_HEIGHT - 1) * STRIDE >= IN_HEIGHT + PAD)
  begin : gen_check_inside
    $fatal(1, "conv: windows of the %0dx%0d output lie outside the %0dx%0d input",
           OUT_WIDTH, OUT_HEIGHT, IN_WIDTH, IN_HEIGHT);
  end
  if ((OUT_WIDTH - 1) * STRIDE + KERNEL + STRIDE <= IN_WIDTH + PAD
      || (OUT_HEIGHT - 1) * STRIDE + KERNEL + STRIDE <= IN_HEIGHT + PAD) begin : gen_check_used
    $fatal(1, "conv: pixels of the %0dx%0d input are not used by the %0dx%0d output",
           IN_WIDTH, IN_HEIGHT, OUT_WIDTH, OUT_HEIGHT);
  end

  logic                       room, row, busy, start;
  logic [BANK_BITS-1:0]       base[KERNEL];
  logic [KERNEL-1:0]          mask;
  logic                       write[LANES];
  logic [BANK_BITS-1:0]       write_address[LANES];
  logic [WORD_BITS-1:0]       write_word;
  logic [LANES-1:0]           lane_busy;
  logic                       sum_valid[LANES];
  logic                       sum_read, sum_pop;
  logic [GROUP_BITS-1:0]      sum_group;
  logic signed [ACC_BITS-1:0] sum[LANES][DRAIN];
  logic                       load_valid[LANES+1];
  logic [LOAD_BITS-1:0]       load_data[LANES+1];

  assign busy          = |lane_busy;
  assign load_valid[0] = load_valid_i;
  assign load_data[0]  = load_data_i;
  assign load_valid_o  = load_valid[LANES];
  assign load_data_o   = load_data[LANES];

  conv_writer #(
    .LANES(LANES),
    .COLUMNS(COLUMNS),
    .BITS(IN_BITS),
    .CHANNELS(IN_CHANNELS),
    .WIDTH(IN_WIDTH),
    .SEGMENTS(SEGMENTS),
    .KERNEL(KERNEL),
    .STRIDE(STRIDE),
    .PAD(PAD),
    .RING(RING),
    .ROW_WORDS(ROW_WORDS),
    .PREFIX(PREFIX)
  ) u_writer (
    .clk,
    .rst_n,
    .s_axis_tvalid,
    .s_axis_tready,
    .s_axis_tdata,
    .room_i(room),
    .row_o(row),
    .write_o(write),
    .address_o(write_address),
    .word_o(write_word)
  );

  conv_rows #(
    .IN_HEIGHT(IN_HEIGHT),
    .OUT_HEIGHT(OUT_HEIGHT),
    .KERNEL(KERNEL),
    .STRIDE(STRIDE),
    .PAD(PAD),
    .RING(RING),
    .ROW_WORDS(ROW_WORDS)
  ) u_rows (
    .clk,
    .rst_n,
    .row_i(row),
    .room_o(room),
    .busy_i(busy),
    .start_o(start),
    .base_o(base),
    .mask_o(mask)
  );

  for (genvar l = 0; l < LANES; l++) begin : gen_lane
    conv_unit #(
      .LANE(l),
      .COLUMNS(COLUMNS),
      .DRAIN(DRAIN),
      .CHANNELS(OUT_CHANNELS),
      .SEGMENTS(SEGMENTS),
      .KERNEL(KERNEL),
      .STRIDE(STRIDE),
      .BITS(IN_BITS),
      .SIGNED(IN_SIGNED),
      .CODE_BITS(CODE_BITS),
      .GAP_BITS(GAP_BITS),
      .VALUE_BITS(VALUE_BITS),
      .SUM_BITS(ACC_BITS),
      .BANK_DEPTH(BANK_DEPTH),
      .BANK_KIND(BANK_KIND),
      .WEIGHT_DEPTH(WEIGHT_DEPTH),
      .WEIGHT_KIND(WEIGHT_KIND),
      .PACK(PACK),
      .LENGTH_MAX(LENGTH_MAX),
      .LENGTH_KIND(LENGTH_KIND),
      .POSITIONS(POSITIONS),
      .QUEUE_DEPTH(QUEUE_DEPTH),
      .DUAL(DUAL),
      .FABRIC(FABRIC),
      .LOAD_BITS(LOAD_BITS),
      .PREFIX(PREFIX)
    ) u_unit (
      .clk,
      .rst_n,
      .load_valid_i(load_valid[l]),
      .load_data_i(load_data[l]),
      .load_valid_o(load_valid[l+1]),
      .load_data_o(load_data[l+1]),
      .start_i(start),
      .busy_o(lane_busy[l]),
      .base_i(base),
      .mask_i(mask),
      .write_i(write[l]),
      .write_address_i(write_address[l]),
      .write_word_i(write_word),
      .valid_o(sum_valid[l]),
      .read_i(sum_read),
      .group_i(sum_group),
      .pop_i(sum_pop),
      .sum_o(sum[l])
    );
  end

  conv_drain #(
    .LANES(LANES),
    .COLUMNS(COLUMNS),
    .DRAIN(DRAIN),
    .CHANNELS(OUT_CHANNELS),
    .HEIGHT(OUT_HEIGHT),
    .SEGMENTS(SEGMENTS),
    .SUM_BITS(ACC_BITS),
    .BIAS_BITS(BIAS_BITS),
    .MULTIPLIER_BITS(MULTIPLIER_BITS),
    .SHIFT(SHIFT),
    .KIND(REQUANTIZE_KIND),
    .BITS(OUT_BITS),
    .SIGNED(OUT_SIGNED),
    .NARROW(OUT_NARROW),
    .PREFIX(PREFIX)
  ) u_drain (
    .clk,
    .rst_n,
    .valid_i(sum_valid),
    .read_o(sum_read),
    .group_o(sum_group),
    .pop_o(sum_pop),
    .sum_i(sum),
    .m_axis_tvalid,
    .m_axis_tready,
    .m_axis_tdata,
    .m_axis_tlast
  );

  frame_check #(
    .BEATS(IN_HEIGHT * IN_CHANNELS * IN_SEGMENTS)
  ) u_check (
    .clk,
    .rst_n,
    .taken_i(s_axis_tvalid && s_axis_tready),
    .tlast_i(s_axis_tlast)
  );
endmodule
