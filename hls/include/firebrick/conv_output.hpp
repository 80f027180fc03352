// SPDX-License-Identifier: Apache-2.0
// Output side of a `conv`: from a complete sum to a pixel, and out.
#ifndef FIREBRICK_CONV_OUTPUT_HPP_
#define FIREBRICK_CONV_OUTPUT_HPP_

#include "firebrick/conv_shape.hpp"

namespace firebrick {

// Writes a beat: waits for room if `wait`, else only tries. True if the stream has it.
template <class T>
bool give(hls::stream<T>& to, const T& from, bool wait) {
#pragma HLS INLINE
  if (!wait) return to.write_nb(from);
  to.write(from);
  return true;
}

// Stands for waiting until either stream has moved, where simulated streams know how.
template <class In, class Out>
void rest(In&, Out&) {
#pragma HLS INLINE
}

// Scales a complete sum to an output pixel, rounding halves up.
template <class Cfg>
ap_uint<Cfg::OUT_BITS> conv_requantize(ap_int<Cfg::ACC_BITS> sum, ap_int<Cfg::BIAS_BITS> bias,
                                       ap_uint<Cfg::MULTIPLIER_BITS> multiplier) {
#pragma HLS INLINE
  constexpr int WIDE = larger(Cfg::ACC_BITS + Cfg::MULTIPLIER_BITS, Cfg::SHIFT) + 2;
  constexpr long long HALF = (1LL << Cfg::SHIFT) >> 1;
  constexpr int LEFT_OUT = Cfg::OUT_NARROW;
  constexpr int LO = Cfg::OUT_SIGNED ? LEFT_OUT - (1 << (Cfg::OUT_BITS - 1)) : 0;
  constexpr int HI = (1 << (Cfg::OUT_SIGNED ? Cfg::OUT_BITS - 1 : Cfg::OUT_BITS)) - 1 -
                     (Cfg::OUT_SIGNED ? 0 : LEFT_OUT);
  const ap_int<Cfg::ACC_BITS> biased = sum + bias;  // fits, as ACC_BITS is proven with the bias
  const ap_int<WIDE> scaled = biased * multiplier;
  const ap_int<WIDE> shifted = (scaled + ap_int<WIDE>(HALF)) >> Cfg::SHIFT;
  if (shifted < LO) return LO;
  if (shifted > HI) return HI;
  return shifted;
}

// The output queue: a full stream stops the drain and, by credits, the lanes, but not the input.
template <class Cfg>
struct conv_output {
  using shape = conv_shape<Cfg>;
  using beat_t = typename Cfg::out_beat;
  static constexpr int DEPTH = shape::OUT_DEPTH;
  static constexpr int PASSED = shape::PASSED;

  beat_t box[DEPTH];
  ap_uint<index_bits(DEPTH)> head, tail;
  ap_uint<count_bits(DEPTH)> places, ready;  // free for the drain to take; beats that may leave
  ap_uint<PASSED> entering, leaving;         // beats on their way in, and places on their way back
  ap_uint<count_bits(shape::OUT_BEATS)> made, sent;  // beats that came, and that surely left

  conv_output()
      : head(0), tail(0), places(DEPTH), ready(0), entering(0), leaving(0), made(0), sent(0) {
#pragma HLS INLINE
#pragma HLS DEPENDENCE variable = box type = inter direction = RAW distance = PASSED true
#pragma HLS BIND_STORAGE variable = box type = ram_s2p impl = lutram
  }

  bool room() const { return places != 0; }
  bool settling() const { return entering != 0 || leaving != 0; }

  // One iteration: the oldest beat leaves if the stream takes it, `out` enters if `push`.
  // Invariant: made - sent beats are in the queue or on their way; nothing but `head` and `ready`
  // depends on the stream within PASSED iterations.
  void move(hls::stream<beat_t>& m_axis, bool push, beat_t& out, bool wait) {
#pragma HLS INLINE
    const bool left = ready != 0 && give(m_axis, box[head], wait);
    if (left) head = head == DEPTH - 1 ? 0 : int(head) + 1;
    const bool passed = leaving[PASSED - 1];
    ready = int(ready) + (entering[PASSED - 1] ? 1 : 0) - (left ? 1 : 0);
    places = int(places) + (passed ? 1 : 0) - (push ? 1 : 0);
    sent = int(sent) + (passed ? 1 : 0);
    entering = int(entering) << 1 | (push ? 1 : 0);
    leaving = int(leaving) << 1 | (left ? 1 : 0);
    if (push) {
      ++made;
      out.last = made == shape::OUT_BEATS;
      box[tail] = out;
      tail = tail == DEPTH - 1 ? 0 : int(tail) + 1;
    }
  }
};

}  // namespace firebrick

#endif  // FIREBRICK_CONV_OUTPUT_HPP_
