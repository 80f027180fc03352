// SPDX-License-Identifier: Apache-2.0
// Interleaved pixels (all channels of a pixel together, as cameras and files have them) to a row
// stream: y[c, r, x] = byte c of pixel (r, x).
//
// Stream in: PIXELS pixels a beat, pixel 0 and its channel 0 in the low bits; each image row begins
// a new beat, the rest of its last beat is ignored. Stream out: row stream, COLUMNS pixels a beat.
// Throughput: a row takes CHANNELS * max(beats in, beats out of one channel) cycles; meanwhile the
// next row comes in. Latency: a whole row. m_axis_tready does not reach s_axis_tready in a cycle.
// Method: two rows of raw beats, each read once per channel, and a gearbox PIXELS -> COLUMNS.
module image #(
  parameter int unsigned CHANNELS = 3,  // channels of a pixel
  parameter int unsigned HEIGHT = 2,  // rows of a frame
  parameter int unsigned WIDTH = 8,  // pixels of a row
  parameter int unsigned PIXELS = 4,  // pixels of an input beat
  parameter int unsigned COLUMNS = 2,  // pixels of an output beat
  parameter int unsigned BITS = 8,  // bits of one channel of a pixel
  parameter int unsigned MEMORY_KIND = 0  // of the two rows, see `ram`
) (
  input  logic                            clk,
  input  logic                            rst_n,
  input  logic                            s_axis_tvalid,
  output logic                            s_axis_tready,
  input  logic [PIXELS*CHANNELS*BITS-1:0] s_axis_tdata,
  input  logic                            s_axis_tlast,
  output logic                            m_axis_tvalid,
  input  logic                            m_axis_tready,
  output logic [        COLUMNS*BITS-1:0] m_axis_tdata,
  output logic                            m_axis_tlast
);
  if (CHANNELS < 1 || HEIGHT < 1 || WIDTH < 1 || BITS < 1) begin : gen_check_shape
    $fatal(1, "image: CHANNELS, HEIGHT, WIDTH and BITS must be at least 1");
  end
  if (PIXELS < 1 || COLUMNS < 1) begin : gen_check_columns
    $fatal(1, "image: PIXELS=%0d and COLUMNS=%0d must be at least 1", PIXELS, COLUMNS);
  end

  localparam int unsigned SEGMENTS = (WIDTH + PIXELS - 1) / PIXELS;
  localparam int unsigned DEPTH = 2 * SEGMENTS;
  localparam int unsigned ADDRESS_BITS = $clog2(DEPTH);
  localparam int unsigned SEGMENT_BITS = SEGMENTS > 1 ? $clog2(SEGMENTS) : 1;
  localparam int unsigned CHANNEL_BITS = CHANNELS > 1 ? $clog2(CHANNELS) : 1;
  localparam int unsigned ROW_BITS = HEIGHT > 1 ? $clog2(HEIGHT) : 1;

  typedef logic [SEGMENT_BITS-1:0] segment_t;

  logic [1:0] rows_q;  // whole rows in memory
  logic write_row_q, read_row_q;  // which half of the memory
  segment_t write_segment_q, read_segment_q;
  logic [CHANNEL_BITS-1:0] channel_q;
  logic [ROW_BITS-1:0] row_q;  // row that is read
  logic write, read, write_last, read_last, channel_last, row_last, row_in, row_out;

  function automatic logic [ADDRESS_BITS-1:0] address(logic half, segment_t segment);
    return ADDRESS_BITS'(segment) + (half ? ADDRESS_BITS'(SEGMENTS) : '0);
  endfunction

  assign s_axis_tready = rows_q != 2'd2;
  assign write         = s_axis_tvalid && s_axis_tready;
  assign write_last    = write_segment_q == segment_t'(SEGMENTS - 1);
  assign read_last     = read_segment_q == segment_t'(SEGMENTS - 1);
  assign channel_last  = channel_q == CHANNEL_BITS'(CHANNELS - 1);
  assign row_last      = row_q == ROW_BITS'(HEIGHT - 1);
  assign row_in        = write && write_last;
  assign row_out       = read && read_last && channel_last;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      rows_q          <= '0;
      write_row_q     <= 1'b0;
      write_segment_q <= '0;
    end else begin
      rows_q <= rows_q + 2'(row_in) - 2'(row_out);
      if (write) write_segment_q <= write_last ? '0 : write_segment_q + 1'b1;
      if (row_in) write_row_q <= !write_row_q;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      read_row_q     <= 1'b0;
      read_segment_q <= '0;
      channel_q      <= '0;
      row_q          <= '0;
    end else if (read) begin
      read_segment_q <= read_last ? '0 : read_segment_q + 1'b1;
      if (read_last) channel_q <= channel_last ? '0 : channel_q + 1'b1;
      if (row_out) begin
        read_row_q <= !read_row_q;
        row_q      <= row_last ? '0 : row_q + 1'b1;
      end
    end
  end

  // Read port of the memory, then one channel of the beat.

  logic [PIXELS*CHANNELS*BITS-1:0] beat_q;
  logic [CHANNEL_BITS-1:0] beat_channel_q;
  logic beat_valid_q, beat_last_q, beat_ready;
  logic [PIXELS*BITS-1:0] plane;

  assign read = rows_q != '0 && (!beat_valid_q || beat_ready);

  always_ff @(posedge clk) begin
    if (read) begin
      beat_channel_q <= channel_q;
      beat_last_q    <= row_out && row_last;
    end
  end

  ram #(
    .WIDTH(PIXELS * CHANNELS * BITS),
    .DEPTH(DEPTH),
    .KIND (MEMORY_KIND)
  ) u_ram (
    .clk,
    .write_i        (write),
    .write_address_i(address(write_row_q, write_segment_q)),
    .write_word_i   (s_axis_tdata),
    .read_i         (read),
    .read_address_i (address(read_row_q, read_segment_q)),
    .word_o         (beat_q)
  );

  always_ff @(posedge clk) begin
    if (!rst_n) beat_valid_q <= 1'b0;
    else beat_valid_q <= read || (beat_valid_q && !beat_ready);
  end

  always_comb begin
    plane = '0;
    for (int unsigned c = 0; c < CHANNELS; c++)
      for (int unsigned p = 0; p < PIXELS; p++)
        if (beat_channel_q == CHANNEL_BITS'(c))
          plane[p*BITS+:BITS] = beat_q[(p*CHANNELS+c)*BITS+:BITS];
  end

  regroup #(
    .CHANNELS   (CHANNELS),
    .HEIGHT     (HEIGHT),
    .WIDTH      (WIDTH),
    .IN_COLUMNS (PIXELS),
    .OUT_COLUMNS(COLUMNS),
    .BITS       (BITS)
  ) u_regroup (
    .clk,
    .rst_n,
    .s_axis_tvalid(beat_valid_q),
    .s_axis_tready(beat_ready),
    .s_axis_tdata (plane),
    .s_axis_tlast (beat_last_q),
    .m_axis_tvalid,
    .m_axis_tready,
    .m_axis_tdata,
    .m_axis_tlast
  );

  frame_check #(
    .BEATS(HEIGHT * SEGMENTS)
  ) u_check (
    .clk,
    .rst_n,
    .taken_i(write),
    .tlast_i(s_axis_tlast)
  );
endmodule
