// SPDX-License-Identifier: Apache-2.0
// Bypass join of two tensors: y = clamp((a * MULTIPLIER0 + b * MULTIPLIER1 + half) >> SHIFT), with
// half = 2**(SHIFT - 1), or 0 where SHIFT is 0.
//
// Streams: row streams of COLUMNS pixels a beat, in lockstep; the padding's results are garbage.
// One beat an iteration. One frame a call.
#ifndef FIREBRICK_ADD_HPP_
#define FIREBRICK_ADD_HPP_

#include <type_traits>

#include "firebrick/beat.hpp"

namespace firebrick {

// Cfg:
//   CHANNELS      channels
//   HEIGHT        rows of a frame
//   WIDTH         pixels of a row
//   COLUMNS       pixels a beat
//   LEFT_BITS     bits of a pixel of a
//   LEFT_SIGNED   a is two's complement
//   RIGHT_BITS    bits of a pixel of b
//   RIGHT_SIGNED  b is two's complement
//   OUT_BITS      bits of a pixel of y
//   OUT_SIGNED    y is two's complement
//   OUT_NARROW    y is without its lowest, if unsigned its highest, value
//   MULTIPLIER0   of a, 16 bits unsigned
//   MULTIPLIER1   of b, 16 bits unsigned
//   SHIFT         bits dropped
//   left_beat     beat<COLUMNS, LEFT_BITS>
//   right_beat    beat<COLUMNS, RIGHT_BITS>
//   out_beat      beat<COLUMNS, OUT_BITS>
template <class Cfg>
void add(hls::stream<typename Cfg::left_beat>& s_axis_a,
         hls::stream<typename Cfg::right_beat>& s_axis_b,
         hls::stream<typename Cfg::out_beat>& m_axis) {
#pragma HLS INLINE off
  static_assert(Cfg::CHANNELS >= 1 && Cfg::HEIGHT >= 1 && Cfg::WIDTH >= 1 && Cfg::COLUMNS >= 1,
                "add: CHANNELS, HEIGHT, WIDTH and COLUMNS must be at least 1");
  static_assert(Cfg::MULTIPLIER0 >= 0 && Cfg::MULTIPLIER0 <= 65535 && Cfg::MULTIPLIER1 >= 0 &&
                    Cfg::MULTIPLIER1 <= 65535,
                "add: MULTIPLIER0 or MULTIPLIER1 exceeds 16 bits");
  static_assert(Cfg::SHIFT >= 0 && Cfg::SHIFT <= 40, "add: SHIFT exceeds 40");
  static_assert(
      std::is_same<typename Cfg::left_beat, beat<Cfg::COLUMNS, Cfg::LEFT_BITS>>::value &&
          std::is_same<typename Cfg::right_beat, beat<Cfg::COLUMNS, Cfg::RIGHT_BITS>>::value &&
          std::is_same<typename Cfg::out_beat, beat<Cfg::COLUMNS, Cfg::OUT_BITS>>::value,
      "add: left_beat, right_beat or out_beat does not have COLUMNS pixels of its BITS");

  constexpr int FRAME_BEATS = Cfg::HEIGHT * Cfg::CHANNELS * ceil_div(Cfg::WIDTH, Cfg::COLUMNS);
  // Signed pixel times signed 16-bit factor.
  constexpr int PRODUCT_BITS = larger(Cfg::LEFT_BITS, Cfg::RIGHT_BITS) + 1 + 17;
  // One bit for the sum, one for the rounding constant, which may exceed the products.
  using sum_t = ap_int<larger(PRODUCT_BITS, 40) + 2>;
  const sum_t half = sum_t(sum_t(1) << Cfg::SHIFT) >> 1;
  const sum_t top = (sum_t(1) << (Cfg::OUT_BITS - Cfg::OUT_SIGNED)) - 1;
  const sum_t hi = top - (Cfg::OUT_SIGNED ? 0 : int(Cfg::OUT_NARROW));
  const sum_t lo = Cfg::OUT_SIGNED ? sum_t(int(Cfg::OUT_NARROW) - top - 1) : sum_t(0);

// Invariant: `index` beats of either input have been taken, and as many written.
beats:
  for (int index = 0; index < FRAME_BEATS; ++index) {
#pragma HLS PIPELINE II = 1
    const typename Cfg::left_beat left = s_axis_a.read();
    const typename Cfg::right_beat right = s_axis_b.read();
    typename Cfg::out_beat out;
  columns:
    for (int column = 0; column < Cfg::COLUMNS; ++column) {
#pragma HLS UNROLL
      const ap_int<Cfg::LEFT_BITS + 1> a = get_value<Cfg::LEFT_SIGNED>(left, column);
      const ap_int<Cfg::RIGHT_BITS + 1> b = get_value<Cfg::RIGHT_SIGNED>(right, column);
      const ap_int<PRODUCT_BITS> first = a * ap_int<17>(Cfg::MULTIPLIER0);
      const ap_int<PRODUCT_BITS> second = b * ap_int<17>(Cfg::MULTIPLIER1);
      sum_t scaled = sum_t(first + second + half) >> Cfg::SHIFT;
      if (scaled > hi) scaled = hi;
      if (scaled < lo) scaled = lo;
      set_pixel(out, column, ap_uint<Cfg::OUT_BITS>(scaled));
    }
    out.last = index == FRAME_BEATS - 1;
    m_axis.write(out);
  }
}

}  // namespace firebrick

#endif  // FIREBRICK_ADD_HPP_
