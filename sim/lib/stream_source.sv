// SPDX-License-Identifier: Apache-2.0
// Streams the beats of a file: one hexadecimal line a beat, `tlast` on every FRAME_BEATS-th.
//
// The file is `<NAME>.hex`, or what the plusarg `+<NAME>=<path>` says, relative to the working
// directory. Each reset rewinds it. Once raised, tvalid stays until the beat is taken; idle cycles
// come before a beat and carry wrong data on purpose.
module stream_source #(
  parameter int unsigned WIDTH = 8,  // bits of tdata
  parameter int unsigned FRAME_BEATS = 1,  // beats of one frame
  parameter string NAME = "source"  // stem of the file, and name of the plusarg
) (
  input  logic             clk,
  input  logic             rst_n,
  input  logic [7:0]       stall_i,  // idle probability / 256, see stall.sv
  input  logic [31:0]      seed_i,
  output logic             m_axis_tvalid,
  input  logic             m_axis_tready,
  output logic [WIDTH-1:0] m_axis_tdata,
  output logic             m_axis_tlast,
  output logic             done_o,  // every beat of the file was taken
  output int unsigned      beats_o  // beats taken since reset
);
  logic stall;
  stall u_stall (
    .clk,
    .rst_n,
    .stall_i,
    .seed_i,
    .stall_o(stall)
  );

  string path;
  int fd;
  bit have;  // `word` holds the next beat
  logic [WIDTH-1:0] word;
  int unsigned column;  // beat within the frame

  initial if ($value$plusargs({NAME, "=%s"}, path) == 0) path = {NAME, ".hex"};

  // verilator lint_off BLKSEQ
  // File handling is sequential; its variables are read in this process only.
  always @(posedge clk) begin
    if (!rst_n) begin
      if (fd != 0) $fclose(fd);
      fd = 0;
      column = 0;
      m_axis_tvalid <= 1'b0;
      done_o <= 1'b0;
      beats_o <= 0;
    end else begin
      if (fd == 0) begin
        fd = $fopen(path, "r");
        if (fd == 0) $fatal(1, "stream_source: cannot read %s", path);
        have = $fscanf(fd, "%h\n", word) == 1;
      end
      if (m_axis_tvalid && m_axis_tready) begin
        beats_o <= beats_o + 1;
        done_o <= !have;
      end
      if (!m_axis_tvalid || m_axis_tready) begin
        m_axis_tvalid <= have && !stall;
        m_axis_tdata <= stall ? ~word : word;
        m_axis_tlast <= column == FRAME_BEATS - 1;
        if (have && !stall) begin
          column = column == FRAME_BEATS - 1 ? 0 : column + 1;
          have = $fscanf(fd, "%h\n", word) == 1;
        end
      end
    end
  end
  // verilator lint_on BLKSEQ
endmodule
