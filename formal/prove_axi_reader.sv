// SPDX-License-Identifier: Apache-2.0
// Proof of `axi_reader` beside any memory that answers what it was asked for, when it likes.
//
// Requests: stay until taken; follow each other from the region's first block to its last, no block
// twice or left out; whole blocks, within 1 KB that is aligned to its size and so within 4 KB, never
// beyond the end of a frame. Data: always taken, for room is kept for all that is under way; leaves
// in order, each word once; stays until taken. While stopped no request is begun.
module prove_axi_reader #(
  parameter int unsigned DATA_BITS  = 32,  // of a word
  parameter int unsigned DEPTH      = 32,  // words in flight or queued
  parameter int unsigned BLOCK_BITS = 4  // of a frame's number of blocks
) (
  input logic                  clk,
  input logic                  rst_n,
  input logic                  command_valid_i,
  input logic [          57:0] address_i,
  input logic [BLOCK_BITS-1:0] blocks_i,
  input logic [          31:0] frames_i,
  input logic                  stop_i,
  input logic                  m_axi_arready,
  input logic [ DATA_BITS-1:0] m_axi_rdata,
  input logic [           1:0] m_axi_rresp,
  input logic                  m_axi_rlast,
  input logic                  m_axi_rvalid,
  input logic                  m_axis_tready,
  input logic                  choose_i
);
  localparam int unsigned BLOCK_WORDS = 512 / DATA_BITS;

  logic command_ready_o, idle_o, error_o, m_axi_arvalid, m_axi_rready, m_axis_tvalid;
  logic [63:0] m_axi_araddr;
  logic [7:0] m_axi_arlen;
  logic [DATA_BITS-1:0] m_axis_tdata, payload, word;
  logic started_q = 1'b0, asked, was_valid_q, was_stopped_q, chosen;
  // The region: next block, blocks left of the frame, of a frame, frames left, the present one too.
  logic [57:0] next_q;
  logic [BLOCK_BITS-1:0] left_q, blocks_q;
  logic [31:0] frames_q;
  logic busy_q;
  logic [8:0] length, blocks;  // of the request, in words, in blocks
  logic [9:0] awaited_q;  // words asked for and not here
  localparam int unsigned HELD_BITS = $clog2(DEPTH + 1);
  localparam int unsigned PLACE_BITS = $clog2(DEPTH);
  logic [HELD_BITS-1:0] held, ahead;

  assign asked  = m_axi_arvalid && m_axi_arready;
  assign length = 9'(m_axi_arlen) + 1'b1;
  assign blocks = length / BLOCK_WORDS;

  always_ff @(posedge clk) begin
    started_q     <= 1'b1;
    was_valid_q   <= rst_n && m_axi_arvalid && !m_axi_arready;
    was_stopped_q <= stop_i;
    if (!rst_n) begin
      busy_q    <= 1'b0;
      awaited_q <= '0;
    end else begin
      awaited_q <= awaited_q + (asked ? 10'(length) : '0) - 10'(m_axi_rvalid);
      if (command_valid_i && command_ready_o) begin
        busy_q   <= 1'b1;
        next_q   <= address_i;
        left_q   <= blocks_i;
        blocks_q <= blocks_i;
        frames_q <= frames_i;
      end else if (asked) begin
        next_q <= next_q + 58'(blocks);
        left_q <= left_q - BLOCK_BITS'(blocks);
        if (BLOCK_BITS'(blocks) == left_q) begin
          left_q   <= blocks_q;
          frames_q <= frames_q - 1'b1;
          busy_q   <= frames_q != 32'd1;
        end
      end
    end
  end

  axi_reader #(
    .DATA_BITS (DATA_BITS),
    .DEPTH     (DEPTH),
    .BLOCK_BITS(BLOCK_BITS)
  ) u_dut (.*);

  stream_rule #(
    .WIDTH(64 + 8)
  ) u_request (
    .clk,
    .rst_n,
    .tvalid_i (m_axi_arvalid),
    .tready_i (m_axi_arready),
    .payload_i({m_axi_araddr, m_axi_arlen})
  );

  stream_rule #(
    .WIDTH(DATA_BITS)
  ) u_rule (
    .clk,
    .rst_n,
    .tvalid_i (m_axis_tvalid),
    .tready_i (m_axis_tready),
    .payload_i(m_axis_tdata)
  );

  one_beat #(
    .WIDTH(DATA_BITS),
    .CAPACITY(DEPTH)
  ) u_beat (
    .clk,
    .rst_n,
    .choose_i,
    .enter_i        (m_axi_rvalid && m_axi_rready),
    .enter_payload_i(m_axi_rdata),
    .leave_i        (m_axis_tvalid && m_axis_tready),
    .leave_payload_i(m_axis_tdata),
    .held_o         (held),
    .chosen_o       (chosen),
    .ahead_o        (ahead),
    .payload_o      (payload)
  );

  // DEPTH is a power of two: the place of the chosen word in the queue's memory.
  logic [PLACE_BITS-1:0] place;
  assign place = u_dut.u_queue.read_q + PLACE_BITS'(ahead) - PLACE_BITS'(m_axis_tvalid);
  assign word  = u_dut.u_queue.u_ram.gen_lut.memory_q[place];

  always_comb begin
    if (!started_q) assume (!rst_n);
    if (rst_n) begin
      if (command_valid_i) assume (blocks_i != '0 && frames_i != '0);
      // All that is known of memory.
      if (m_axi_rvalid) assume (awaited_q != '0);

      a_region :
      assert (u_dut.busy_q == busy_q && (!busy_q || (u_dut.address_q == next_q
              && u_dut.left_q == left_q && u_dut.blocks_q == blocks_q
              && u_dut.frames_q == frames_q)));
      a_left : assert (!busy_q || (left_q != '0 && left_q <= blocks_q && frames_q != '0));
      a_accepts : assert (command_ready_o == !busy_q);
      if (m_axi_arvalid) begin
        a_asks_for_something : assert (busy_q);
        a_next_block : assert (m_axi_araddr == {next_q, 6'd0});
        a_whole_blocks : assert (32'(length) == 32'(blocks) * BLOCK_WORDS && blocks != '0);
        a_within_frame : assert (32'(blocks) <= 32'(left_q));
        a_within_1k : assert (32'(m_axi_araddr[9:0]) + 32'(blocks) * 64 <= 1024);
        a_room_for_all :
        assert (32'(u_dut.room_q) + 32'(length) + 32'(awaited_q) + 32'(held) == DEPTH);
        if (!was_valid_q) a_not_while_stopped : assert (!was_stopped_q);
      end else begin
        a_room : assert (32'(u_dut.room_q) + 32'(awaited_q) + 32'(held) == DEPTH);
      end
      a_idle : assert (idle_o == (awaited_q == '0 && !m_axi_arvalid));
      a_awaited :
      assert (32'(u_dut.awaited_q) == 32'(awaited_q) + (m_axi_arvalid ? 32'(length) : 0));
      a_always_taken : assert (m_axi_rready);
      if (m_axi_rvalid) a_there_is_room : assert (u_dut.queue_ready);
      a_error : assert (error_o == (m_axi_rvalid && m_axi_rresp[1]));
      // With all room free a request of any length is begun.
      a_longest : assert (32'(u_dut.words) <= DEPTH || !busy_q);

      a_held : assert (32'(held) == 32'(u_dut.u_queue.level_q) + 32'(m_axis_tvalid));
      a_queue :
      assert (u_dut.u_queue.write_q == u_dut.u_queue.read_q + PLACE_BITS'(u_dut.u_queue.level_q));
      if (chosen && m_axis_tvalid && ahead == '0) begin
        a_output : assert (m_axis_tdata == payload);
      end else if (chosen) begin
        a_place : assert (word == payload);
      end
      c_frame_follows :
      cover (asked && BLOCK_BITS'(blocks) == left_q && frames_q > 1 && held != '0);
      c_waits_for_room : cover (busy_q && !stop_i && !m_axi_arvalid && u_dut.room_q < u_dut.words);
    end
  end
endmodule
