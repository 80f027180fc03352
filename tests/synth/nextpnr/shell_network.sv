// SPDX-License-Identifier: Apache-2.0
// Stand-in for a network in tests of `uart_shell`: a sum over all bytes of an image, weighted by
// their place and the class: w(n, k) = (7 * n + 5 * k) mod 11 - 5. It takes a beat every `stall`
// cycles, which cocotb sets.
module shell_network #(
  parameter int unsigned CHANNELS = 3,
  parameter int unsigned HEIGHT = 3,
  parameter int unsigned WIDTH = 5,
  parameter int unsigned PIXELS = 2,
  parameter int unsigned CLASSES = 3,
  parameter int unsigned LOGIT_BITS = 18
) (
  input  logic                         clk,
  input  logic                         rst_n,
  input  logic                         s_axis_tvalid,
  output logic                         s_axis_tready,
  input  logic [8*PIXELS*CHANNELS-1:0] s_axis_tdata,
  input  logic                         s_axis_tlast,
  output logic                         m_axis_tvalid,
  input  logic                         m_axis_tready,
  output logic [LOGIT_BITS-1:0]        m_axis_tdata,
  output logic                         m_axis_tlast
);
  localparam int unsigned SEGMENTS = (WIDTH + PIXELS - 1) / PIXELS;

  int unsigned stall  /* verilator public_flat_rw */ = 1;
  int unsigned segment_q, row_q, wait_q, class_q;
  int sum[CLASSES], sum_q[CLASSES];
  logic answering_q;

  assign s_axis_tready = !answering_q && wait_q == 0;
  assign m_axis_tvalid = answering_q;
  assign m_axis_tdata  = LOGIT_BITS'(sum_q[class_q]);
  assign m_axis_tlast  = class_q == CLASSES - 1;

  always_comb begin
    sum = sum_q;
    for (int unsigned p = 0; p < PIXELS; p++) begin
      for (int unsigned c = 0; c < CHANNELS; c++) begin
        for (int unsigned k = 0; k < CLASSES; k++) begin
          if (segment_q * PIXELS + p < WIDTH) begin
            sum[k] += int'(s_axis_tdata[8*(p*CHANNELS+c)+:8]) * (int'(
                (7 * ((row_q * WIDTH + segment_q * PIXELS + p) * CHANNELS + c) + 5 * k) % 11) - 5);
          end
        end
      end
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      segment_q   <= 0;
      row_q       <= 0;
      wait_q      <= 0;
      class_q     <= 0;
      answering_q <= 1'b0;
      sum_q       <= '{default: 0};
    end else if (answering_q) begin
      if (m_axis_tready) begin
        class_q <= class_q + 1;
        if (m_axis_tlast) begin
          class_q     <= 0;
          answering_q <= 1'b0;
          sum_q       <= '{default: 0};
        end
      end
    end else if (wait_q != 0) begin
      wait_q <= wait_q - 1;
    end else if (s_axis_tvalid) begin
      wait_q    <= stall - 1;
      sum_q     <= sum;
      segment_q <= segment_q == SEGMENTS - 1 ? 0 : segment_q + 1;
      if (segment_q == SEGMENTS - 1) row_q <= row_q == HEIGHT - 1 ? 0 : row_q + 1;
      answering_q <= segment_q == SEGMENTS - 1 && row_q == HEIGHT - 1;
      a_last : assert (s_axis_tlast == (segment_q == SEGMENTS - 1 && row_q == HEIGHT - 1));
    end
  end
endmodule
