// SPDX-License-Identifier: Apache-2.0
// The lanes of a `conv`: row banks, and the work of one lane in one iteration.
#ifndef FIREBRICK_CONV_LANES_HPP_
#define FIREBRICK_CONV_LANES_HPP_

#include "firebrick/conv_rows.hpp"

namespace firebrick {

// Products of one value with COLUMNS pixels. The lowest COLUMNS - FABRIC columns are multiplied in
// DSP slices, with DUAL two of them in one; the others in LUTs.
template <class Cfg>
struct conv_products {
  using shape = conv_shape<Cfg>;
  using pixel_t = typename shape::pixel_t;
  using value_t = typename shape::value_t;
  static constexpr int BITS = shape::PRODUCT_BITS;
  static constexpr int SLICED = Cfg::COLUMNS - Cfg::FABRIC;
  static constexpr int PAIRED = Cfg::DUAL ? SLICED / 2 * 2 : 0;

  ap_int<BITS> product[Cfg::COLUMNS];

  static ap_int<BITS> in_slice(pixel_t pixel, value_t value) {
#pragma HLS INLINE
    const ap_int<BITS> result = pixel * value;
#pragma HLS BIND_OP variable = result op = mul impl = dsp
    return result;
  }

  static ap_int<BITS> in_fabric(pixel_t pixel, value_t value) {
#pragma HLS INLINE
    const ap_int<BITS> result = pixel * value;
#pragma HLS BIND_OP variable = result op = mul impl = fabric
    return result;
  }

  // (high * 2^BITS + low) * value: the low product are its low bits; half of 2^BITS more takes that
  // one's sign out of the high product.
  void pair(int c, pixel_t low, pixel_t high, value_t value) {
#pragma HLS INLINE
    const ap_uint<BITS + Cfg::IN_BITS> both = (ap_uint<BITS + Cfg::IN_BITS>(high) << BITS) | low;
    const ap_int<2 * BITS> result = both * value;
#pragma HLS BIND_OP variable = result op = mul impl = dsp
    const ap_int<2 * BITS> shifted = result + (ap_int<BITS + 1>(1) << (BITS - 1));
    product[c] = result;
    product[c + 1] = shifted >> BITS;
  }

  // All columns; pixel(c) gives a column's pixel.
  template <class Pixel>
  explicit conv_products(const Pixel& pixel, value_t value) {
#pragma HLS INLINE
#pragma HLS ARRAY_PARTITION variable = product type = complete
  pairs:
    for (int c = 0; c < PAIRED; c += 2) {
#pragma HLS UNROLL
      pair(c, pixel(c), pixel(c + 1), value);
    }
  slices:
    for (int c = PAIRED; c < SLICED; ++c) {
#pragma HLS UNROLL
      product[c] = in_slice(pixel(c), value);
    }
  fabric:
    for (int c = SLICED; c < Cfg::COLUMNS; ++c) {
#pragma HLS UNROLL
      product[c] = in_fabric(pixel(c), value);
    }
  }
};

// Where each lane is in its tables. Lengths are read three channels ahead, so that no decision
// waits for a memory.
template <class Cfg>
struct conv_sequence {
  using shape = conv_shape<Cfg>;
  using tables = conv_tables<Cfg>;
  static constexpr int AHEAD = 3;
  using length_t = ap_uint<shape::LENGTH_BITS>;
  using entry_t = ap_uint<index_bits(Cfg::WEIGHT_DEPTH + 1)>;
  using channel_t = ap_uint<index_bits(Cfg::OUT_CHANNELS)>;

  bool run[Cfg::LANES];                // the lane has entries of the row left
  bool first[Cfg::LANES];              // the next one is its channel's and segment's first
  entry_t address[Cfg::LANES];         // of the next entry
  entry_t origin[Cfg::LANES];          // of the first entry of its channel
  length_t left[Cfg::LANES];           // entries of the channel behind the next one
  length_t length[Cfg::LANES][AHEAD];  // entries less one of this channel and those after
  channel_t channel[Cfg::LANES], fetch[Cfg::LANES];
  ap_uint<index_bits(shape::SEGMENTS)> segment[Cfg::LANES];
  ap_uint<count_bits(Cfg::QUEUE_DEPTH)> credit[Cfg::LANES];  // partial sums it may begin

  explicit conv_sequence(const typename tables::lengths& lengths) {
#pragma HLS INLINE
#pragma HLS ARRAY_PARTITION variable = run type = complete
#pragma HLS ARRAY_PARTITION variable = first type = complete
#pragma HLS ARRAY_PARTITION variable = address type = complete
#pragma HLS ARRAY_PARTITION variable = origin type = complete
#pragma HLS ARRAY_PARTITION variable = left type = complete
#pragma HLS ARRAY_PARTITION variable = length type = complete dim = 0
#pragma HLS ARRAY_PARTITION variable = channel type = complete
#pragma HLS ARRAY_PARTITION variable = fetch type = complete
#pragma HLS ARRAY_PARTITION variable = segment type = complete
#pragma HLS ARRAY_PARTITION variable = credit type = complete
  begin_lanes:
    for (int l = 0; l < Cfg::LANES; ++l) {
#pragma HLS UNROLL
      run[l] = false;
      first[l] = true;
      address[l] = 0;
      origin[l] = 0;
      channel[l] = 0;
      fetch[l] = AHEAD % Cfg::OUT_CHANNELS;
      segment[l] = 0;
      credit[l] = Cfg::QUEUE_DEPTH;
    begin_lengths:
      for (int n = 0; n < AHEAD; ++n) {
#pragma HLS UNROLL
        length[l][n] = lengths[l][n % Cfg::OUT_CHANNELS];
      }
      left[l] = length[l][0];
    }
  }

  bool busy() const {
#pragma HLS INLINE
    bool any = false;
  any_lane:
    for (int l = 0; l < Cfg::LANES; ++l) {
#pragma HLS UNROLL
      any = any || run[l];
    }
    return any;
  }

  bool moves() const {
#pragma HLS INLINE
    bool any = false;
  any_issue:
    for (int l = 0; l < Cfg::LANES; ++l) {
#pragma HLS UNROLL
      any = any || issues(l);
    }
    return any;
  }

  bool issues(int l) const { return run[l] && (!first[l] || credit[l] != 0); }

  // One iteration of a lane.
  // Invariant: `address` is the entry of `channel` that `left` others of it follow.
  void move(int l, bool issue, bool start, bool popped, const typename tables::lengths& lengths) {
#pragma HLS INLINE
    const bool last = left[l] == 0;
    const bool last_segment = segment[l] == shape::SEGMENTS - 1;
    const bool last_channel = channel[l] == Cfg::OUT_CHANNELS - 1;
    const bool next_channel = issue && last && last_segment;
    const bool end = next_channel && last_channel;
    credit[l] = int(credit[l]) + (popped ? 1 : 0) - (issue && first[l] ? 1 : 0);
    run[l] = start || (run[l] && !end);
    if (!issue) return;
    const entry_t next = address[l] + 1;
    first[l] = last;
    left[l] = !last ? length_t(left[l] - 1) : length[l][last_segment ? 1 : 0];
    address[l] = end ? entry_t(0) : last && !last_segment ? origin[l] : next;
    if (last) segment[l] = last_segment ? 0 : int(segment[l]) + 1;
    if (next_channel) {
      channel[l] = last_channel ? 0 : int(channel[l]) + 1;
      origin[l] = last_channel ? entry_t(0) : next;
      length[l][0] = length[l][1];
      length[l][1] = length[l][2];
      length[l][2] = lengths[l][fetch[l]];
      fetch[l] = fetch[l] == Cfg::OUT_CHANNELS - 1 ? 0 : int(fetch[l]) + 1;
    }
  }
};

}  // namespace firebrick

#endif  // FIREBRICK_CONV_LANES_HPP_
