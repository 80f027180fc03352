// SPDX-License-Identifier: Apache-2.0
// Frames in a host's memory to beats: one word holds one beat in its low bits.
//
// One beat an iteration, in bursts; one frame a call.
#ifndef FIREBRICK_MEMORY_IN_HPP_
#define FIREBRICK_MEMORY_IN_HPP_

#include "firebrick/beat.hpp"

namespace firebrick {

// Cfg:
//   FRAME_BEATS  beats of a frame
//   WORD_BITS    bits of a word of memory, a power of two
//   out_beat     beat of WORD_BITS bits or fewer
template <class Cfg>
void memory_in(const ap_uint<Cfg::WORD_BITS>* memory, hls::stream<typename Cfg::out_beat>& m_axis) {
#pragma HLS INLINE off
  static_assert(Cfg::FRAME_BEATS >= 1, "memory_in: FRAME_BEATS is less than 1");
  static_assert(Cfg::WORD_BITS >= 8 && (Cfg::WORD_BITS & (Cfg::WORD_BITS - 1)) == 0,
                "memory_in: WORD_BITS is no power of two of 8 or more");
  static_assert(Cfg::out_beat::bits <= Cfg::WORD_BITS, "memory_in: a beat exceeds WORD_BITS");

// Invariant: `index` words have been read and given.
beats:
  for (int index = 0; index < Cfg::FRAME_BEATS; ++index) {
#pragma HLS PIPELINE II = 1
    typename Cfg::out_beat out;
    out.data = memory[index];
    out.last = index == Cfg::FRAME_BEATS - 1;
    m_axis.write(out);
  }
}

}  // namespace firebrick

#endif  // FIREBRICK_MEMORY_IN_HPP_
