// SPDX-License-Identifier: Apache-2.0
// Gives the parts of hw/stream/ the ports of an operator, so that the operators' bench tests them.
//
// PART 0: `skid`. 1: `fifo` of DEPTH. 2: `broadcast` to two; both copies are joined again behind
// queues of different readiness, and asserted to be equal beat for beat.
module stream_part #(
  parameter int unsigned PART = 0,  // which part
  parameter int unsigned DATA_BITS = 8,  // bits of tdata
  parameter int unsigned DEPTH = 4,  // of the queues
  parameter int unsigned KIND = 0  // of memory of the queues
) (
  input  logic                 clk,
  input  logic                 rst_n,
  input  logic                 s_axis_tvalid,
  output logic                 s_axis_tready,
  input  logic [DATA_BITS-1:0] s_axis_tdata,
  input  logic                 s_axis_tlast,
  output logic                 m_axis_tvalid,
  input  logic                 m_axis_tready,
  output logic [DATA_BITS-1:0] m_axis_tdata,
  output logic                 m_axis_tlast
);
  if (PART == 0) begin : gen_skid
    skid #(
      .WIDTH(DATA_BITS + 1)
    ) u_skid (
      .clk,
      .rst_n,
      .s_axis_tvalid,
      .s_axis_tready,
      .s_axis_tdata({s_axis_tlast, s_axis_tdata}),
      .m_axis_tvalid,
      .m_axis_tready,
      .m_axis_tdata({m_axis_tlast, m_axis_tdata})
    );
  end

  if (PART == 1) begin : gen_fifo
    fifo #(
      .WIDTH(DATA_BITS + 1),
      .DEPTH(DEPTH),
      .KIND (KIND)
    ) u_fifo (
      .clk,
      .rst_n,
      .s_axis_tvalid,
      .s_axis_tready,
      .s_axis_tdata({s_axis_tlast, s_axis_tdata}),
      .m_axis_tvalid,
      .m_axis_tready,
      .m_axis_tdata({m_axis_tlast, m_axis_tdata})
    );
  end

  if (PART == 2) begin : gen_broadcast
    logic [1:0] valid, ready, last, pause, queue_ready, joined_valid;
    logic [2*DATA_BITS-1:0] data;
    logic [DATA_BITS:0] joined[2];
    logic take;

    broadcast #(
      .WIDTH (DATA_BITS),
      .COPIES(2)
    ) u_broadcast (
      .clk,
      .rst_n,
      .s_axis_tvalid,
      .s_axis_tready,
      .s_axis_tdata,
      .s_axis_tlast,
      .m_axis_tvalid(valid),
      .m_axis_tready(ready),
      .m_axis_tdata (data),
      .m_axis_tlast (last)
    );

    for (genvar k = 0; k < 2; k++) begin : gen_branch
      stall u_stall (
        .clk,
        .rst_n,
        .stall_i(8'd80),
        .seed_i (32'd7 + k),
        .stall_o(pause[k])
      );
      assign ready[k] = queue_ready[k] && !pause[k];
      fifo #(
        .WIDTH(DATA_BITS + 1),
        .DEPTH(DEPTH),
        .KIND (KIND)
      ) u_fifo (
        .clk,
        .rst_n,
        .s_axis_tvalid(valid[k] && !pause[k]),
        .s_axis_tready(queue_ready[k]),
        .s_axis_tdata ({last[k], data[k*DATA_BITS+:DATA_BITS]}),
        .m_axis_tvalid(joined_valid[k]),
        .m_axis_tready(take),
        .m_axis_tdata (joined[k])
      );
    end

    assign m_axis_tvalid                = &joined_valid;
    assign take                         = m_axis_tvalid && m_axis_tready;
    assign {m_axis_tlast, m_axis_tdata} = joined[0];

    always_ff @(posedge clk) begin
      if (rst_n && m_axis_tvalid) begin
        a_equal : assert (joined[0] == joined[1]) else $fatal(1, "stream_part: copies differ");
      end
    end
  end
endmodule
