// SPDX-License-Identifier: Apache-2.0
// Gearbox: the same row stream with OUT_COLUMNS instead of IN_COLUMNS pixels a beat.
//
// Streams: row streams; grouping begins anew with each channel's row, so padding is dropped on the
// way in and added (garbage) on the way out. A channel's row takes max(beats in, beats out)
// iterations. One frame a call.
#ifndef FIREBRICK_REGROUP_HPP_
#define FIREBRICK_REGROUP_HPP_

#include <type_traits>

#include "firebrick/beat.hpp"

namespace firebrick {

constexpr int greatest_common_divisor(int a, int b) {
  while (b != 0) {
    const int rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

// A queue of pixels, in units of gcd(IN_COLUMNS, OUT_COLUMNS). The last beat of a row counts as
// many pixels as fill its last output beat up, so the queue needs no notion of rows.
template <int WIDTH, int IN_COLUMNS, int OUT_COLUMNS, int BITS>
struct gearbox {
  static constexpr int UNIT = greatest_common_divisor(IN_COLUMNS, OUT_COLUMNS);
  static constexpr int IN_UNITS = IN_COLUMNS / UNIT;
  static constexpr int OUT_UNITS = OUT_COLUMNS / UNIT;
  static constexpr int SEGMENTS = ceil_div(WIDTH, IN_COLUMNS);
  static constexpr int OUT_SEGMENTS = ceil_div(WIDTH, OUT_COLUMNS);
  static constexpr int LAST_UNITS = OUT_SEGMENTS * OUT_UNITS - (SEGMENTS - 1) * IN_UNITS;
  // Room for any beat while two output beats wait.
  static constexpr int WAITING = 2 * OUT_UNITS;
  static constexpr int CAPACITY = larger(SEGMENTS > 1 ? IN_UNITS : 0, LAST_UNITS) + WAITING;
  static_assert(CAPACITY < 4096, "gearbox: 4,096 units or more cannot be registers");

  // Where the queue can end when a beat enters: a row begins behind whole output beats. To say so
  // turns the barrel shifter of the write into a small multiplexer.
  struct places {
    bool at[WAITING + 1];
  };
  static constexpr places ends() {
    places result{};
    for (int s = 0; s < SEGMENTS && s < OUT_UNITS; ++s) {
      for (int n = s * IN_UNITS % OUT_UNITS; n <= WAITING; n += OUT_UNITS) result.at[n] = true;
    }
    return result;
  }

  using unit_t = ap_uint<UNIT * BITS>;
  unit_t units[CAPACITY];
  ap_uint<count_bits(CAPACITY)> count;    // units in the queue
  ap_uint<index_bits(SEGMENTS)> segment;  // of the beat that enters

  gearbox() : count(0), segment(0) {
#pragma HLS INLINE
#pragma HLS ARRAY_PARTITION variable = units type = complete
  }

  bool has_room() const { return count <= WAITING; }
  bool has_beat() const { return count >= OUT_UNITS; }

  // What is at the front; a beat if there is one.
  beat<OUT_COLUMNS, BITS> front() const {
#pragma HLS INLINE
    beat<OUT_COLUMNS, BITS> out;
  front_units:
    for (int u = 0; u < OUT_UNITS; ++u) {
#pragma HLS UNROLL
      out.data.range((u + 1) * UNIT * BITS - 1, u * UNIT * BITS) = units[u];
    }
    return out;
  }

  // Lets the front go if `pop`, then takes a beat in if `push`.
  // Invariant: the first `count` units are the pixels not yet given, in order.
  void step(bool pop, bool push, const beat<IN_COLUMNS, BITS>& in) {
#pragma HLS INLINE
    constexpr places ENDS = ends();
    if (pop) {
    shift_units:
      for (int u = 0; u < CAPACITY - OUT_UNITS; ++u) {
#pragma HLS UNROLL
        units[u] = units[u + OUT_UNITS];
      }
      count -= OUT_UNITS;
    }
    // What a beat holds beyond its row lands behind the end of the queue and is overwritten.
  ends_of_queue:
    for (int n = 0; n <= WAITING; ++n) {
#pragma HLS UNROLL
      if (ENDS.at[n] && push && count == n) {
      enter_units:
        for (int u = 0; u < IN_UNITS; ++u) {
#pragma HLS UNROLL
          if (n + u < CAPACITY) {
            units[n + u] = in.data.range((u + 1) * UNIT * BITS - 1, u * UNIT * BITS);
          }
        }
      }
    }
    if (push) {
      const bool segment_last = segment == SEGMENTS - 1;
      count += segment_last ? LAST_UNITS : IN_UNITS;
      segment = segment_last ? 0 : int(segment) + 1;
    }
  }
};

// Cfg:
//   CHANNELS     channels
//   HEIGHT       rows of a frame
//   WIDTH        pixels of a row
//   IN_COLUMNS   pixels of an input beat
//   OUT_COLUMNS  pixels of an output beat
//   BITS         bits of a pixel
//   in_beat      beat<IN_COLUMNS, BITS>
//   out_beat     beat<OUT_COLUMNS, BITS>
template <class Cfg>
void regroup(hls::stream<typename Cfg::in_beat>& s_axis,
             hls::stream<typename Cfg::out_beat>& m_axis) {
#pragma HLS INLINE off
  static_assert(Cfg::CHANNELS >= 1 && Cfg::HEIGHT >= 1 && Cfg::WIDTH >= 1 && Cfg::BITS >= 1,
                "regroup: CHANNELS, HEIGHT, WIDTH and BITS must be at least 1");
  static_assert(Cfg::IN_COLUMNS >= 1 && Cfg::OUT_COLUMNS >= 1,
                "regroup: IN_COLUMNS and OUT_COLUMNS must be at least 1");
  static_assert(std::is_same<typename Cfg::in_beat, beat<Cfg::IN_COLUMNS, Cfg::BITS>>::value &&
                    std::is_same<typename Cfg::out_beat, beat<Cfg::OUT_COLUMNS, Cfg::BITS>>::value,
                "regroup: in_beat or out_beat does not have its COLUMNS pixels of BITS");

  using queue_t = gearbox<Cfg::WIDTH, Cfg::IN_COLUMNS, Cfg::OUT_COLUMNS, Cfg::BITS>;
  constexpr int ROWS = Cfg::HEIGHT * Cfg::CHANNELS;
  constexpr int IN_BEATS = ROWS * queue_t::SEGMENTS;
  constexpr int OUT_BEATS = ROWS * queue_t::OUT_SEGMENTS;
  [[maybe_unused]] constexpr int MOST = IN_BEATS + OUT_BEATS;  // iterations, named by a pragma

  queue_t queue;
  ap_uint<count_bits(IN_BEATS)> taken = 0;
  ap_uint<count_bits(OUT_BEATS)> given = 0;

// Invariant: the queue holds what of the first `taken` beats is not in the first `given`. Each
// iteration takes a beat or gives one: it waits for input only where it has nothing to give.
beats:
  while (given < OUT_BEATS) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = OUT_BEATS max = MOST
    const bool pop = queue.has_beat();
    typename Cfg::out_beat out = queue.front();
    typename Cfg::in_beat in;
    const bool push = taken < IN_BEATS && queue.has_room() && take(s_axis, in, !pop);
    queue.step(pop, push, in);
    if (push) ++taken;
    if (pop) {
      out.last = given == OUT_BEATS - 1;
      ++given;
      m_axis.write(out);
    }
  }
}

}  // namespace firebrick

#endif  // FIREBRICK_REGROUP_HPP_
