// SPDX-License-Identifier: Apache-2.0
// One stream to COPIES streams: every beat goes to each output exactly once, in order.
//
// One beat an iteration; the next beat is taken once all outputs have the present one. One frame a
// call.
#ifndef FIREBRICK_BROADCAST_HPP_
#define FIREBRICK_BROADCAST_HPP_

#include "firebrick/beat.hpp"

namespace firebrick {

// Cfg:
//   WIDTH        bits of a beat's data
//   COPIES       output streams
//   FRAME_BEATS  beats of a frame
//   in_beat      beat of WIDTH bits, in and out
template <class Cfg, class... Streams>
void broadcast(hls::stream<typename Cfg::in_beat>& s_axis, Streams&... m_axis) {
#pragma HLS INLINE off
  static_assert(Cfg::WIDTH >= 1, "broadcast: WIDTH is less than 1");
  static_assert(Cfg::COPIES >= 1, "broadcast: COPIES is less than 1");
  static_assert(Cfg::FRAME_BEATS >= 1, "broadcast: FRAME_BEATS is less than 1");
  static_assert(Cfg::in_beat::bits == Cfg::WIDTH, "broadcast: in_beat does not have WIDTH bits");
  static_assert(sizeof...(m_axis) == Cfg::COPIES, "broadcast: there are not COPIES outputs");

// Invariant: `index` beats have been taken and written to every output.
beats:
  for (int index = 0; index < Cfg::FRAME_BEATS; ++index) {
#pragma HLS PIPELINE II = 1
    const typename Cfg::in_beat in = s_axis.read();
    (m_axis.write(in), ...);
  }
}

}  // namespace firebrick

#endif  // FIREBRICK_BROADCAST_HPP_
