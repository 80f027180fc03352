// SPDX-License-Identifier: Apache-2.0
// First-word-fall-through queue.
//
// Stream: any payload of WIDTH bits; pack tlast into it. One beat a cycle in and out, latency 2
// cycles. Holds DEPTH beats in memory and one more in the output register, which is the memory's
// synchronous read port.
// s_axis_tready does not depend on m_axis_tready, nor m_axis_tvalid on s_axis_tvalid.
module fifo #(
  parameter int unsigned WIDTH = 8,  // bits of the payload
  parameter int unsigned DEPTH = 32,  // beats of memory
  parameter int unsigned KIND  = 0  // of memory, see `ram`
) (
  input  logic             clk,
  input  logic             rst_n,
  input  logic             s_axis_tvalid,
  output logic             s_axis_tready,
  input  logic [WIDTH-1:0] s_axis_tdata,
  output logic             m_axis_tvalid,
  input  logic             m_axis_tready,
  output logic [WIDTH-1:0] m_axis_tdata
);
  if (WIDTH < 1) begin : gen_check_width
    $fatal(1, "fifo: WIDTH=%0d is less than 1", WIDTH);
  end
  if (DEPTH < 2) begin : gen_check_depth
    // One word could not be written and read in the same cycle.
    $fatal(1, "fifo: DEPTH=%0d is less than 2", DEPTH);
  end

  localparam int unsigned ADDR_BITS = $clog2(DEPTH);
  localparam int unsigned LEVEL_BITS = $clog2(DEPTH + 1);
  localparam logic [ADDR_BITS-1:0] LAST = ADDR_BITS'(DEPTH - 1);

  logic [ADDR_BITS-1:0]  write_q, read_q;
  logic [LEVEL_BITS-1:0] level_q;  // beats in memory
  logic                  push, pop;

  assign s_axis_tready = level_q != LEVEL_BITS'(DEPTH);
  assign push          = s_axis_tvalid && s_axis_tready;
  assign pop           = level_q != '0 && (!m_axis_tvalid || m_axis_tready);

  // A word is not read while it is written: that would be the queue both full and not.
  ram #(
    .WIDTH(WIDTH),
    .DEPTH(DEPTH),
    .KIND (KIND)
  ) u_ram (
    .clk,
    .write_i        (push),
    .write_address_i(write_q),
    .write_word_i   (s_axis_tdata),
    .read_i         (pop),
    .read_address_i (read_q),
    .word_o         (m_axis_tdata)
  );

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      write_q       <= '0;
      read_q        <= '0;
      level_q       <= '0;
      m_axis_tvalid <= 1'b0;
    end else begin
      if (push) write_q <= write_q == LAST ? '0 : write_q + 1'b1;
      if (pop) read_q <= read_q == LAST ? '0 : read_q + 1'b1;
      level_q       <= level_q + LEVEL_BITS'(push) - LEVEL_BITS'(pop);
      m_axis_tvalid <= pop || (m_axis_tvalid && !m_axis_tready);
    end
  end

  always_ff @(posedge clk) begin
    if (rst_n) begin
      a_level : assert (32'(level_q) <= DEPTH) else $fatal(1, "fifo: level beyond DEPTH");
    end
  end
endmodule
