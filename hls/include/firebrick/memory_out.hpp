// SPDX-License-Identifier: Apache-2.0
// Beats to a host's memory: one word holds one beat, with SIGNED filled up with its highest bit.
//
// One beat an iteration, in bursts; one frame a call.
#ifndef FIREBRICK_MEMORY_OUT_HPP_
#define FIREBRICK_MEMORY_OUT_HPP_

#include "firebrick/beat.hpp"

namespace firebrick {

// Cfg:
//   FRAME_BEATS  beats of a frame
//   WORD_BITS    bits of a word of memory, a power of two
//   SIGNED       pixels are two's complement
//   in_beat      beat of WORD_BITS bits or fewer
template <class Cfg>
void memory_out(hls::stream<typename Cfg::in_beat>& s_axis, ap_uint<Cfg::WORD_BITS>* memory) {
#pragma HLS INLINE off
  static_assert(Cfg::FRAME_BEATS >= 1, "memory_out: FRAME_BEATS is less than 1");
  static_assert(Cfg::WORD_BITS >= 8 && (Cfg::WORD_BITS & (Cfg::WORD_BITS - 1)) == 0,
                "memory_out: WORD_BITS is no power of two of 8 or more");
  static_assert(Cfg::in_beat::bits <= Cfg::WORD_BITS, "memory_out: a beat exceeds WORD_BITS");

// Invariant: `index` beats have been taken and written.
beats:
  for (int index = 0; index < Cfg::FRAME_BEATS; ++index) {
#pragma HLS PIPELINE II = 1
    const typename Cfg::in_beat in = s_axis.read();
    ap_uint<Cfg::WORD_BITS> word = in.data;
    if (Cfg::SIGNED) {
      const ap_int<Cfg::in_beat::bits> value = in.data;
      word = ap_int<Cfg::WORD_BITS>(value);
    }
    memory[index] = word;
  }
}

}  // namespace firebrick

#endif  // FIREBRICK_MEMORY_OUT_HPP_
