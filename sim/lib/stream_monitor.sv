// SPDX-License-Identifier: Apache-2.0
// Writes down what passes a stream, and checks its handshake.
//
// Per run (a run ends with a reset, run_i numbers it) two files, `<path>.<run>.hex`: one beat a
// line; `<path>.<run>.frames`: "cycle beat" of the first beat and then of each beat with tlast.
// Cycles count from reset. <path> is NAME, or what the plusarg `+<NAME>=<path>` says.
// Asserted: a beat that is not taken stays as it is.
module stream_monitor #(
  parameter int unsigned WIDTH = 8,  // bits of tdata
  parameter string NAME = "monitor",  // path of the files, and name of the plusarg
  parameter bit DATA = 1'b1  // write the beats; otherwise only frames are written
) (
  input  logic             clk,
  input  logic             rst_n,
  input  int unsigned      run_i,
  input  logic             tvalid,
  input  logic             tready,
  input  logic [WIDTH-1:0] tdata,
  input  logic             tlast,
  output int unsigned      frames_o,  // beats with tlast since reset
  output int unsigned      beats_o  // beats since reset
);
  string path;
  int data_fd;
  int frames_fd;
  longint unsigned cycle_q;

  initial if ($value$plusargs({NAME, "=%s"}, path) == 0) path = NAME;

  function automatic int open(string suffix);
    int fd;
    fd = $fopen($sformatf("%s.%0d.%s", path, run_i, suffix), "w");
    if (fd == 0) $fatal(1, "stream_monitor: cannot write %s.%0d.%s", path, run_i, suffix);
    return fd;
  endfunction

  // verilator lint_off BLKSEQ
  // File handles are used in this process only.
  always @(posedge clk) begin
    cycle_q <= rst_n ? cycle_q + 1 : 0;
    if (!rst_n) begin
      if (frames_fd != 0) $fclose(frames_fd);
      if (data_fd != 0) $fclose(data_fd);
      frames_fd = 0;
      data_fd = 0;
      frames_o <= 0;
      beats_o <= 0;
    end else begin
      if (frames_fd == 0) begin
        frames_fd = open("frames");
        if (DATA) data_fd = open("hex");
      end
      if (tvalid && tready) begin
        if (DATA) $fwrite(data_fd, "%h\n", tdata);
        if (beats_o == 0 || tlast) $fwrite(frames_fd, "%0d %0d\n", cycle_q, beats_o);
        beats_o <= beats_o + 1;
        if (tlast) frames_o <= frames_o + 1;
      end
    end
  end
  // verilator lint_on BLKSEQ

  logic held_q;
  logic [WIDTH-1:0] tdata_q;
  logic tlast_q;
  always_ff @(posedge clk) begin
    held_q  <= rst_n && tvalid && !tready;
    tdata_q <= tdata;
    tlast_q <= tlast;
    if (rst_n && held_q) begin
      a_valid : assert (tvalid) else $fatal(1, "%s: tvalid fell before tready", NAME);
      a_data : assert (tdata == tdata_q) else $fatal(1, "%s: tdata changed while stalled", NAME);
      a_last : assert (tlast == tlast_q) else $fatal(1, "%s: tlast changed while stalled", NAME);
    end
  end
endmodule
