// SPDX-License-Identifier: Apache-2.0
// Makes frames of BEATS beats out of packets of any length: one frame a packet.
//
// A packet that is too short is filled up with zeros, of one that is too long the rest is dropped;
// both are told, and so is a beat whose bytes are not all kept. While `abort_i` is 1 nothing passes;
// then the rest of a packet that had begun is dropped and the next one is a frame again.
// No latency, no register: m_axis_tready reaches s_axis_tready in the same cycle.
module stream_guard #(
  parameter int unsigned WIDTH = 32,  // bits of tdata
  parameter int unsigned BEATS = 4  // of a frame
) (
  input  logic               clk,
  input  logic               rst_n,
  input  logic               abort_i,
  output logic               error_o,  // in this cycle
  input  logic               s_axis_tvalid,
  output logic               s_axis_tready,
  input  logic [  WIDTH-1:0] s_axis_tdata,
  input  logic [WIDTH/8-1:0] s_axis_tkeep,
  input  logic               s_axis_tlast,
  output logic               m_axis_tvalid,
  input  logic               m_axis_tready,
  output logic [  WIDTH-1:0] m_axis_tdata,
  output logic               m_axis_tlast
);
  localparam int unsigned BEAT_BITS = BEATS > 1 ? $clog2(BEATS) : 1;

  if (WIDTH < 8 || WIDTH % 8 != 0 || BEATS < 1) begin : gen_check
    $fatal(1, "stream_guard: WIDTH=%0d are no whole bytes, or BEATS=%0d is less than 1", WIDTH,
           BEATS);
  end

  typedef enum logic [1:0] {
    Pass,
    Fill,
    Drop
  } state_e;

  state_e state_q, state;
  logic [BEAT_BITS-1:0] beat_q;
  logic open_q;  // a packet has begun and not ended
  logic taken, step;

  assign taken         = s_axis_tvalid && s_axis_tready;
  assign step          = m_axis_tvalid && m_axis_tready;
  assign m_axis_tlast  = 32'(beat_q) == BEATS - 1;
  assign m_axis_tdata  = state_q == Fill ? '0 : s_axis_tdata;
  assign m_axis_tvalid = !abort_i && (state_q == Fill || (state_q == Pass && s_axis_tvalid));
  assign s_axis_tready = state_q == Drop || (state_q == Pass && m_axis_tready && !abort_i);
  assign error_o       = taken && state_q == Pass &&
                         (s_axis_tlast != m_axis_tlast || s_axis_tkeep != '1);

  always_comb begin
    state = state_q;
    unique case (state_q)
      Pass: if (taken && s_axis_tlast != m_axis_tlast) state = s_axis_tlast ? Fill : Drop;
      Fill: if (step && m_axis_tlast) state = Pass;
      default: if (taken && s_axis_tlast) state = Pass;
    endcase
    if (abort_i && state_q != Drop) state = open_q ? Drop : Pass;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      state_q <= Pass;
      open_q  <= 1'b0;
      beat_q  <= '0;
    end else begin
      state_q <= state;
      if (taken) open_q <= !s_axis_tlast;
      if (abort_i) beat_q <= '0;
      else if (step) beat_q <= m_axis_tlast ? '0 : beat_q + 1'b1;
    end
  end

  always_ff @(posedge clk) begin
    if (rst_n) begin
      a_state : assert ((state_q != Drop || open_q) && (state_q != Fill || !open_q))
      else $fatal(1, "stream_guard: lost its state");
    end
  end
endmodule
