// SPDX-License-Identifier: Apache-2.0
// Turns entries {gap, code} into a bank address, a tap and a value.
//
// position = (first of its channel ? 0 : previous + 1) + gap; the position table gives kernel row,
// tap and bank word; address = base[kernel row] + word + segment; the value is 0 where the kernel
// row lies outside the frame (cheaper than masking COLUMNS pixels).
// Latency 6 cycles from issue to outputs, of which the memories take 3 + 1.
module conv_decode #(
  parameter int unsigned KERNEL       = 3,   // side of the kernel
  parameter int unsigned SEGMENTS     = 2,   // segments of a row
  parameter int unsigned POSITIONS    = 18,  // positions of the lane
  parameter int unsigned ADDRESS_BITS = 4,   // bits of a bank address
  parameter int unsigned CODE_BITS    = 6,   // bits of a code
  parameter int unsigned GAP_BITS     = 3,   // bits of a gap, may be 0
  parameter int unsigned VALUE_BITS   = 8,   // bits of a value
  localparam int unsigned ENTRY_BITS    = GAP_BITS + CODE_BITS,
  localparam int unsigned TAP_BITS      = KERNEL > 1 ? $clog2(KERNEL) : 1,
  localparam int unsigned PLACE_BITS    = ADDRESS_BITS + 2 * TAP_BITS,
  localparam int unsigned SEGMENT_BITS  = SEGMENTS > 1 ? $clog2(SEGMENTS) : 1,
  localparam int unsigned POSITION_BITS = POSITIONS > 1 ? $clog2(POSITIONS) : 1
) (
  input  logic                         clk,
  input  logic                         rst_n,
  input  logic                         issue_i,     // an entry is being read
  input  logic                         first_i,
  input  logic                         last_i,
  input  logic [SEGMENT_BITS-1:0]      segment_i,
  input  logic [ENTRY_BITS-1:0]        entry_i,     // 3 cycles after issue_i
  output logic [POSITION_BITS-1:0]     position_o,
  input  logic [PLACE_BITS-1:0]        place_i,     // 1 cycle after position_o
  output logic [CODE_BITS-1:0]         code_o,
  input  logic [VALUE_BITS-1:0]        value_i,     // 1 cycle after code_o
  input  logic [ADDRESS_BITS-1:0]      base_i[KERNEL],
  input  logic [KERNEL-1:0]            mask_i,
  output logic                         valid_o,
  output logic                         first_o,
  output logic                         last_o,
  output logic [ADDRESS_BITS-1:0]      address_o,
  output logic [TAP_BITS-1:0]          tap_o,
  output logic signed [VALUE_BITS-1:0] value_o
);
  localparam int unsigned STAGES = 5;

  logic [STAGES-1:0]        valid_q, first_q, last_q;
  logic [SEGMENT_BITS-1:0]  segment_q[STAGES];
  logic [POSITION_BITS-1:0] gap;
  logic [TAP_BITS-1:0]      kernel_row;

  assign gap        = POSITION_BITS'(32'(entry_i) >> CODE_BITS);  // 0 if GAP_BITS is
  assign kernel_row = place_i[ADDRESS_BITS+TAP_BITS+:TAP_BITS];

  always_ff @(posedge clk) begin
    first_q      <= {first_q[STAGES-2:0], first_i};
    last_q       <= {last_q[STAGES-2:0], last_i};
    segment_q[0] <= segment_i;
    for (int unsigned i = 1; i < STAGES; i++) segment_q[i] <= segment_q[i-1];
    first_o <= first_q[STAGES-1];
    last_o  <= last_q[STAGES-1];
    if (valid_q[2]) begin
      position_o <= (first_q[2] ? '0 : position_o + 1'b1) + gap;
      code_o     <= entry_i[CODE_BITS-1:0];
    end
    if (valid_q[STAGES-1]) begin
      address_o <= base_i[kernel_row] + place_i[ADDRESS_BITS-1:0]
          + ADDRESS_BITS'(segment_q[STAGES-1]);
      tap_o     <= place_i[ADDRESS_BITS+:TAP_BITS];
      value_o   <= mask_i[kernel_row] ? value_i : '0;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) {valid_o, valid_q} <= '0;
    else {valid_o, valid_q} <= {valid_q, issue_i};
  end

  always_ff @(posedge clk) begin
    if (rst_n) begin
      a_position : assert (!valid_q[3] || 32'(position_o) < POSITIONS)
        else $fatal(1, "conv_decode: position beyond the table");
    end
  end
endmodule
