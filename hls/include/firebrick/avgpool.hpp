// SPDX-License-Identifier: Apache-2.0
// Global average as a sum, exact or requantized: with sum[c] = initial_sum[c] + sum of all
// x[c, r, x] of a frame, y[c] = clamp((sum[c] * MULTIPLIER + half) >> SHIFT), with
// half = 2**(SHIFT - 1), or 0 where SHIFT is 0. With MULTIPLIER 1 and SHIFT 0 it is the sum.
//
// Stream in: row stream, COLUMNS pixels a beat, channels in any order; padding is masked. Stream
// out: one value of OUT_BITS a beat, in the natural order of the channels.
// One beat an iteration in, then one value an iteration out. One frame a call.
// Tables of integers, one entry per channel in the order of the stream: `channel`, its natural
// number, and `initial_sum`.
#ifndef FIREBRICK_AVGPOOL_HPP_
#define FIREBRICK_AVGPOOL_HPP_

#include <type_traits>

#include "firebrick/beat.hpp"
#include "firebrick/memory.hpp"

namespace firebrick {

// Scales a sum to a value of the output, rounding halves up.
template <class Cfg>
ap_uint<Cfg::OUT_BITS> avgpool_requantize(ap_int<Cfg::SUM_BITS> sum) {
#pragma HLS INLINE
  constexpr int PRODUCT_BITS = Cfg::SUM_BITS + 17;  // signed sum, signed 16-bit factor
  // Room for the rounding constant, which may exceed the product, and for the clamp's limits.
  using wide_t = ap_int<larger(larger(PRODUCT_BITS, 40), Cfg::OUT_BITS) + 2>;
  const wide_t half = wide_t(wide_t(1) << Cfg::SHIFT) >> 1;
  const wide_t hi = (wide_t(1) << (Cfg::OUT_BITS - Cfg::OUT_SIGNED)) - 1;
  const wide_t lo = Cfg::OUT_SIGNED ? wide_t(-hi - 1) : wide_t(0);
  const ap_int<PRODUCT_BITS> product = sum * ap_int<17>(Cfg::MULTIPLIER);
  const wide_t scaled = wide_t(product + half) >> Cfg::SHIFT;
  if (scaled > hi) return ap_uint<Cfg::OUT_BITS>(hi);
  if (scaled < lo) return ap_uint<Cfg::OUT_BITS>(lo);
  return ap_uint<Cfg::OUT_BITS>(scaled);
}

// Cfg:
//   CHANNELS     channels
//   HEIGHT       rows of a frame
//   WIDTH        pixels of a row
//   COLUMNS      pixels of an input beat
//   BITS         bits of a pixel
//   SIGNED       pixels are two's complement
//   SUM_BITS     bits of a signed sum
//   OUT_BITS     bits of a value of the output
//   OUT_SIGNED   they are two's complement
//   MULTIPLIER   of a sum, 16 bits unsigned
//   SHIFT        bits dropped
//   MEMORY_KIND  of sums and results, see memory.hpp
//   in_beat      beat<COLUMNS, BITS>
//   out_beat     beat<1, OUT_BITS>
template <class Cfg, class Channel, class Sum>
void avgpool(hls::stream<typename Cfg::in_beat>& s_axis,
             hls::stream<typename Cfg::out_beat>& m_axis, const Channel (&channel)[Cfg::CHANNELS],
             const Sum (&initial_sum)[Cfg::CHANNELS]) {
#pragma HLS INLINE off
  static_assert(Cfg::CHANNELS >= 1 && Cfg::HEIGHT >= 1 && Cfg::WIDTH >= 1 && Cfg::COLUMNS >= 1,
                "avgpool: CHANNELS, HEIGHT, WIDTH and COLUMNS must be at least 1");
  // A signed pixel is a sum of one; an unsigned one takes a bit more.
  static_assert(Cfg::BITS >= 1 && Cfg::SUM_BITS >= Cfg::BITS + !Cfg::SIGNED,
                "avgpool: SUM_BITS does not hold pixels of BITS");
  static_assert(Cfg::MULTIPLIER >= 0 && Cfg::MULTIPLIER <= 65535,
                "avgpool: MULTIPLIER exceeds 16 bits");
  static_assert(Cfg::SHIFT >= 0 && Cfg::SHIFT <= 40, "avgpool: SHIFT exceeds 40");
  static_assert(std::is_same<typename Cfg::in_beat, beat<Cfg::COLUMNS, Cfg::BITS>>::value &&
                    std::is_same<typename Cfg::out_beat, beat<1, Cfg::OUT_BITS>>::value,
                "avgpool: in_beat or out_beat does not have its pixels of BITS or OUT_BITS");

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
      out.data = avgpool_requantize<Cfg>(results.words[index - IN_BEATS]);
      out.last = index == IN_BEATS + Cfg::CHANNELS - 1;
      m_axis.write(out);
    }
  }
}

}  // namespace firebrick

#endif  // FIREBRICK_AVGPOOL_HPP_
