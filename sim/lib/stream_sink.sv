// SPDX-License-Identifier: Apache-2.0
// Takes every beat; random pauses with probability stall_i/256 (see stall.sv), blind to tvalid.
module stream_sink (
  input  logic        clk,
  input  logic        rst_n,
  input  logic [7:0]  stall_i,
  input  logic [31:0] seed_i,
  output logic        s_axis_tready
);
  logic stall;
  stall u_stall (
    .clk,
    .rst_n,
    .stall_i,
    .seed_i,
    .stall_o(stall)
  );

  always_ff @(posedge clk) s_axis_tready <= rst_n && !stall;
endmodule
