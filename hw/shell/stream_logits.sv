// SPDX-License-Identifier: Apache-2.0
// Logits as packets: 32 bits a beat, a frame a packet.
//
// While `abort_i` is 1 nothing is taken; a packet that had begun is completed with zeros, so that
// every packet has CLASSES beats, and what was offered stays until it is taken. One beat a cycle.
module stream_logits #(
  parameter int unsigned CLASSES      = 10,  // logits of a frame
  parameter int unsigned LOGIT_BITS   = 16,  // of a logit
  parameter int unsigned LOGIT_SIGNED = 1  // 1: two's complement, 0: no sign
) (
  input  logic                  clk,
  input  logic                  rst_n,
  input  logic                  abort_i,
  output logic                  last_logit_o,  // a frame's last logit leaves the network
  input  logic                  s_axis_tvalid,
  output logic                  s_axis_tready,
  input  logic [LOGIT_BITS-1:0] s_axis_tdata,
  input  logic                  s_axis_tlast,
  output logic                  m_axis_tvalid,
  input  logic                  m_axis_tready,
  output logic [          31:0] m_axis_tdata,
  output logic                  m_axis_tlast
);
  localparam int unsigned COUNT_BITS = CLASSES > 1 ? $clog2(CLASSES) : 1;

  if (CLASSES < 1 || LOGIT_BITS < 1 || LOGIT_BITS > 32) begin : gen_check_logits
    $fatal(1, "stream_logits: CLASSES=%0d or LOGIT_BITS=%0d is out of range", CLASSES, LOGIT_BITS);
  end

  logic [COUNT_BITS-1:0] count_q;  // of the packet
  logic fill_q;  // it is completed with zeros
  logic valid, ready, last, step;
  logic [31:0] data;

  if (LOGIT_BITS == 32) begin : gen_whole
    assign data = s_axis_tdata;
  end else begin : gen_extend
    logic sign;
    assign sign = LOGIT_SIGNED != 0 && s_axis_tdata[LOGIT_BITS-1];
    assign data = {{(32 - LOGIT_BITS) {sign}}, s_axis_tdata};
  end

  assign last          = 32'(count_q) == CLASSES - 1;
  assign valid         = fill_q || (s_axis_tvalid && !abort_i);
  assign step          = valid && ready;
  assign s_axis_tready = ready && !fill_q && !abort_i;
  assign last_logit_o  = step && last && !fill_q;

  skid #(
    .WIDTH(33)
  ) u_output (
    .clk,
    .rst_n,
    .s_axis_tvalid(valid),
    .s_axis_tready(ready),
    .s_axis_tdata ({last, fill_q ? 32'd0 : data}),
    .m_axis_tvalid,
    .m_axis_tready,
    .m_axis_tdata ({m_axis_tlast, m_axis_tdata})
  );

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      count_q <= '0;
      fill_q  <= 1'b0;
    end else begin
      if (step) count_q <= last ? '0 : count_q + 1'b1;
      fill_q <= fill_q ? !(step && last) : abort_i && count_q != '0;
    end
  end

  always_ff @(posedge clk) begin
    if (rst_n && s_axis_tvalid && s_axis_tready) begin
      a_last : assert (s_axis_tlast == last) else $fatal(1, "stream_logits: a frame's length");
    end
  end
endmodule
