// SPDX-License-Identifier: Apache-2.0
// One stream to COPIES streams: every beat leaves each output exactly once, in order. (`fork` is a
// SystemVerilog keyword.)
//
// Stream: any payload. The outputs accept independently: one may be a beat ahead of another; the
// next beat is taken once all have the present one. One beat a cycle, latency 1 cycle. tvalid comes
// from registers and never waits for a tready; s_axis_tready depends on all m_axis_tready.
module broadcast #(
  parameter int unsigned WIDTH = 8,  // bits of tdata
  parameter int unsigned COPIES = 2  // output streams; copy 0 in the low bits of the m_axis ports
) (
  input  logic                    clk,
  input  logic                    rst_n,
  input  logic                    s_axis_tvalid,
  output logic                    s_axis_tready,
  input  logic [       WIDTH-1:0] s_axis_tdata,
  input  logic                    s_axis_tlast,
  output logic [      COPIES-1:0] m_axis_tvalid,
  input  logic [      COPIES-1:0] m_axis_tready,
  output logic [COPIES*WIDTH-1:0] m_axis_tdata,
  output logic [      COPIES-1:0] m_axis_tlast
);
  if (WIDTH < 1) begin : gen_check_width
    $fatal(1, "broadcast: WIDTH=%0d is less than 1", WIDTH);
  end
  if (COPIES < 1) begin : gen_check_copies
    $fatal(1, "broadcast: COPIES=%0d is less than 1", COPIES);
  end

  logic [WIDTH-1:0] data_q;
  logic             last_q;

  // A copy is pending while its tvalid is high.
  assign s_axis_tready = (m_axis_tvalid & ~m_axis_tready) == '0;
  assign m_axis_tdata  = {COPIES{data_q}};
  assign m_axis_tlast  = {COPIES{last_q}};

  always_ff @(posedge clk) begin
    if (s_axis_tready) begin
      data_q <= s_axis_tdata;
      last_q <= s_axis_tlast;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) m_axis_tvalid <= '0;
    else if (s_axis_tready) m_axis_tvalid <= {COPIES{s_axis_tvalid}};
    else m_axis_tvalid <= m_axis_tvalid & ~m_axis_tready;
  end
endmodule
