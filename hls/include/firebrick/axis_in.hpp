// SPDX-License-Identifier: Apache-2.0
// AXI4-Stream at the network's border to beats: the payload is cut to the beat's bits.
//
// One beat an iteration, one frame a call. TLAST is passed on, never relied on.
#ifndef FIREBRICK_AXIS_IN_HPP_
#define FIREBRICK_AXIS_IN_HPP_

#include "firebrick/beat.hpp"  // before ap_int.h, for wide beats

#include <ap_axi_sdata.h>

namespace firebrick {

// Cfg:
//   FRAME_BEATS  beats of a frame
//   AXIS_BITS    bits of TDATA, whole bytes
//   out_beat     beat of AXIS_BITS bits or fewer
template <class Cfg>
void axis_in(hls::stream<ap_axiu<Cfg::AXIS_BITS, 0, 0, 0>>& s_axis,
             hls::stream<typename Cfg::out_beat>& m_axis) {
#pragma HLS INLINE off
  static_assert(Cfg::FRAME_BEATS >= 1, "axis_in: FRAME_BEATS is less than 1");
  static_assert(Cfg::AXIS_BITS % 8 == 0, "axis_in: AXIS_BITS are not whole bytes");
  static_assert(Cfg::out_beat::bits <= Cfg::AXIS_BITS, "axis_in: a beat exceeds AXIS_BITS");

// Invariant: `index` beats have been taken and given.
beats:
  for (int index = 0; index < Cfg::FRAME_BEATS; ++index) {
#pragma HLS PIPELINE II = 1
    const ap_axiu<Cfg::AXIS_BITS, 0, 0, 0> in = s_axis.read();
    typename Cfg::out_beat out;
    out.data = in.data;
    out.last = index == Cfg::FRAME_BEATS - 1;
    m_axis.write(out);
  }
}

}  // namespace firebrick

#endif  // FIREBRICK_AXIS_IN_HPP_
