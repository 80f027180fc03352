// SPDX-License-Identifier: Apache-2.0
// Global average as a sum, exact or requantized: with sum[c] = initial[c] + sum of all x[c, r, x] of
// a frame, y[c] = clamp((sum[c] * MULTIPLIER + half) >>> SHIFT), see `avgpool_requantize`.
//
// Stream in: row stream, COLUMNS pixels a beat, channels in any order; padding is masked. Stream
// out: one value of OUT_BITS a beat, in the natural order of the channels.
// Throughput: one beat a cycle in, one sum a cycle out; the sums of a frame leave while the next
// frame comes in, which waits before its last row if the sink is then still a frame behind.
// Latency: 3 cycles from the last beat to the first sum; 2 more where sums are requantized, which
// they are not if MULTIPLIER is 1, SHIFT 0, and a value of the output a sum.
// Memories: <PREFIX>.channels (a `rom`), one word per channel in the order of the stream: natural
// number of the channel (high bits), initial sum (SUM_BITS, two's complement).
module avgpool #(
  parameter int unsigned CHANNELS = 2,  // channels
  parameter int unsigned HEIGHT = 1,  // rows of a frame
  parameter int unsigned WIDTH = 1,  // pixels of a row
  parameter int unsigned COLUMNS = 1,  // pixels of an input beat
  parameter int unsigned BITS = 8,  // bits of a pixel
  parameter bit SIGNED = 1'b0,  // pixels are two's complement
  parameter int unsigned SUM_BITS = 16,  // bits of a signed sum
  parameter int unsigned OUT_BITS = 16,  // bits of a value of the output
  parameter bit OUT_SIGNED = 1'b1,  // they are two's complement
  parameter int unsigned MULTIPLIER = 1,  // of a sum, 16 bits unsigned
  parameter int unsigned SHIFT = 0,  // bits dropped
  parameter int unsigned MEMORY_KIND = 0,  // of table, sums and results, see `rom`
  parameter PREFIX = "avgpool"  // of the memory image
) (
  input  logic                    clk,
  input  logic                    rst_n,
  input  logic                    s_axis_tvalid,
  output logic                    s_axis_tready,
  input  logic [COLUMNS*BITS-1:0] s_axis_tdata,
  input  logic                    s_axis_tlast,
  output logic                    m_axis_tvalid,
  input  logic                    m_axis_tready,
  output logic [    OUT_BITS-1:0] m_axis_tdata,
  output logic                    m_axis_tlast
);
  if (CHANNELS < 1 || HEIGHT < 1 || WIDTH < 1 || COLUMNS < 1) begin : gen_check_shape
    $fatal(1, "avgpool: CHANNELS, HEIGHT, WIDTH and COLUMNS must be at least 1");
  end
  // A signed pixel is a sum of one; an unsigned one takes a bit more.
  if (BITS < 1 || SUM_BITS < BITS + 32'(!SIGNED)) begin : gen_check_bits
    $fatal(1, "avgpool: SUM_BITS=%0d does not hold pixels of BITS=%0d", SUM_BITS, BITS);
  end

  localparam int unsigned SEGMENTS = (WIDTH + COLUMNS - 1) / COLUMNS;
  localparam int unsigned CHANNEL_BITS = CHANNELS > 1 ? $clog2(CHANNELS) : 1;
  localparam int unsigned SEGMENT_BITS = SEGMENTS > 1 ? $clog2(SEGMENTS) : 1;
  localparam int unsigned ROW_BITS = HEIGHT > 1 ? $clog2(HEIGHT) : 1;
  // Two frames of results: one leaves while the next is written. Where all rows are last rows and
  // every beat writes a result, those two overlap by the latency, which takes further banks.
  localparam int unsigned BANKS = HEIGHT * SEGMENTS == 1 ? 4 : 2;
  localparam int unsigned ADDRESS_BITS = $clog2(BANKS * CHANNELS);
  localparam int unsigned CLAIM_BITS = $clog2(BANKS + 1);

  typedef logic [CHANNEL_BITS-1:0] channel_t;
  typedef logic [SUM_BITS-1:0] sum_t;
  typedef struct packed {
    channel_t channel;  // natural number
    sum_t     initial_sum;
  } entry_t;

  // Stage 1: sum of a beat; what is known of its channel.

  logic take, segment_last, channel_last, row_last;
  logic [SEGMENT_BITS-1:0] segment_q;
  channel_t channel_q;
  logic [ROW_BITS-1:0] row_q;
  logic [CLAIM_BITS-1:0] claimed_q;  // banks whose sums are complete, or will be in a cycle

  // Sums of a last row go to a bank of the result memory: not while all are taken.
  assign s_axis_tready = !(row_last && claimed_q == CLAIM_BITS'(BANKS));
  assign take          = s_axis_tvalid && s_axis_tready;
  assign segment_last  = segment_q == SEGMENT_BITS'(SEGMENTS - 1);
  assign channel_last  = channel_q == CHANNEL_BITS'(CHANNELS - 1);
  assign row_last      = row_q == ROW_BITS'(HEIGHT - 1);

  function automatic sum_t beat_sum(logic [COLUMNS*BITS-1:0] pixels, logic last);
    sum_t sum;
    sum = '0;
    for (int unsigned p = 0; p < COLUMNS; p++)
      if (!(last && (SEGMENTS - 1) * COLUMNS + p >= WIDTH))
        sum += sum_t'($signed({SIGNED && pixels[p*BITS+BITS-1], pixels[p*BITS+:BITS]}));
    return sum;
  endfunction

  sum_t part_q, before_q;
  entry_t entry_q;
  channel_t write_q;
  logic valid_q, first_segment_q, last_segment_q, first_row_q, last_row_q, finish_q;

  always_ff @(posedge clk) begin
    part_q          <= beat_sum(s_axis_tdata, segment_last);
    write_q         <= channel_q;
    first_segment_q <= segment_q == '0;
    last_segment_q  <= segment_last;
    first_row_q     <= row_q == '0;
    last_row_q      <= row_last;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      segment_q <= '0;
      channel_q <= '0;
      row_q     <= '0;
      valid_q   <= 1'b0;
      finish_q  <= 1'b0;
    end else begin
      valid_q  <= take;
      finish_q <= take && segment_last && channel_last && row_last;
      if (take) begin
        segment_q <= segment_last ? '0 : segment_q + 1'b1;
        if (segment_last) channel_q <= channel_last ? '0 : channel_q + 1'b1;
        if (segment_last && channel_last) row_q <= row_last ? '0 : row_q + 1'b1;
      end
    end
  end

  // Stage 2: add it; a sum is stored at the end of each row, in the last one as a result.

  typedef logic [ADDRESS_BITS-1:0] address_t;
  localparam address_t LAST_BANK = address_t'((BANKS - 1) * CHANNELS);

  sum_t running_q, base, total;
  address_t write_bank_q, read_bank_q;  // address of the bank's first word

  function automatic address_t next_bank(address_t bank);
    return bank == LAST_BANK ? '0 : bank + address_t'(CHANNELS);
  endfunction

  always_comb begin
    base = running_q;
    // A single channel would be read from memory while it is written; it is still in the register.
    if (first_segment_q && CHANNELS > 1) base = before_q;
    if (first_segment_q && first_row_q) base = entry_q.initial_sum;
    total = base + part_q;
  end

  always_ff @(posedge clk) if (valid_q) running_q <= total;

  rom #(
    .WIDTH ($bits(entry_t)),
    .DEPTH (CHANNELS),
    .KIND  (MEMORY_KIND),
    .OUTPUT(1'b0),
    .PREFIX({PREFIX, ".channels"})
  ) u_table (
    .clk,
    .read_i   (1'b1),
    .output_i (1'b0),
    .address_i(channel_q),
    .word_o   (entry_q)
  );

  // Unfinished sums, in the order of the stream.
  ram #(
    .WIDTH(SUM_BITS),
    .DEPTH(CHANNELS),
    .KIND (MEMORY_KIND)
  ) u_sums (
    .clk,
    .write_i        (valid_q && last_segment_q && !last_row_q),
    .write_address_i(write_q),
    .write_word_i   (total),
    .read_i         (1'b1),
    .read_address_i (channel_q),
    .word_o         (before_q)
  );

  // Output: the results of a bank in turn.

  channel_t read_q;
  logic read, read_last;
  logic sum_valid_q, sum_ready, sum_last_q;
  sum_t sum;

  assign read      = claimed_q > CLAIM_BITS'(finish_q) && (!sum_valid_q || sum_ready);
  assign read_last = read_q == CHANNEL_BITS'(CHANNELS - 1);

  // Banks of results, each in natural order.
  ram #(
    .WIDTH(SUM_BITS),
    .DEPTH(BANKS * CHANNELS),
    .KIND (MEMORY_KIND)
  ) u_results (
    .clk,
    .write_i        (valid_q && last_segment_q && last_row_q),
    .write_address_i(write_bank_q + address_t'(entry_q.channel)),
    .write_word_i   (total),
    .read_i         (read),
    .read_address_i (read_bank_q + address_t'(read_q)),
    .word_o         (sum)
  );

  always_ff @(posedge clk) if (read) sum_last_q <= read_last;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      claimed_q     <= '0;
      write_bank_q  <= '0;
      read_bank_q   <= '0;
      read_q        <= '0;
      sum_valid_q   <= 1'b0;
    end else begin
      claimed_q <= claimed_q + CLAIM_BITS'(take && segment_last && channel_last && row_last) -
          CLAIM_BITS'(read && read_last);
      if (finish_q) write_bank_q <= next_bank(write_bank_q);
      if (read) read_q <= read_last ? '0 : read_q + 1'b1;
      if (read && read_last) read_bank_q <= next_bank(read_bank_q);
      sum_valid_q <= read || (sum_valid_q && !sum_ready);
    end
  end

  if (OUT_BITS == SUM_BITS && OUT_SIGNED && MULTIPLIER == 1 && SHIFT == 0) begin : gen_sums
    assign sum_ready     = m_axis_tready;
    assign m_axis_tvalid = sum_valid_q;
    assign m_axis_tdata  = sum;
    assign m_axis_tlast  = sum_last_q;
  end else begin : gen_requantize
    avgpool_requantize #(
      .SUM_BITS  (SUM_BITS),
      .OUT_BITS  (OUT_BITS),
      .OUT_SIGNED(OUT_SIGNED),
      .MULTIPLIER(MULTIPLIER),
      .SHIFT     (SHIFT)
    ) u_requantize (
      .clk,
      .rst_n,
      .s_axis_tvalid(sum_valid_q),
      .s_axis_tready(sum_ready),
      .s_axis_tdata (sum),
      .s_axis_tlast (sum_last_q),
      .m_axis_tvalid,
      .m_axis_tready,
      .m_axis_tdata,
      .m_axis_tlast
    );
  end

  frame_check #(
    .BEATS(HEIGHT * CHANNELS * SEGMENTS)
  ) u_check (
    .clk,
    .rst_n,
    .taken_i(take),
    .tlast_i(s_axis_tlast)
  );

  always_ff @(posedge clk) begin
    if (rst_n) begin
      a_claimed : assert (32'(claimed_q) <= BANKS) else $fatal(1, "avgpool: a bank too many");
    end
  end
endmodule
