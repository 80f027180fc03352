// SPDX-License-Identifier: Apache-2.0
// A column of 64, 128 or 256 words in LUTs, for `techmap`; see `lut_rom.txt`.
module $__FIREBRICK_ROM_ #(
  parameter OPTION_ABITS = 6,
  parameter [(1 << OPTION_ABITS)-1:0] INIT = 0
) (
  input [OPTION_ABITS-1:0] PORT_R_ADDR,
  output PORT_R_RD_DATA
);
  wire [3:0] lut;
  wire [1:0] half;
  genvar n;
  generate
    for (n = 0; n < 1 << (OPTION_ABITS - 6); n = n + 1) begin : gen_lut
      LUT6 #(
        .INIT(INIT[64*n+:64])
      ) u_lut (
        .O(lut[n]),
        .I0(PORT_R_ADDR[0]),
        .I1(PORT_R_ADDR[1]),
        .I2(PORT_R_ADDR[2]),
        .I3(PORT_R_ADDR[3]),
        .I4(PORT_R_ADDR[4]),
        .I5(PORT_R_ADDR[5])
      );
    end
    for (n = 0; n < 1 << (OPTION_ABITS - 7); n = n + 1) begin : gen_half
      MUXF7 u_mux (.O(half[n]), .I0(lut[2*n]), .I1(lut[2*n+1]), .S(PORT_R_ADDR[6]));
    end
    if (OPTION_ABITS == 8) begin : gen_whole
      MUXF8 u_mux (.O(PORT_R_RD_DATA), .I0(half[0]), .I1(half[1]), .S(PORT_R_ADDR[7]));
    end else begin : gen_part
      assign PORT_R_RD_DATA = OPTION_ABITS == 7 ? half[0] : lut[0];
    end
  endgenerate
endmodule
