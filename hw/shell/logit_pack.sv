// SPDX-License-Identifier: Apache-2.0
// Logits to words of memory: a frame is CLASSES logits of 32 bits, padded with zeros to whole blocks
// of 64 bytes; a run is `frames_i` frames from address `address_i` on.
//
// A logit's sign is extended if it has one. One logit a cycle; the padding takes a cycle for each 32
// bits. With the last word of a burst the burst itself is handed over: it ends at the end of a frame
// or before an address that is a multiple of BURST_BLOCKS blocks. That word waits for both queues, so
// their tready must not depend on their tvalid; it reaches s_axis_tready in the same cycle.
module logit_pack #(
  parameter int unsigned CLASSES      = 10,  // logits of a frame
  parameter int unsigned LOGIT_BITS   = 16,  // of a logit
  parameter int unsigned LOGIT_SIGNED = 1,  // 1: two's complement, 0: no sign
  parameter int unsigned DATA_BITS    = 32,  // of a word
  parameter int unsigned BURST_BLOCKS = 1,  // of a burst, at most
  localparam int unsigned OFFSET_BITS = BURST_BLOCKS > 1 ? $clog2(BURST_BLOCKS) : 1
) (
  input  logic                   clk,
  input  logic                   rst_n,
  // run
  input  logic                   run_valid_i,
  output logic                   run_ready_o,
  input  logic [           57:0] address_i,  // of the first block, in blocks
  input  logic [           31:0] frames_i,  // at least 1
  // what is measured
  output logic                   last_logit_o,  // a frame's last logit is taken
  output logic                   first_frame_o,  // of a run, that frame is
  // logits
  input  logic                   s_axis_tvalid,
  output logic                   s_axis_tready,
  input  logic [ LOGIT_BITS-1:0] s_axis_tdata,
  input  logic                   s_axis_tlast,
  // words
  output logic                   m_words_tvalid,
  input  logic                   m_words_tready,
  output logic [  DATA_BITS-1:0] m_words_tdata,
  // bursts
  output logic                   m_burst_tvalid,
  input  logic                   m_burst_tready,
  output logic [           57:0] m_burst_address,  // of its first block
  output logic [OFFSET_BITS-1:0] m_burst_blocks,  // less 1
  output logic                   m_burst_last_frame,  // of a frame, it is the last
  output logic                   m_burst_last_run  // of a run, too
);
  localparam int unsigned BLOCK_LOGITS = 16;
  localparam int unsigned WORD_LOGITS = DATA_BITS / 32;
  localparam int unsigned SLOTS = (CLASSES + BLOCK_LOGITS - 1) / BLOCK_LOGITS * BLOCK_LOGITS;
  localparam int unsigned SLOT_BITS = $clog2(SLOTS);

  if (CLASSES < 1 || LOGIT_BITS < 1 || LOGIT_BITS > 32 || LOGIT_SIGNED > 1) begin : gen_check_logits
    $fatal(1, "logit_pack: CLASSES=%0d or LOGIT_BITS=%0d is out of range", CLASSES, LOGIT_BITS);
  end
  if (DATA_BITS < 32 || DATA_BITS > 512 || (DATA_BITS & (DATA_BITS - 1)) != 0)
  begin : gen_check_bits
    $fatal(1, "logit_pack: DATA_BITS=%0d is no power of two from 32 to 512", DATA_BITS);
  end
  if (BURST_BLOCKS < 1 || (BURST_BLOCKS & (BURST_BLOCKS - 1)) != 0) begin : gen_check_burst
    $fatal(1, "logit_pack: BURST_BLOCKS=%0d is no power of two", BURST_BLOCKS);
  end

  logic busy_q, first_q, padding, take, step, word, block, last_slot, last_frame, burst;
  logic [SLOT_BITS-1:0] slot_q;  // a place for a logit in the frame
  logic [57:0] address_q;  // of the present block
  logic [31:0] frames_q;  // with the present one
  logic [31:0] logit;

  assign padding    = 32'(slot_q) >= CLASSES;
  assign last_slot  = 32'(slot_q) == SLOTS - 1;
  assign word       = 32'(slot_q) % WORD_LOGITS == WORD_LOGITS - 1;
  assign block      = slot_q[3:0] == 4'd15;
  assign last_frame = frames_q == 32'd1;

  if (LOGIT_BITS == 32) begin : gen_whole
    assign logit = padding ? '0 : s_axis_tdata;
  end else begin : gen_extend
    logic sign;
    assign sign  = LOGIT_SIGNED != 0 && s_axis_tdata[LOGIT_BITS-1];
    assign logit = padding ? '0 : {{(32 - LOGIT_BITS) {sign}}, s_axis_tdata};
  end

  // Word and burst go together or not at all.
  logic ready;
  assign ready          = !word || (m_words_tready && (!burst || m_burst_tready));
  assign step           = busy_q && (padding || s_axis_tvalid) && ready;
  assign s_axis_tready  = busy_q && !padding && ready;
  assign m_words_tvalid = busy_q && (padding || s_axis_tvalid) && word &&
                          (!burst || m_burst_tready);
  assign m_burst_tvalid = m_words_tvalid && burst && m_words_tready;
  assign take           = run_valid_i && run_ready_o;
  assign run_ready_o    = !busy_q;
  assign last_logit_o   = s_axis_tvalid && s_axis_tready && 32'(slot_q) == CLASSES - 1;
  assign first_frame_o  = first_q;

  if (WORD_LOGITS == 1) begin : gen_single
    assign m_words_tdata = logit;
  end else begin : gen_several
    logic [DATA_BITS-33:0] low_q;
    assign m_words_tdata = {logit, low_q};
    if (WORD_LOGITS == 2) begin : gen_pair
      always_ff @(posedge clk) if (step) low_q <= logit;
    end else begin : gen_shift
      always_ff @(posedge clk) if (step) low_q <= {logit, low_q[DATA_BITS-33:32]};
    end
  end

  if (BURST_BLOCKS == 1) begin : gen_block
    assign burst           = block;
    assign m_burst_address = address_q;
    assign m_burst_blocks  = 1'b0;
  end else begin : gen_blocks
    logic [OFFSET_BITS-1:0] offset, start_q;  // within BURST_BLOCKS: of this block, of the burst

    assign offset          = address_q[OFFSET_BITS-1:0];
    assign burst           = block && (&offset || last_slot);
    assign m_burst_address = {address_q[57:OFFSET_BITS], start_q};
    assign m_burst_blocks  = offset - start_q;

    always_ff @(posedge clk) begin
      if (take) start_q <= address_i[OFFSET_BITS-1:0];
      else if (step && burst) start_q <= offset + 1'b1;
    end
  end
  assign m_burst_last_frame = last_slot;
  assign m_burst_last_run   = last_slot && last_frame;

  always_ff @(posedge clk) begin
    if (take) begin
      address_q <= address_i;
      frames_q  <= frames_i;
      first_q   <= 1'b1;
    end else if (step && block) begin
      address_q <= address_q + 1'b1;
      if (last_slot) begin
        frames_q <= frames_q - 1'b1;
        first_q  <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      busy_q <= 1'b0;
      slot_q <= '0;
    end else begin
      busy_q <= take || (busy_q && !(step && last_slot && last_frame));
      if (step) slot_q <= last_slot ? '0 : slot_q + 1'b1;
    end
  end

  frame_check #(
    .BEATS(CLASSES)
  ) u_check (
    .clk,
    .rst_n,
    .taken_i(s_axis_tvalid && s_axis_tready),
    .tlast_i(s_axis_tlast)
  );

  always_ff @(posedge clk) begin
    if (rst_n) begin
      a_frames : assert (!take || frames_i != '0) else $fatal(1, "logit_pack: an empty run");
      a_burst : assert (!m_burst_tvalid || m_words_tvalid)
      else $fatal(1, "logit_pack: a burst without its last word");
    end
  end
endmodule
