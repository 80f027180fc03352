// SPDX-License-Identifier: Apache-2.0
// One of each thing that an ECP5 has a cell for, in the widths that engines have.
module cells_dut (
  input  logic         clk,
  input  logic         write_i,
  input  logic         read_i,
  input  logic [ 10:0] write_address_i,
  input  logic [ 10:0] read_address_i,
  input  logic [ 59:0] word_i,
  output logic [119:0] rams_o,
  output logic [ 59:0] roms_o,
  output logic [ 51:0] products_o
);
  ram #(.WIDTH(8), .DEPTH(2048), .KIND(1)) u_ram8 (
    .clk,
    .write_i,
    .write_address_i,
    .write_word_i(word_i[7:0]),
    .read_i,
    .read_address_i,
    .word_o(rams_o[7:0])
  );
  ram #(.WIDTH(18), .DEPTH(1024), .KIND(1)) u_ram18 (
    .clk,
    .write_i,
    .write_address_i(write_address_i[9:0]),
    .write_word_i(word_i[17:0]),
    .read_i,
    .read_address_i(read_address_i[9:0]),
    .word_o(rams_o[25:8])
  );
  ram #(.WIDTH(60), .DEPTH(300), .KIND(1)) u_ram60 (
    .clk,
    .write_i(write_i && write_address_i < 11'd300),
    .write_address_i(write_address_i[8:0]),
    .write_word_i(word_i),
    .read_i(read_i && read_address_i < 11'd300),
    .read_address_i(read_address_i[8:0]),
    .word_o(rams_o[85:26])
  );
  ram #(.WIDTH(34), .DEPTH(40), .KIND(0)) u_ram34 (
    .clk,
    .write_i(write_i && write_address_i < 11'd40),
    .write_address_i(write_address_i[5:0]),
    .write_word_i(word_i[33:0]),
    .read_i(read_i && read_address_i < 11'd40),
    .read_address_i(read_address_i[5:0]),
    .word_o(rams_o[119:86])
  );
  rom #(.WIDTH(9), .DEPTH(1500), .PREFIX("rom9")) u_rom9 (
    .clk,
    .read_i,
    .output_i(1'b1),
    .address_i(read_address_i),
    .word_o(roms_o[8:0])
  );
  rom #(.WIDTH(36), .DEPTH(512), .PREFIX("rom36")) u_rom36 (
    .clk,
    .read_i,
    .output_i(1'b1),
    .address_i(read_address_i[8:0]),
    .word_o(roms_o[44:9])
  );
  rom #(.WIDTH(15), .DEPTH(100), .KIND(0), .OUTPUT(0), .PREFIX("rom15")) u_rom15 (
    .clk,
    .read_i(read_i && read_address_i < 11'd100),
    .output_i(1'b1),
    .address_i(read_address_i[6:0]),
    .word_o(roms_o[59:45])
  );

  // As in `conv_multiply`: a signed value and an unsigned pixel; as in `conv_requantize`: wider.
  logic signed [ 7:0] value_q;
  logic signed [ 8:0] pixel_q;
  logic signed [24:0] sum_q;
  logic signed [16:0] multiplier_q;

  always_ff @(posedge clk) begin
    value_q      <= word_i[7:0];
    pixel_q      <= {1'b0, word_i[15:8]};
    sum_q        <= word_i[40:16];
    multiplier_q <= {1'b0, word_i[56:41]};
    products_o   <= {36'(sum_q * multiplier_q), 16'(value_q * pixel_q)};
  end
endmodule
