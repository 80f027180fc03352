// SPDX-License-Identifier: Apache-2.0
// Cuts both directions of a stream: m_axis_* and s_axis_tready come from registers alone.
//
// Stream: any payload of WIDTH bits; pack tlast into it. One beat a cycle, latency 1 cycle, two
// beats of storage: a beat goes to the spare register exactly when the main one is blocked.
module skid #(
  parameter int unsigned WIDTH = 8  // bits of the payload
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
    $fatal(1, "skid: WIDTH=%0d is less than 1", WIDTH);
  end

  logic [WIDTH-1:0] spare_q;
  logic             spare_valid_q;
  logic             blocked;

  assign blocked       = m_axis_tvalid && !m_axis_tready;
  assign s_axis_tready = !spare_valid_q;

  always_ff @(posedge clk) begin
    if (!blocked) m_axis_tdata <= spare_valid_q ? spare_q : s_axis_tdata;
    if (s_axis_tready) spare_q <= s_axis_tdata;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      m_axis_tvalid <= 1'b0;
      spare_valid_q <= 1'b0;
    end else begin
      m_axis_tvalid <= blocked || spare_valid_q || s_axis_tvalid;
      spare_valid_q <= blocked && (spare_valid_q || s_axis_tvalid);
    end
  end
endmodule
