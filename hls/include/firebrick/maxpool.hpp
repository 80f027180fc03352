// SPDX-License-Identifier: Apache-2.0
// Maximum over square windows: y[c, r, x] = max of x[c, r*STRIDE + i, x*STRIDE + j], i, j < KERNEL,
// windows clipped at the bottom and right edge (OUT_HEIGHT and OUT_WIDTH make the difference
// between ceil and floor mode).
//
// Streams: row stream with COLUMNS*STRIDE pixels a beat in, COLUMNS out; padding is masked.
// One beat an iteration in; a row leaves while its last input row arrives. One frame a call.
// Memory: one word per channel and segment, which holds an unfinished window of each of
// ceil((KERNEL-1)/STRIDE) rows; nothing is cleared between frames.
#ifndef FIREBRICK_MAXPOOL_HPP_
#define FIREBRICK_MAXPOOL_HPP_

#include <type_traits>

#include "firebrick/beat.hpp"
#include "firebrick/memory.hpp"

namespace firebrick {

// Horizontal half: m[x] = max of x[x*STRIDE + j], j < KERNEL, within one channel's row.
//
// The windows of a beat reach into the next LOOKAHEAD beats of its row, hence a beat's maxima leave
// LOOKAHEAD shifts after it entered. An idle place is shifted in only where no row is torn.
template <int WIDTH, int KERNEL, int STRIDE, int COLUMNS, int BITS>
struct maxpool_window {
  static constexpr int PIXELS = COLUMNS * STRIDE;
  static constexpr int SEGMENTS = ceil_div(WIDTH, PIXELS);
  static constexpr int LOOKAHEAD = ceil_div(larger(KERNEL - STRIDE, 0), PIXELS);
  static constexpr int BEATS = LOOKAHEAD + 1;
  static_assert(BEATS * PIXELS < 4096, "maxpool: 4,096 pixels or more cannot be registers");

  using pixel_t = ap_uint<BITS>;
  pixel_t pixels[BEATS * PIXELS];  // beat 0 is worked on, the others are what it reaches into
  bool valid[BEATS];               // per beat: it is there
  bool end[BEATS];                 // per beat: it is the last of its row
  bool visible[BEATS];             // per beat: it belongs to the row of beat 0
  ap_uint<index_bits(SEGMENTS)> segment;  // of the beat that enters

  maxpool_window() : segment(0) {
#pragma HLS INLINE
#pragma HLS ARRAY_PARTITION variable = pixels type = complete
#pragma HLS ARRAY_PARTITION variable = valid type = complete
#pragma HLS ARRAY_PARTITION variable = end type = complete
#pragma HLS ARRAY_PARTITION variable = visible type = complete
  clear:
    for (int b = 0; b < BEATS; ++b) {
#pragma HLS UNROLL
      valid[b] = false;
      end[b] = false;
      visible[b] = false;
    }
  }

  // A shift would bring a beat forward although none comes in, and tear no row.
  bool can_idle() const {
#pragma HLS INLINE
    bool waiting = false;
  waiting_beats:
    for (int b = 1; b < BEATS; ++b) {
#pragma HLS UNROLL
      waiting = waiting || valid[b];
    }
    return waiting && (!valid[BEATS - 1] || end[BEATS - 1]);
  }

  // Shifts by a beat, or by an idle place; `flip` turns the lowest value of a pixel into 0.
  void shift(bool enters, const beat<PIXELS, BITS>& in, pixel_t flip) {
#pragma HLS INLINE
  shift_pixels:
    for (int i = 0; i < LOOKAHEAD * PIXELS; ++i) {
#pragma HLS UNROLL
      pixels[i] = pixels[i + PIXELS];
    }
  shift_beats:
    for (int b = 0; b < LOOKAHEAD; ++b) {
#pragma HLS UNROLL
      valid[b] = valid[b + 1];
      end[b] = end[b + 1];
    }
    const bool segment_last = segment == SEGMENTS - 1;
  enter_pixels:
    for (int i = 0; i < PIXELS; ++i) {
#pragma HLS UNROLL
      const bool padding = segment_last && (SEGMENTS - 1) * PIXELS + i >= WIDTH;
      pixels[LOOKAHEAD * PIXELS + i] = padding ? pixel_t(0) : pixel_t(get_pixel(in, i) ^ flip);
    }
    valid[BEATS - 1] = enters;
    end[BEATS - 1] = segment_last;
    bool same = true;
  see_beats:
    for (int b = 0; b < BEATS; ++b) {
#pragma HLS UNROLL
      visible[b] = same;
      same = same && !end[b];
    }
    if (enters) segment = segment_last ? 0 : int(segment) + 1;
  }

  // Maximum of the window that begins at pixel `column * STRIDE` of beat 0, within its row.
  pixel_t highest(int column) const {
#pragma HLS INLINE
    pixel_t best = 0;
  window_pixels:
    for (int k = 0; k < KERNEL; ++k) {
#pragma HLS UNROLL
      const int i = column * STRIDE + k;
      if (visible[i / PIXELS] && pixels[i] > best) best = pixels[i];
    }
    return best;
  }
};

// Cfg:
//   CHANNELS     channels
//   IN_HEIGHT    rows of an input frame
//   IN_WIDTH     pixels of an input row
//   OUT_HEIGHT   rows of an output frame
//   OUT_WIDTH    pixels of an output row
//   KERNEL       side of the window
//   STRIDE       step of the window
//   COLUMNS      pixels of an output beat
//   BITS         bits of a pixel
//   SIGNED       pixels are two's complement
//   MEMORY_KIND  of the unfinished windows, see memory.hpp
//   in_beat      beat<COLUMNS * STRIDE, BITS>
//   out_beat     beat<COLUMNS, BITS>
template <class Cfg>
void maxpool(hls::stream<typename Cfg::in_beat>& s_axis,
             hls::stream<typename Cfg::out_beat>& m_axis) {
#pragma HLS INLINE off
  static_assert(Cfg::CHANNELS >= 1 && Cfg::COLUMNS >= 1 && Cfg::BITS >= 1 && Cfg::KERNEL >= 1 &&
                    Cfg::STRIDE >= 1,
                "maxpool: CHANNELS, COLUMNS, BITS, KERNEL and STRIDE must be at least 1");
  static_assert(
      std::is_same<typename Cfg::in_beat, beat<Cfg::COLUMNS * Cfg::STRIDE, Cfg::BITS>>::value &&
          std::is_same<typename Cfg::out_beat, beat<Cfg::COLUMNS, Cfg::BITS>>::value,
      "maxpool: in_beat or out_beat does not have its COLUMNS pixels of BITS");
  static_assert(Cfg::OUT_HEIGHT >= 1 && (Cfg::OUT_HEIGHT - 1) * Cfg::STRIDE < Cfg::IN_HEIGHT &&
                    Cfg::OUT_WIDTH >= 1 && (Cfg::OUT_WIDTH - 1) * Cfg::STRIDE < Cfg::IN_WIDTH,
                "maxpool: no windows, or some outside");

  using window_t = maxpool_window<Cfg::IN_WIDTH, Cfg::KERNEL, Cfg::STRIDE, Cfg::COLUMNS, Cfg::BITS>;
  using pixel_t = typename window_t::pixel_t;  // offset binary: 0 is the lowest value
  constexpr int SEGMENTS = window_t::SEGMENTS;
  constexpr int OUT_SEGMENTS = ceil_div(Cfg::OUT_WIDTH, Cfg::COLUMNS);
  constexpr int PARTIALS = (Cfg::KERNEL + Cfg::STRIDE - 2) / Cfg::STRIDE;
  constexpr int DEPTH = Cfg::CHANNELS * OUT_SEGMENTS;
  constexpr int FULL_HEIGHT =
      Cfg::IN_HEIGHT >= Cfg::KERNEL ? (Cfg::IN_HEIGHT - Cfg::KERNEL) / Cfg::STRIDE + 1 : 0;
  constexpr bool CLIPPED = Cfg::OUT_HEIGHT > FULL_HEIGHT;
  // A window that began `age` windows ago is complete: a whole one in rows of phase DONE_PHASE
  // (row modulo STRIDE) at DONE_AGE, a clipped one in the last row at CLIPPED_AGE.
  constexpr int DONE_PHASE = (Cfg::KERNEL - 1) % Cfg::STRIDE;
  constexpr int DONE_AGE = (Cfg::KERNEL - 1) / Cfg::STRIDE;
  constexpr int CLIPPED_AGE = (Cfg::IN_HEIGHT - 1) / Cfg::STRIDE + 1 - Cfg::OUT_HEIGHT;
  static_assert(!CLIPPED || Cfg::OUT_HEIGHT == 1 ||
                    (Cfg::OUT_HEIGHT - 2) * Cfg::STRIDE + Cfg::KERNEL < Cfg::IN_HEIGHT,
                "maxpool: two rows of windows end with the last input row");
  constexpr int LAST_ROW =
      CLIPPED ? Cfg::IN_HEIGHT - 1 : (Cfg::OUT_HEIGHT - 1) * Cfg::STRIDE + Cfg::KERNEL - 1;
  constexpr int IN_BEATS = Cfg::IN_HEIGHT * Cfg::CHANNELS * SEGMENTS;
  // Iterations, named by a pragma: at worst as many idle places behind each row as it looks ahead.
  [[maybe_unused]] constexpr int MOST =
      Cfg::IN_HEIGHT * Cfg::CHANNELS * (SEGMENTS + window_t::LOOKAHEAD);
  const pixel_t flip = Cfg::SIGNED ? pixel_t(pixel_t(1) << (Cfg::BITS - 1)) : pixel_t(0);
  // Unfinished windows of a beat, youngest first.
  using word_t = ap_uint<larger(PARTIALS, 1) * Cfg::COLUMNS * Cfg::BITS>;

  window_t window;
  memory<word_t, DEPTH, Cfg::MEMORY_KIND, DEPTH> partial;
  word_t latest = 0;  // the memory's only word, where it has but one
  ap_uint<index_bits(SEGMENTS)> segment = 0;
  ap_uint<index_bits(Cfg::CHANNELS)> channel = 0;
  ap_uint<index_bits(DEPTH)> address = 0;
  ap_uint<index_bits(Cfg::STRIDE)> phase = 0;  // row modulo STRIDE
  ap_uint<count_bits(Cfg::IN_HEIGHT)> row = 0;
  ap_uint<count_bits(Cfg::IN_HEIGHT)> newest = 0;  // number of windows begun before
  ap_uint<count_bits(IN_BEATS)> taken = 0;

// Invariant: beats of rows before `row`, and of this row before (channel, segment), are in the
// unfinished windows; the window's beat 0 is the next, or idle. A beat is waited for where nothing
// can move without it.
beats:
  while (row < Cfg::IN_HEIGHT) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = IN_BEATS max = MOST
    typename Cfg::in_beat in;
    const bool enters = taken < IN_BEATS && take(s_axis, in, !window.can_idle());
    if (enters) ++taken;
    window.shift(enters, in, flip);

    if (window.valid[0]) {
      const bool segment_last = segment == SEGMENTS - 1;
      const bool channel_last = channel == Cfg::CHANNELS - 1;
      const bool row_last = row == Cfg::IN_HEIGHT - 1;
      const bool phase_last = phase == Cfg::STRIDE - 1;
      const bool kept = segment < OUT_SEGMENTS;
      const bool clipped = CLIPPED && row_last;
      const bool done = clipped || (phase == DONE_PHASE && newest + 1 > DONE_AGE &&
                                    newest < DONE_AGE + Cfg::OUT_HEIGHT);
      // In a row that begins a window, every other window is one older than when it was stored.
      const bool fresh = phase == 0;

      // The unfinished windows take in the row's maxima.
      const word_t stored = DEPTH == 1 ? latest : partial.words[address];
      word_t updated = 0;
      typename Cfg::out_beat out;
    columns:
      for (int c = 0; c < Cfg::COLUMNS; ++c) {
#pragma HLS UNROLL
        const pixel_t maximum = window.highest(c);
      ages:
        for (int age = 0; age <= PARTIALS; ++age) {
#pragma HLS UNROLL
          pixel_t best = 0;
          if (fresh && age > 0) {
            const int low = ((age - 1) * Cfg::COLUMNS + c) * Cfg::BITS;
            best = stored.range(low + Cfg::BITS - 1, low);
          }
          const int place = (age * Cfg::COLUMNS + c) * Cfg::BITS;
          if (!fresh && age < PARTIALS) best = stored.range(place + Cfg::BITS - 1, place);
          if (maximum > best) best = maximum;
          if (age < PARTIALS) updated.range(place + Cfg::BITS - 1, place) = best;
          if (age == (clipped ? CLIPPED_AGE : DONE_AGE)) set_pixel(out, c, pixel_t(best ^ flip));
        }
      }
      if (kept) {
        latest = updated;
        if (DEPTH > 1) partial.words[address] = updated;
        address = address == DEPTH - 1 ? 0 : int(address) + 1;
      }
      if (kept && done) {
        out.last = row == LAST_ROW && channel_last && segment == OUT_SEGMENTS - 1;
        m_axis.write(out);
      }

      segment = segment_last ? 0 : int(segment) + 1;
      if (segment_last) channel = channel_last ? 0 : int(channel) + 1;
      if (segment_last && channel_last) {
        ++row;
        phase = phase_last ? 0 : int(phase) + 1;
        if (phase_last) ++newest;
      }
    }
  }
}

}  // namespace firebrick

#endif  // FIREBRICK_MAXPOOL_HPP_
