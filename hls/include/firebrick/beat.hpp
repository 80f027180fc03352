// SPDX-License-Identifier: Apache-2.0
// The row stream: how a tensor travels between functions.
//
// Row by row; within a row channel by channel; within a channel left to right, COLUMNS pixels a
// beat, pixel 0 in the low bits. Each channel's row begins a new beat; the last beat of a row is
// padded with anything, which its reader masks. `last` goes with the last beat of a frame; nothing
// relies on it.
#ifndef FIREBRICK_BEAT_HPP_
#define FIREBRICK_BEAT_HPP_

#ifndef AP_INT_MAX_W
#define AP_INT_MAX_W 4096  // wider beats than the default of 1024; before the first ap_int.h
#endif
#include <ap_int.h>
#include <hls_stream.h>

namespace firebrick {

// One beat of COLUMNS pixels of BITS bits each.
template <int COLUMNS, int BITS>
struct beat {
  static_assert(COLUMNS >= 1, "beat: COLUMNS must be at least 1");
  static_assert(BITS >= 1, "beat: BITS must be at least 1");
  static_assert(COLUMNS * BITS <= AP_INT_MAX_W, "beat: COLUMNS * BITS exceeds AP_INT_MAX_W");
  static constexpr int columns = COLUMNS;
  static constexpr int bits = COLUMNS * BITS;  // of data
  ap_uint<bits> data;
  bool last;
};

// A pixel's raw bits.
template <int COLUMNS, int BITS>
ap_uint<BITS> get_pixel(const beat<COLUMNS, BITS>& from, int column) {
#pragma HLS INLINE
  return from.data.range(column * BITS + BITS - 1, column * BITS);
}

// A pixel's value; a further bit makes room for both signs.
template <bool SIGNED, int COLUMNS, int BITS>
ap_int<BITS + 1> get_value(const beat<COLUMNS, BITS>& from, int column) {
#pragma HLS INLINE
  const ap_uint<BITS> bits = get_pixel(from, column);
  ap_int<BITS + 1> value = bits;
  value[BITS] = SIGNED && bits[BITS - 1];
  return value;
}

template <int COLUMNS, int BITS>
void set_pixel(beat<COLUMNS, BITS>& to, int column, ap_uint<BITS> bits) {
#pragma HLS INLINE
  to.data.range(column * BITS + BITS - 1, column * BITS) = bits;
}

// Takes a beat: waits for one if `wait`, else only looks. True if `to` has it. A function looks
// only while it has other work, so that it never spins.
template <class T>
bool take(hls::stream<T>& from, T& to, bool wait) {
#pragma HLS INLINE
  if (wait) {
    to = from.read();
    return true;
  }
  return from.read_nb(to);
}

constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }

constexpr int larger(int a, int b) { return a > b ? a : b; }

// Bits of an index below `count`, at least 1.
constexpr int index_bits(int count) {
  int bits = 1;
  while ((1 << bits) < count) ++bits;
  return bits;
}

// Bits of a count up to and including `most`.
constexpr int count_bits(int most) { return index_bits(most + 1); }

}  // namespace firebrick

#endif  // FIREBRICK_BEAT_HPP_
