// SPDX-License-Identifier: Apache-2.0
// Beats to AXI4-Stream at the network's border: the payload is filled up with the highest pixel's
// sign, so that a host reads whole bytes.
//
// One beat an iteration, one frame a call. TLAST comes with the frame's last beat.
#ifndef FIREBRICK_AXIS_OUT_HPP_
#define FIREBRICK_AXIS_OUT_HPP_

#include "firebrick/beat.hpp"  // before ap_int.h, for wide beats

#include <ap_axi_sdata.h>

namespace firebrick {

// Cfg:
//   FRAME_BEATS  beats of a frame
//   AXIS_BITS    bits of TDATA, whole bytes
//   SIGNED       pixels are two's complement
//   in_beat      beat of AXIS_BITS bits or fewer
template <class Cfg>
void axis_out(hls::stream<typename Cfg::in_beat>& s_axis,
              hls::stream<ap_axiu<Cfg::AXIS_BITS, 0, 0, 0>>& m_axis) {
#pragma HLS INLINE off
  static_assert(Cfg::FRAME_BEATS >= 1, "axis_out: FRAME_BEATS is less than 1");
  static_assert(Cfg::AXIS_BITS % 8 == 0, "axis_out: AXIS_BITS are not whole bytes");
  static_assert(Cfg::in_beat::bits <= Cfg::AXIS_BITS, "axis_out: a beat exceeds AXIS_BITS");

// Invariant: `index` beats have been taken and given.
beats:
  for (int index = 0; index < Cfg::FRAME_BEATS; ++index) {
#pragma HLS PIPELINE II = 1
    const typename Cfg::in_beat in = s_axis.read();
    ap_axiu<Cfg::AXIS_BITS, 0, 0, 0> out;
    out.data = in.data;
    if (Cfg::SIGNED) {
      const ap_int<Cfg::in_beat::bits> value = in.data;
      out.data = ap_int<Cfg::AXIS_BITS>(value);
    }
    out.keep = -1;
    out.strb = -1;
    out.last = index == Cfg::FRAME_BEATS - 1;
    m_axis.write(out);
  }
}

}  // namespace firebrick

#endif  // FIREBRICK_AXIS_OUT_HPP_
