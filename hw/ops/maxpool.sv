// SPDX-License-Identifier: Apache-2.0
// Maximum over square windows: y[c, r, x] = max of x[c, r*STRIDE + i - PAD_TOP,
// x*STRIDE + j - PAD_LEFT], i, j < KERNEL, windows clipped at all edges (OUT_HEIGHT and OUT_WIDTH
// make the difference between ceil and floor mode, and tell the padding at the bottom and right).
//
// Stream: row stream with COLUMNS*STRIDE pixels a beat in, COLUMNS out; padding is masked.
// Throughput: one beat a cycle in; a row leaves while its last input row arrives, or in a row that
// `maxpool_tail` puts in behind it. Latency: 3 cycles and the LOOKAHEAD of `maxpool_window`.
// Back-pressure reaches s_axis_tready by a register.
// Memory: one word per channel and segment, which holds an unfinished window of each of
// ceil((KERNEL-1)/STRIDE) rows; nothing is cleared between frames.
module maxpool #(
  parameter int unsigned CHANNELS = 1,  // channels
  parameter int unsigned IN_HEIGHT = 3,  // rows of an input frame
  parameter int unsigned IN_WIDTH = 3,  // pixels of an input row
  parameter int unsigned OUT_HEIGHT = 1,  // rows of an output frame
  parameter int unsigned OUT_WIDTH = 1,  // pixels of an output row
  parameter int unsigned KERNEL = 3,  // side of the window
  parameter int unsigned STRIDE = 2,  // step of the window
  parameter int unsigned PAD_TOP = 0,  // rows of padding above, which never wins a maximum
  parameter int unsigned PAD_LEFT = 0,  // pixels of padding at the left
  parameter int unsigned COLUMNS = 1,  // pixels of an output beat
  parameter int unsigned BITS = 8,  // bits of a pixel
  parameter bit SIGNED = 1'b0,  // pixels are two's complement
  parameter int unsigned MEMORY_KIND = 0  // of the unfinished windows, see `ram`
) (
  input  logic                           clk,
  input  logic                           rst_n,
  input  logic                           s_axis_tvalid,
  output logic                           s_axis_tready,
  input  logic [COLUMNS*STRIDE*BITS-1:0] s_axis_tdata,
  input  logic                           s_axis_tlast,
  output logic                           m_axis_tvalid,
  input  logic                           m_axis_tready,
  output logic [       COLUMNS*BITS-1:0] m_axis_tdata,
  output logic                           m_axis_tlast
);
  localparam int unsigned PIXELS = COLUMNS * STRIDE;
  localparam int unsigned IN_SEGMENTS = (IN_WIDTH + PIXELS - 1) / PIXELS;
  localparam int unsigned OUT_SEGMENTS = (OUT_WIDTH + COLUMNS - 1) / COLUMNS;
  localparam int unsigned SEGMENTS = IN_SEGMENTS > OUT_SEGMENTS ? IN_SEGMENTS : OUT_SEGMENTS;
  localparam int unsigned PARTIALS = (KERNEL + STRIDE - 2) / STRIDE;
  localparam int unsigned SLOTS = PARTIALS > 0 ? PARTIALS : 1;
  localparam int unsigned DEPTH = CHANNELS * OUT_SEGMENTS;
  // Rows are counted with the padding above: windows that end within LOWEST rows are whole.
  localparam int unsigned LOWEST = PAD_TOP + IN_HEIGHT;
  localparam int unsigned FULL_HEIGHT = LOWEST >= KERNEL ? (LOWEST - KERNEL) / STRIDE + 1 : 0;
  localparam bit CLIPPED = OUT_HEIGHT > FULL_HEIGHT;
  // The first row of windows that ends with the last input row leaves with it; others in rows of
  // their own behind it, which hold nothing.
  localparam int unsigned EARLIER = LOWEST > KERNEL ? (LOWEST - KERNEL + STRIDE - 1) / STRIDE : 0;
  localparam int unsigned BEHIND = OUT_HEIGHT > EARLIER ? OUT_HEIGHT - EARLIER - 1 : 0;
  localparam int unsigned ROWS = IN_HEIGHT + BEHIND;
  // A window that began `age` windows ago is complete: a whole one in rows of phase DONE_PHASE
  // (row modulo STRIDE) at DONE_AGE, a clipped one in the last row at CLIPPED_AGE, one more for
  // each row that is still to come.
  localparam int unsigned DONE_PHASE = (KERNEL - 1) % STRIDE;
  localparam int unsigned DONE_AGE = (KERNEL - 1) / STRIDE;
  localparam int unsigned CLIPPED_AGE = (LOWEST - 1) / STRIDE + 1 - OUT_HEIGHT;
  localparam int unsigned LAST_ROW =
      CLIPPED ? ROWS - 1 : (OUT_HEIGHT - 1) * STRIDE + KERNEL - 1 - PAD_TOP;

  if (CHANNELS < 1 || COLUMNS < 1 || BITS < 1 || KERNEL < 1 || STRIDE < 1) begin : gen_check_shape
    $fatal(1, "maxpool: CHANNELS, COLUMNS, BITS, KERNEL and STRIDE must be at least 1");
  end
  if (PAD_TOP >= KERNEL || PAD_LEFT >= KERNEL) begin : gen_check_padding
    $fatal(1, "maxpool: PAD_TOP=%0d or PAD_LEFT=%0d is not less than KERNEL", PAD_TOP, PAD_LEFT);
  end
  if (OUT_HEIGHT < 1 || (OUT_HEIGHT - 1) * STRIDE >= LOWEST || OUT_WIDTH < 1 ||
      (OUT_WIDTH - 1) * STRIDE >= PAD_LEFT + IN_WIDTH) begin : gen_check_windows
    $fatal(1, "maxpool: %0d x %0d windows: none, or some outside", OUT_HEIGHT, OUT_WIDTH);
  end

  localparam int unsigned SEGMENT_BITS = SEGMENTS > 1 ? $clog2(SEGMENTS) : 1;
  localparam int unsigned CHANNEL_BITS = CHANNELS > 1 ? $clog2(CHANNELS) : 1;
  localparam int unsigned ROW_BITS = $clog2(PAD_TOP + ROWS + 1);
  localparam int unsigned PHASE_BITS = STRIDE > 1 ? $clog2(STRIDE) : 1;
  localparam int unsigned ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1;

  typedef logic [BITS-1:0] pixel_t;  // offset binary inside: 0 is the lowest value
  typedef logic [COLUMNS*BITS-1:0] beat_t;
  typedef logic [SLOTS*COLUMNS*BITS-1:0] word_t;  // unfinished windows of a beat, youngest first
  localparam pixel_t FLIP = pixel_t'(SIGNED) << (BITS - 1);

  // Stage 1: maxima within the row, behind whose pixels there may be others that hold nothing.

  logic advance, pixels_valid, window_valid, skid_ready;
  logic [PIXELS*BITS-1:0] pixels;
  beat_t window_maxima;

  if (SEGMENTS > IN_SEGMENTS || BEHIND > 0) begin : gen_tail
    maxpool_tail #(
      .IN_BEATS   (IN_HEIGHT * CHANNELS * SEGMENTS),
      .IN_WIDTH   (IN_WIDTH),
      .IN_SEGMENTS(IN_SEGMENTS),
      .BEATS      (ROWS * CHANNELS * SEGMENTS),
      .SEGMENTS   (SEGMENTS),
      .PIXELS     (PIXELS),
      .BITS       (BITS)
    ) u_tail (
      .clk,
      .rst_n,
      .advance_i(advance),
      .valid_i  (s_axis_tvalid),
      .ready_o  (s_axis_tready),
      .pixels_i (s_axis_tdata ^ {PIXELS{FLIP}}),
      .valid_o  (pixels_valid),
      .pixels_o (pixels)
    );
  end else begin : gen_no_tail
    assign s_axis_tready = advance;
    assign pixels_valid  = s_axis_tvalid;
    assign pixels        = s_axis_tdata ^ {PIXELS{FLIP}};
  end

  maxpool_window #(
    .WIDTH   (SEGMENTS > IN_SEGMENTS ? SEGMENTS * PIXELS : IN_WIDTH),
    .KERNEL  (KERNEL),
    .STRIDE  (STRIDE),
    .PAD_LEFT(PAD_LEFT),
    .COLUMNS (COLUMNS),
    .BITS    (BITS)
  ) u_window (
    .clk,
    .rst_n,
    .advance_i(advance),
    .valid_i  (pixels_valid),
    .pixels_i (pixels),
    .valid_o  (window_valid),
    .maxima_o (window_maxima)
  );

  // Place of the beat that leaves stage 1; window_q numbers the windows that begin with a row.

  logic [SEGMENT_BITS-1:0] segment_q;
  logic [CHANNEL_BITS-1:0] channel_q;
  logic [ROW_BITS-1:0] row_q, window_q;
  logic [PHASE_BITS-1:0] phase_q;
  logic [ADDRESS_BITS-1:0] address_q;
  logic segment_last, channel_last, phase_last, row_last, behind, kept, clipped, done;
  logic valid_q, done_q;  // stage 2 holds a beat; and it completes windows

  assign segment_last = segment_q == SEGMENT_BITS'(SEGMENTS - 1);
  assign channel_last = channel_q == CHANNEL_BITS'(CHANNELS - 1);
  assign phase_last   = phase_q == PHASE_BITS'(STRIDE - 1);
  assign row_last     = row_q == ROW_BITS'(ROWS - 1);
  assign behind       = BEHIND > 0 && 32'(row_q) >= IN_HEIGHT;
  assign kept         = 32'(segment_q) < OUT_SEGMENTS;
  assign clipped      = CLIPPED && (BEHIND > 0 ? 32'(row_q) + 1 >= IN_HEIGHT : row_last);
  assign done         = clipped || (phase_q == PHASE_BITS'(DONE_PHASE) &&
      32'(window_q) + 1 > DONE_AGE && 32'(window_q) < DONE_AGE + OUT_HEIGHT);

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      segment_q <= '0;
      channel_q <= '0;
      row_q     <= '0;
      phase_q   <= PHASE_BITS'(PAD_TOP % STRIDE);
      window_q  <= ROW_BITS'(PAD_TOP / STRIDE);
      address_q <= '0;
      valid_q   <= 1'b0;
      done_q    <= 1'b0;
    end else if (advance) begin
      valid_q <= window_valid && kept;
      done_q  <= window_valid && kept && done;
      if (window_valid) begin
        if (kept) address_q <= address_q == ADDRESS_BITS'(DEPTH - 1) ? '0 : address_q + 1'b1;
        segment_q <= segment_last ? '0 : segment_q + 1'b1;
        if (segment_last) channel_q <= channel_last ? '0 : channel_q + 1'b1;
        if (segment_last && channel_last) begin
          row_q    <= row_last ? '0 : row_q + 1'b1;
          phase_q  <= row_last ? PHASE_BITS'(PAD_TOP % STRIDE) : phase_last ? '0 : phase_q + 1'b1;
          window_q <= row_last ? ROW_BITS'(PAD_TOP / STRIDE) : window_q + ROW_BITS'(phase_last);
        end
      end
    end
  end

  // Stage 2: the unfinished windows take in the row's maxima.

  word_t read_q, latest_q, stored, updated;
  beat_t maxima_q, result;
  logic [ADDRESS_BITS-1:0] write_q;
  logic [ROW_BITS-1:0] left_q;  // rows to come behind this one
  logic clipped_q, fresh_q, first_q, last_q;

  // A single word is read while it is written.
  assign stored = DEPTH == 1 ? latest_q : read_q;

  always_comb begin
    pixel_t highest;
    updated = '0;
    result  = '0;
    for (int age = 0; age <= int'(PARTIALS); age++) begin
      for (int c = 0; c < int'(COLUMNS); c++) begin
        // In a row that begins a window, every other window is one older than when it was stored.
        // Of windows that begin above the first row nothing is stored, but of the last frame's.
        highest = '0;
        if (!first_q && fresh_q && age > 0) highest = stored[((age-1)*COLUMNS+c)*BITS+:BITS];
        if (!first_q && !fresh_q && age < int'(PARTIALS))
          highest = stored[(age*COLUMNS+c)*BITS+:BITS];
        if (maxima_q[c*BITS+:BITS] > highest) highest = maxima_q[c*BITS+:BITS];
        if (age < int'(PARTIALS)) updated[(age*COLUMNS+c)*BITS+:BITS] = highest;
        if (age == (clipped_q ? CLIPPED_AGE + 32'(left_q) : DONE_AGE))
          result[c*BITS+:BITS] = highest ^ FLIP;
      end
    end
  end

  always_ff @(posedge clk) begin
    if (advance) begin
      maxima_q  <= window_maxima;
      write_q   <= address_q;
      fresh_q   <= phase_q == '0 && !behind;
      first_q   <= PAD_TOP > 0 && row_q == '0;
      clipped_q <= clipped;
      left_q    <= BEHIND > 0 ? ROW_BITS'(ROWS - 1) - row_q : '0;
      last_q    <= row_q == ROW_BITS'(LAST_ROW) && channel_last &&
          segment_q == SEGMENT_BITS'(OUT_SEGMENTS - 1);
      if (valid_q) latest_q <= updated;
    end
  end

  ram #(
    .WIDTH($bits(word_t)),
    .DEPTH(DEPTH),
    .KIND (MEMORY_KIND)
  ) u_ram (
    .clk,
    .write_i        (advance && valid_q),
    .write_address_i(write_q),
    .write_word_i   (updated),
    .read_i         (advance),
    .read_address_i (address_q),
    .word_o         (read_q)
  );

  assign advance = skid_ready || !done_q;

  skid #(
    .WIDTH(COLUMNS * BITS + 1)
  ) u_skid (
    .clk,
    .rst_n,
    .s_axis_tvalid(done_q),
    .s_axis_tready(skid_ready),
    .s_axis_tdata ({last_q, result}),
    .m_axis_tvalid,
    .m_axis_tready,
    .m_axis_tdata ({m_axis_tlast, m_axis_tdata})
  );

  frame_check #(
    .BEATS(IN_HEIGHT * CHANNELS * IN_SEGMENTS)
  ) u_check (
    .clk,
    .rst_n,
    .taken_i(s_axis_tvalid && s_axis_tready),
    .tlast_i(s_axis_tlast)
  );
endmodule
