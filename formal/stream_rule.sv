// SPDX-License-Identifier: Apache-2.0
// The rule of a stream's source: once tvalid is high, it and the payload stay until tready.
// A reset ends it. What a module under proof gives is asserted, what it is given is assumed.
module stream_rule #(
  parameter int unsigned WIDTH  = 8,  // bits of the payload
  parameter bit          ASSUME = 1'b0  // the module is given this stream
) (
  input logic             clk,
  input logic             rst_n,
  input logic             tvalid_i,
  input logic             tready_i,
  input logic [WIDTH-1:0] payload_i
);
  logic             stalled_q;
  logic [WIDTH-1:0] payload_q;

  always_ff @(posedge clk) begin
    stalled_q <= rst_n && tvalid_i && !tready_i;
    payload_q <= payload_i;
  end

  if (ASSUME) begin : gen_assume
    always_comb begin
      if (rst_n && stalled_q) assume (tvalid_i && payload_i == payload_q);
    end
  end else begin : gen_assert
    always_comb begin
      if (rst_n && stalled_q) begin
        a_valid_stays : assert (tvalid_i);
        a_payload_stays : assert (payload_i == payload_q);
      end
    end
  end
endmodule
