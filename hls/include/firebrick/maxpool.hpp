// SPDX-License-Identifier: Apache-2.0
// Maximum over square windows: y[c, r, x] = max of x[c, r*STRIDE + i - PAD_TOP,
// x*STRIDE + j - PAD_LEFT], i, j < KERNEL, windows clipped at all edges (OUT_HEIGHT and OUT_WIDTH
// make the difference between ceil and floor mode, and tell the padding at the bottom and right).
//
// Streams: row stream with COLUMNS*STRIDE pixels a beat in, COLUMNS out; padding is masked.
// One beat an iteration in; a row leaves while its last input row arrives, or behind it. One frame
// a call. Memory: one word per channel and segment, which holds an unfinished window of each of
// ceil((KERNEL-1)/STRIDE) rows; nothing is cleared between frames.
#ifndef FIREBRICK_MAXPOOL_HPP_
#define FIREBRICK_MAXPOOL_HPP_

#include <type_traits>

#include "firebrick/beat.hpp"
#include "firebrick/memory.hpp"

namespace firebrick {

// Horizontal half: m[x] = max of x[x*STRIDE + j - PAD_LEFT], j < KERNEL, within one channel's row.
//
// The windows of a beat reach into the next LOOKAHEAD beats of its row, hence a beat's maxima leave
// LOOKAHEAD shifts after it entered; and into the PAST beats before it, which are kept. An idle
// place is shifted in only where no row is torn. A row has SEGMENTS beats, of which IN_SEGMENTS
// have pixels.
template <int WIDTH, int OUT_WIDTH, int KERNEL, int STRIDE, int PAD_LEFT, int COLUMNS, int BITS>
struct maxpool_window {
  static constexpr int PIXELS = COLUMNS * STRIDE;
  static constexpr int IN_SEGMENTS = ceil_div(WIDTH, PIXELS);
  static constexpr int SEGMENTS = larger(IN_SEGMENTS, ceil_div(OUT_WIDTH, COLUMNS));
  static constexpr int LOOKAHEAD = ceil_div(larger(KERNEL - STRIDE - PAD_LEFT, 0), PIXELS);
  static constexpr int PAST = ceil_div(PAD_LEFT, PIXELS);
  static constexpr int BEATS = PAST + LOOKAHEAD + 1;
  static_assert(BEATS * PIXELS < 4096, "maxpool: 4,096 pixels or more cannot be registers");

  using pixel_t = ap_uint<BITS>;
  pixel_t pixels[BEATS * PIXELS];  // beat PAST is worked on, the others are what it reaches into
  bool valid[BEATS];               // per beat: it is there
  bool end[BEATS];                 // per beat: it is the last of its row
  bool visible[BEATS];             // per beat: it belongs to the row of beat PAST
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
      end[b] = true;  // as idle places do, it stands between rows
      visible[b] = false;
    }
  }

  // A shift would bring a beat forward although none comes in, and tear no row.
  bool can_idle() const {
#pragma HLS INLINE
    bool waiting = false;
  waiting_beats:
    for (int b = PAST + 1; b < BEATS; ++b) {
#pragma HLS UNROLL
      waiting = waiting || valid[b];
    }
    return waiting && (!valid[BEATS - 1] || end[BEATS - 1]);
  }

  // Shifts by a beat, or by an idle place; `flip` turns the lowest value of a pixel into 0. A beat
  // that was not read, `filled` being false, holds the lowest value.
  void shift(bool enters, bool filled, const beat<PIXELS, BITS>& in, pixel_t flip) {
#pragma HLS INLINE
  shift_pixels:
    for (int i = 0; i < (BEATS - 1) * PIXELS; ++i) {
#pragma HLS UNROLL
      pixels[i] = pixels[i + PIXELS];
    }
  shift_beats:
    for (int b = 0; b < BEATS - 1; ++b) {
#pragma HLS UNROLL
      valid[b] = valid[b + 1];
      end[b] = end[b + 1];
    }
    const bool segment_last = segment == SEGMENTS - 1;
  enter_pixels:
    for (int i = 0; i < PIXELS; ++i) {
#pragma HLS UNROLL
      const bool beyond = segment == IN_SEGMENTS - 1 && (IN_SEGMENTS - 1) * PIXELS + i >= WIDTH;
      pixels[(BEATS - 1) * PIXELS + i] =
          !filled || beyond ? pixel_t(0) : pixel_t(get_pixel(in, i) ^ flip);
    }
    valid[BEATS - 1] = enters;
    end[BEATS - 1] = !enters || segment_last;  // an idle place stands between rows
    bool same = true;
  see_beats:
    for (int b = PAST; b < BEATS; ++b) {
#pragma HLS UNROLL
      visible[b] = same;
      same = same && !end[b];
    }
    same = true;
  see_past:
    for (int b = PAST - 1; b >= 0; --b) {
#pragma HLS UNROLL
      same = same && !end[b];
      visible[b] = same;
    }
    if (enters) segment = segment_last ? 0 : int(segment) + 1;
  }

  // Maximum of the window that begins PAD_LEFT before pixel `column * STRIDE` of beat PAST, within
  // its row.
  pixel_t highest(int column) const {
#pragma HLS INLINE
    pixel_t best = 0;
  window_pixels:
    for (int k = 0; k < KERNEL; ++k) {
#pragma HLS UNROLL
      const int i = PAST * PIXELS + column * STRIDE - PAD_LEFT + k;
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
//   PAD_TOP      rows of padding above, which never wins a maximum
//   PAD_LEFT     pixels of padding at the left
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
  static_assert(Cfg::PAD_TOP >= 0 && Cfg::PAD_TOP < Cfg::KERNEL && Cfg::PAD_LEFT >= 0 &&
                    Cfg::PAD_LEFT < Cfg::KERNEL,
                "maxpool: PAD_TOP or PAD_LEFT is not less than KERNEL");
  // Rows are counted with the padding above: windows that end within LOWEST rows are whole.
  constexpr int LOWEST = Cfg::PAD_TOP + Cfg::IN_HEIGHT;
  static_assert(Cfg::OUT_HEIGHT >= 1 && (Cfg::OUT_HEIGHT - 1) * Cfg::STRIDE < LOWEST &&
                    Cfg::OUT_WIDTH >= 1 &&
                    (Cfg::OUT_WIDTH - 1) * Cfg::STRIDE < Cfg::PAD_LEFT + Cfg::IN_WIDTH,
                "maxpool: no windows, or some outside");

  using window_t = maxpool_window<Cfg::IN_WIDTH, Cfg::OUT_WIDTH, Cfg::KERNEL, Cfg::STRIDE,
                                  Cfg::PAD_LEFT, Cfg::COLUMNS, Cfg::BITS>;
  using pixel_t = typename window_t::pixel_t;  // offset binary: 0 is the lowest value
  constexpr int SEGMENTS = window_t::SEGMENTS;
  constexpr int OUT_SEGMENTS = ceil_div(Cfg::OUT_WIDTH, Cfg::COLUMNS);
  constexpr int PARTIALS = (Cfg::KERNEL + Cfg::STRIDE - 2) / Cfg::STRIDE;
  constexpr int DEPTH = Cfg::CHANNELS * OUT_SEGMENTS;
  constexpr int FULL_HEIGHT = LOWEST >= Cfg::KERNEL ? (LOWEST - Cfg::KERNEL) / Cfg::STRIDE + 1 : 0;
  constexpr bool CLIPPED = Cfg::OUT_HEIGHT > FULL_HEIGHT;
  // The first row of windows that ends with the last input row leaves with it; others in rows of
  // their own behind it, which hold nothing.
  constexpr int EARLIER = ceil_div(larger(LOWEST - Cfg::KERNEL, 0), Cfg::STRIDE);
  constexpr int BEHIND = larger(Cfg::OUT_HEIGHT - EARLIER - 1, 0);
  constexpr int ROWS = Cfg::IN_HEIGHT + BEHIND;
  // A window that began `age` windows ago is complete: a whole one in rows of phase DONE_PHASE
  // (row modulo STRIDE) at DONE_AGE, a clipped one in the last row at CLIPPED_AGE, one more for
  // each row that is still to come.
  constexpr int DONE_PHASE = (Cfg::KERNEL - 1) % Cfg::STRIDE;
  constexpr int DONE_AGE = (Cfg::KERNEL - 1) / Cfg::STRIDE;
  constexpr int CLIPPED_AGE = (LOWEST - 1) / Cfg::STRIDE + 1 - Cfg::OUT_HEIGHT;
  constexpr int LAST_ROW =
      CLIPPED ? ROWS - 1 : (Cfg::OUT_HEIGHT - 1) * Cfg::STRIDE + Cfg::KERNEL - 1 - Cfg::PAD_TOP;
  constexpr int IN_BEATS = Cfg::IN_HEIGHT * Cfg::CHANNELS * SEGMENTS;
  constexpr int BEATS = ROWS * Cfg::CHANNELS * SEGMENTS;
  // Iterations, named by a pragma: at worst as many idle places behind each row as it looks ahead.
  [[maybe_unused]] constexpr int MOST = ROWS * Cfg::CHANNELS * (SEGMENTS + window_t::LOOKAHEAD);
  const pixel_t flip = Cfg::SIGNED ? pixel_t(pixel_t(1) << (Cfg::BITS - 1)) : pixel_t(0);
  // Unfinished windows of a beat, youngest first.
  using word_t = ap_uint<larger(PARTIALS, 1) * Cfg::COLUMNS * Cfg::BITS>;

  window_t window;
  memory<word_t, DEPTH, Cfg::MEMORY_KIND, DEPTH> partial;
  word_t latest = 0;  // the memory's only word, where it has but one
  ap_uint<index_bits(SEGMENTS)> segment = 0;
  ap_uint<index_bits(Cfg::CHANNELS)> channel = 0;
  ap_uint<index_bits(DEPTH)> address = 0;
  ap_uint<index_bits(Cfg::STRIDE)> phase = Cfg::PAD_TOP % Cfg::STRIDE;  // row modulo STRIDE
  ap_uint<count_bits(ROWS)> row = 0;
  // Number of windows begun before.
  ap_uint<count_bits(Cfg::PAD_TOP + ROWS)> newest = Cfg::PAD_TOP / Cfg::STRIDE;
  ap_uint<count_bits(BEATS)> taken = 0;

// Invariant: beats of rows before `row`, and of this row before (channel, segment), are in the
// unfinished windows; the window's beat 0 is the next, or idle. A beat is waited for where nothing
// can move without it.
beats:
  while (row < ROWS) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = BEATS max = MOST
    typename Cfg::in_beat in;
    // Behind the pixels of a row, and behind a frame, beats that hold nothing are put in.
    const bool filled = taken < IN_BEATS && window.segment < window_t::IN_SEGMENTS;
    const bool enters = taken < BEATS && (!filled || take(s_axis, in, !window.can_idle()));
    if (enters) ++taken;
    window.shift(enters, filled, in, flip);

    if (window.valid[window_t::PAST]) {
      const bool segment_last = segment == SEGMENTS - 1;
      const bool channel_last = channel == Cfg::CHANNELS - 1;
      const bool phase_last = phase == Cfg::STRIDE - 1;
      const bool kept = segment < OUT_SEGMENTS;
      const bool clipped = CLIPPED && row >= Cfg::IN_HEIGHT - 1;
      const bool done = clipped || (phase == DONE_PHASE && newest + 1 > DONE_AGE &&
                                    newest < DONE_AGE + Cfg::OUT_HEIGHT);
      // In a row that begins a window, every other window is one older than when it was stored.
      const bool fresh = phase == 0 && row < Cfg::IN_HEIGHT;
      // Of windows that begin above the first row nothing is stored.
      const bool first = Cfg::PAD_TOP > 0 && row == 0;
      const int clipped_age = CLIPPED_AGE + (ROWS - 1 - int(row));

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
          if (!first && fresh && age > 0) {
            const int low = ((age - 1) * Cfg::COLUMNS + c) * Cfg::BITS;
            best = stored.range(low + Cfg::BITS - 1, low);
          }
          const int place = (age * Cfg::COLUMNS + c) * Cfg::BITS;
          if (!first && !fresh && age < PARTIALS) best = stored.range(place + Cfg::BITS - 1, place);
          if (maximum > best) best = maximum;
          if (age < PARTIALS) updated.range(place + Cfg::BITS - 1, place) = best;
          if (age == (clipped ? clipped_age : DONE_AGE)) set_pixel(out, c, pixel_t(best ^ flip));
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
