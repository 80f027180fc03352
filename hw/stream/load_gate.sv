// SPDX-License-Identifier: Apache-2.0
// Loads memories after a reset, and holds a stream back until they are full.
//
// The first WORDS beats of `s_load_*` go to the chain of memories; `s_load_tready` is always 1.
// The stream from `s_axis_*` to `m_axis_*`, any payload of WIDTH bits, is held off until the last
// word has passed STAGES registers of the chain; then it flows, without a register in between. A
// reset closes the gate, and everything has to be loaded again.
module load_gate #(
  parameter int unsigned WORDS     = 4,   // words of all memories
  parameter int unsigned STAGES    = 1,   // registers of the chain
  parameter int unsigned WIDTH     = 8,   // bits of the stream's tdata
  parameter int unsigned LOAD_BITS = 72   // bits of a word
) (
  input  logic                 clk,
  input  logic                 rst_n,
  input  logic                 s_load_tvalid,
  output logic                 s_load_tready,
  input  logic [LOAD_BITS-1:0] s_load_tdata,
  input  logic                 s_load_tlast,
  output logic                 load_valid_o,
  output logic [LOAD_BITS-1:0] load_data_o,
  input  logic                 s_axis_tvalid,
  output logic                 s_axis_tready,
  input  logic [WIDTH-1:0]     s_axis_tdata,
  input  logic                 s_axis_tlast,
  output logic                 m_axis_tvalid,
  input  logic                 m_axis_tready,
  output logic [WIDTH-1:0]     m_axis_tdata,
  output logic                 m_axis_tlast
);
  localparam int unsigned COUNT_BITS = $clog2(WORDS + STAGES + 1);

  logic [COUNT_BITS-1:0] count_q;  // words, then cycles
  logic                  taken, open_q;

  assign taken         = 32'(count_q) >= WORDS;
  assign s_load_tready = 1'b1;
  assign load_valid_o  = s_load_tvalid && !taken;
  assign load_data_o   = s_load_tdata;
  assign s_axis_tready = m_axis_tready && open_q;
  assign m_axis_tvalid = s_axis_tvalid && open_q;
  assign m_axis_tdata  = s_axis_tdata;
  assign m_axis_tlast  = s_axis_tlast;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      count_q <= '0;
      open_q  <= 1'b0;
    end else begin
      if (load_valid_o || (taken && !open_q)) count_q <= count_q + 1'b1;
      open_q <= open_q || 32'(count_q) == WORDS + STAGES;
    end
  end

  always_ff @(posedge clk) begin
    if (rst_n && s_load_tvalid) begin
      a_words : assert (!taken) else $fatal(1, "load_gate: more than %0d words", WORDS);
    end
  end

  frame_check #(
    .BEATS(WORDS)
  ) u_check (
    .clk,
    .rst_n,
    .taken_i(s_load_tvalid),
    .tlast_i(s_load_tlast)
  );
endmodule
