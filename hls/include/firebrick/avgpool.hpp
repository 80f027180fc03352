// SPDX-License-Identifier: Apache-2.0
// Global average as an exact sum: y[c] = initial_sum[c] + sum of all x[c, r, x] of a frame.
//
// Stream in: row stream, COLUMNS pixels a beat, channels in any order; padding is masked. Stream
// out: one signed sum of SUM_BITS a beat, in the natural order of the classes.
// One beat an iteration in, then one sum an iteration out. One frame a call.
// Tables of integers, one entry per channel in the order of the stream: `channel`, its natural
// number, and `initial_sum`.
#ifndef FIREBRICK_AVGPOOL_HPP_
#define FIREBRICK_AVGPOOL_HPP_

#include <type_traits>

#include "firebrick/beat.hpp"
#include "firebrick/memory.hpp"

namespace firebrick {

// Cfg:
//   CHANNELS     channels
//   HEIGHT       rows of a frame
//   WIDTH        pixels of a row
//   COLUMNS      pixels of an input beat
//   BITS         bits of a pixel
//   SIGNED       pixels are two's complement
//   SUM_BITS     bits of a sum
//   MEMORY_KIND  of sums and results, see memory.hpp
//   in_beat      beat<COLUMNS, BITS>
//   out_beat     beat<1, SUM_BITS>
template <class Cfg, class Channel, class Sum>
void avgpool(hls::stream<typename Cfg::in_beat>& s_axis,
             hls::stream<typename Cfg::out_beat>& m_axis, const Channel (&channel)[Cfg::CHANNELS],
             const Sum (&initial_sum)[Cfg::CHANNELS]) {
#pragma HLS INLINE off
  static_assert(Cfg::CHANNELS >= 1 && Cfg::HEIGHT >= 1 && Cfg::WIDTH >= 1 && Cfg::COLUMNS >= 1,
                "avgpool: CHANNELS, HEIGHT, WIDTH and COLUMNS must be at least 1");
  static_assert(Cfg::BITS >= 1 && Cfg::SUM_BITS > Cfg::BITS,
                "avgpool: SUM_BITS does not exceed BITS");
  static_assert(std::is_same<typename Cfg::in_beat, beat<Cfg::COLUMNS, Cfg::BITS>>::value &&
                    std::is_same<typename Cfg::out_beat, beat<1, Cfg::SUM_BITS>>::value,
                "avgpool: in_beat or out_beat does not have its pixels of BITS or SUM_BITS");

  constexpr int SEGMENTS = ceil_div(Cfg::WIDTH, Cfg::COLUMNS);
  constexpr int IN_BEATS = Cfg::HEIGHT * Cfg::CHANNELS * SEGMENTS;
  using sum_t = ap_int<Cfg::SUM_BITS>;

  // Unfinished sums in the order of the stream, finished ones in natural order.
  memory<sum_t, Cfg::CHANNELS, Cfg::MEMORY_KIND, (Cfg::CHANNELS - 1) * SEGMENTS + 1> sums;
  memory<sum_t, Cfg::CHANNELS, Cfg::MEMORY_KIND, 1> results;
  sum_t running = 0;  // of the channel's row, and of all before it
  ap_uint<index_bits(SEGMENTS)> segment = 0;
  ap_uint<index_bits(Cfg::CHANNELS)> place = 0;  // of the channel in the stream
  ap_uint<index_bits(Cfg::HEIGHT)> row = 0;

// Invariant: `sums` holds, and at the end `results`, what the first `index` beats add up to. Behind
// the last beat, the results leave.
beats:
  for (int index = 0; index < IN_BEATS + Cfg::CHANNELS; ++index) {
#pragma HLS PIPELINE II = 1
    if (index < IN_BEATS) {
      const typename Cfg::in_beat in = s_axis.read();
      const bool segment_last = segment == SEGMENTS - 1;
      const bool place_last = place == Cfg::CHANNELS - 1;
      const bool row_last = row == Cfg::HEIGHT - 1;
      sum_t part = 0;
    columns:
      for (int p = 0; p < Cfg::COLUMNS; ++p) {
#pragma HLS UNROLL
        const bool padding = segment_last && (SEGMENTS - 1) * Cfg::COLUMNS + p >= Cfg::WIDTH;
        if (!padding) part += get_value<Cfg::SIGNED>(in, p);
      }
      sum_t base = running;
      if (segment == 0 && row == 0) {
        base = initial_sum[place];
      } else if (segment == 0 && Cfg::CHANNELS > 1) {  // a single one is still in the register
        base = sums.words[place];
      }
      running = base + part;
      if (segment_last && !row_last) sums.words[place] = running;
      if (segment_last && row_last) results.words[channel[place]] = running;

      segment = segment_last ? 0 : int(segment) + 1;
      if (segment_last) place = place_last ? 0 : int(place) + 1;
      if (segment_last && place_last && !row_last) ++row;
    } else {
      typename Cfg::out_beat out;
      out.data = ap_uint<Cfg::SUM_BITS>(results.words[index - IN_BEATS]);
      out.last = index == IN_BEATS + Cfg::CHANNELS - 1;
      m_axis.write(out);
    }
  }
}

}  // namespace firebrick

#endif  // FIREBRICK_AVGPOOL_HPP_
