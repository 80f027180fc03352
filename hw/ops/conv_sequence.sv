// SPDX-License-Identifier: Apache-2.0
// Issues the stored weights of one lane: for each output channel, for each segment of the row, all
// entries of the channel.
//
// One entry a cycle. The first entry of a channel's segment takes a credit, which the drain gives
// back when it pops the partial sum (`pop_i`); without one it waits, so what has been issued never
// does, and the pipeline behind needs no stall. `start_i` begins a row, `busy_o` falls in the cycle
// after its last issue. Entries lie PACK in a word of the weight memory: they are counted as pairs
// of word and place in the word, so PACK may be any number.
//
// How many entries a channel has comes from a table read two channels ahead, so that no address
// depends on what the weight memory holds: `length_next_o` moves the table, its output register
// and the register here on by one channel.
module conv_sequence #(
  parameter int unsigned CHANNELS     = 4,   // output channels
  parameter int unsigned SEGMENTS     = 2,   // segments of a row
  parameter int unsigned WEIGHT_DEPTH = 16,  // entries of the lane
  parameter int unsigned PACK         = 4,   // entries of a word
  parameter int unsigned LENGTH_MAX   = 8,   // entries of the longest channel
  parameter int unsigned QUEUE_DEPTH  = 32,  // partial sums that the queue holds
  localparam int unsigned WEIGHT_WORDS = (WEIGHT_DEPTH + PACK - 1) / PACK,
  localparam int unsigned ADDRESS_BITS = WEIGHT_WORDS > 1 ? $clog2(WEIGHT_WORDS) : 1,
  localparam int unsigned SUB_BITS     = PACK > 1 ? $clog2(PACK) : 1,
  localparam int unsigned CHANNEL_BITS = CHANNELS > 1 ? $clog2(CHANNELS) : 1,
  localparam int unsigned SEGMENT_BITS = SEGMENTS > 1 ? $clog2(SEGMENTS) : 1,
  localparam int unsigned LENGTH_BITS  = LENGTH_MAX > 1 ? $clog2(LENGTH_MAX) : 1
) (
  input  logic                    clk,
  input  logic                    rst_n,
  input  logic                    start_i,
  output logic                    busy_o,
  input  logic                    pop_i,             // a partial sum left the queue
  output logic                    length_next_o,     // read the next length
  output logic [CHANNEL_BITS-1:0] length_channel_o,  // of this channel
  input  logic [LENGTH_BITS-1:0]  length_i,          // entries minus one, 2 reads later
  output logic                    issue_o,
  output logic [ADDRESS_BITS-1:0] address_o,         // word of the issued entry
  output logic [SUB_BITS-1:0]     sub_o,             // its place in the word
  output logic [SEGMENT_BITS-1:0] segment_o,
  output logic                    first_o,           // entry of its channel and segment
  output logic                    last_o
);
  localparam int unsigned CREDIT_BITS = $clog2(QUEUE_DEPTH + 1);
  localparam logic [CHANNEL_BITS-1:0] LAST_CHANNEL = CHANNEL_BITS'(CHANNELS - 1);
  localparam logic [SEGMENT_BITS-1:0] LAST_SEGMENT = SEGMENT_BITS'(SEGMENTS - 1);

  logic [1:0]              prime_q;    // reads until the first length is here
  logic                    run_q;
  logic [CREDIT_BITS-1:0]  credit_q;
  logic [CHANNEL_BITS-1:0] channel_q;
  logic [ADDRESS_BITS-1:0] next_address, origin_q;
  logic [SUB_BITS-1:0]     next_sub, origin_sub_q;  // origin: first entry of the channel
  logic [LENGTH_BITS-1:0]  length_q, left_q;
  logic                    last_sub, last_segment, last_channel, next_channel;

  assign busy_o        = run_q || prime_q != '0;
  assign issue_o       = run_q && (!first_o || credit_q != '0);
  assign last_o        = left_q == '0;
  assign last_segment  = segment_o == LAST_SEGMENT;
  assign last_channel  = channel_q == LAST_CHANNEL;
  assign next_channel  = issue_o && last_o && last_segment;
  assign length_next_o = next_channel || prime_q != '0;
  assign last_sub      = 32'(sub_o) == PACK - 1;
  assign next_sub      = last_sub ? '0 : sub_o + 1'b1;
  assign next_address  = address_o + ADDRESS_BITS'(last_sub);

  always_ff @(posedge clk) begin
    if (length_next_o) begin
      length_q <= length_i;
      left_q   <= length_i;
    end else if (issue_o) begin
      left_q <= last_o ? length_q : left_q - 1'b1;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      prime_q          <= 2'd3;
      run_q            <= 1'b0;
      credit_q         <= CREDIT_BITS'(QUEUE_DEPTH);
      channel_q        <= '0;
      origin_q         <= '0;
      origin_sub_q     <= '0;
      address_o        <= '0;
      sub_o            <= '0;
      segment_o        <= '0;
      first_o          <= 1'b1;
      length_channel_o <= '0;
    end else begin
      if (prime_q != '0) prime_q <= prime_q - 1'b1;
      run_q    <= start_i || (run_q && !(next_channel && last_channel));
      credit_q <= credit_q + CREDIT_BITS'(pop_i) - CREDIT_BITS'(issue_o && first_o);
      if (length_next_o) begin
        length_channel_o <= length_channel_o == LAST_CHANNEL ? '0 : length_channel_o + 1'b1;
      end
      if (issue_o) begin
        first_o <= last_o;
        if (last_o) segment_o <= last_segment ? '0 : segment_o + 1'b1;
        if (last_o && !last_segment) {address_o, sub_o} <= {origin_q, origin_sub_q};
        else if (next_channel && last_channel) {address_o, sub_o} <= '0;
        else {address_o, sub_o} <= {next_address, next_sub};
      end
      if (next_channel) begin
        channel_q <= last_channel ? '0 : channel_q + 1'b1;
        {origin_q, origin_sub_q} <= last_channel ? '0 : {next_address, next_sub};
      end
    end
  end

  always_ff @(posedge clk) begin
    if (rst_n) begin
      a_credit : assert (32'(credit_q) <= QUEUE_DEPTH)
        else $fatal(1, "conv_sequence: more credits than the queue is deep");
      a_start : assert (!start_i || !busy_o) else $fatal(1, "conv_sequence: started while busy");
      a_address : assert (32'(address_o) * PACK + 32'(sub_o) < WEIGHT_DEPTH)
        else $fatal(1, "conv_sequence: address beyond the weights");
    end
  end
endmodule
