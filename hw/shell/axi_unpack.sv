// SPDX-License-Identifier: Apache-2.0
// Words of memory to beats: a frame is BEATS beats, packed from the low bits of its first word on; in
// memory it takes STRIDE_WORDS words, of which the last ones may be padding.
//
// A beat is as wide as a word, or 2, 4, ... times as wide or narrow. One beat a cycle where a beat
// is no wider than a word, else one word a cycle; no cycle is lost between frames but for words of
// nothing but padding, one cycle each. m_axis_tvalid and m_axis_tdata come from registers and do not
// wait for m_axis_tready, which reaches s_axis_tready in the same cycle.
module axi_unpack #(
  parameter int unsigned WORD_BITS    = 32,  // of memory
  parameter int unsigned BEAT_BITS    = 32,  // of a beat
  parameter int unsigned BEATS        = 16,  // of a frame
  parameter int unsigned STRIDE_WORDS = 16  // of a frame in memory
) (
  input  logic                 clk,
  input  logic                 rst_n,
  input  logic                 s_axis_tvalid,
  output logic                 s_axis_tready,
  input  logic [WORD_BITS-1:0] s_axis_tdata,
  output logic                 m_axis_tvalid,
  input  logic                 m_axis_tready,
  output logic [BEAT_BITS-1:0] m_axis_tdata,
  output logic                 m_axis_tlast
);
  localparam bit IS_WIDE = BEAT_BITS > WORD_BITS;
  // Beats of a word, or words of a beat.
  localparam int unsigned RATIO = IS_WIDE ? BEAT_BITS / WORD_BITS : WORD_BITS / BEAT_BITS;
  localparam int unsigned WORDS = IS_WIDE ? BEATS * RATIO : (BEATS + RATIO - 1) / RATIO;
  localparam int unsigned INDEX_BITS = RATIO > 1 ? $clog2(RATIO) : 1;
  localparam int unsigned COUNT_BITS = STRIDE_WORDS > 1 ? $clog2(STRIDE_WORDS) : 1;
  // Of the frame's last beat.
  localparam logic [INDEX_BITS-1:0] LAST_INDEX = INDEX_BITS'(IS_WIDE ? RATIO - 1 :
                                                                       (BEATS - 1) % RATIO);

  if (WORD_BITS < 1 || (IS_WIDE ? BEAT_BITS != RATIO * WORD_BITS : WORD_BITS != RATIO * BEAT_BITS))
  begin : gen_check_bits
    $fatal(1, "axi_unpack: BEAT_BITS=%0d and WORD_BITS=%0d do not divide", BEAT_BITS, WORD_BITS);
  end
  if (BEATS < 1 || STRIDE_WORDS < WORDS) begin : gen_check_stride
    $fatal(1, "axi_unpack: STRIDE_WORDS=%0d is less than %0d words", STRIDE_WORDS, WORDS);
  end

  logic [COUNT_BITS-1:0] word_q;  // of the frame
  logic [INDEX_BITS-1:0] index_q;  // beat of the word, or word of the beat
  logic padding, last_word, last_index, step, pop;

  assign padding       = 32'(word_q) >= WORDS;
  assign last_word     = 32'(word_q) == WORDS - 1;
  assign last_index    = 32'(index_q) == RATIO - 1;
  assign m_axis_tlast  = last_word && index_q == LAST_INDEX;
  assign s_axis_tready = pop;

  if (IS_WIDE) begin : gen_wide
    logic [BEAT_BITS-WORD_BITS-1:0] low_q;

    assign m_axis_tvalid = s_axis_tvalid && !padding && last_index;
    assign m_axis_tdata  = {s_axis_tdata, low_q};
    assign pop           = padding || !last_index || m_axis_tready;
    assign step          = s_axis_tvalid && pop && !padding;

    if (RATIO == 2) begin : gen_pair
      always_ff @(posedge clk) if (step) low_q <= s_axis_tdata;
    end else begin : gen_shift
      always_ff @(posedge clk) begin
        if (step) low_q <= {s_axis_tdata, low_q[BEAT_BITS-WORD_BITS-1:WORD_BITS]};
      end
    end
  end else begin : gen_narrow
    assign m_axis_tvalid = s_axis_tvalid && !padding;
    if (RATIO == 1) begin : gen_same
      assign m_axis_tdata = s_axis_tdata;
    end else begin : gen_part
      assign m_axis_tdata = s_axis_tdata[32'(index_q)*BEAT_BITS+:BEAT_BITS];
    end
    assign pop           = padding || (m_axis_tready && (last_index || m_axis_tlast));
    assign step          = m_axis_tvalid && m_axis_tready;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      word_q  <= '0;
      index_q <= '0;
    end else begin
      if (step) index_q <= last_index || m_axis_tlast ? '0 : index_q + 1'b1;
      if (s_axis_tvalid && pop) word_q <= 32'(word_q) == STRIDE_WORDS - 1 ? '0 : word_q + 1'b1;
    end
  end

  logic                 held_q, last_q;
  logic [BEAT_BITS-1:0] data_q;

  always_ff @(posedge clk) begin
    held_q <= rst_n && m_axis_tvalid && !m_axis_tready;
    data_q <= m_axis_tdata;
    last_q <= m_axis_tlast;
    if (rst_n && held_q) begin
      a_stable : assert (m_axis_tvalid && m_axis_tdata == data_q && m_axis_tlast == last_q)
      else $fatal(1, "axi_unpack: a beat changed before it was taken");
    end
  end
endmodule
