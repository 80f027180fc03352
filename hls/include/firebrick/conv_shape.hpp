// SPDX-License-Identifier: Apache-2.0
// What follows from the Cfg of a `conv`: sizes, types, and the rules that it has to obey.
#ifndef FIREBRICK_CONV_SHAPE_HPP_
#define FIREBRICK_CONV_SHAPE_HPP_

#include "firebrick/beat.hpp"  // before ap_fixed.h, for wide beats

#include <ap_fixed.h>

#include <type_traits>

#include "firebrick/stored.hpp"

namespace firebrick {

template <class Cfg>
struct conv_shape {
  static constexpr int BEAT = Cfg::COLUMNS * Cfg::STRIDE;  // pixels of an input beat
  static constexpr int IN_SEGMENTS = ceil_div(Cfg::IN_WIDTH, BEAT);
  static constexpr int SEGMENTS = ceil_div(Cfg::OUT_WIDTH, Cfg::COLUMNS);
  static constexpr int STEPS = larger(IN_SEGMENTS, SEGMENTS);  // of the writer in a channel's row
  static constexpr int TAIL = Cfg::IN_WIDTH - (IN_SEGMENTS - 1) * BEAT;  // pixels of a last beat
  static constexpr int WORD = (Cfg::COLUMNS - 1) * Cfg::STRIDE + Cfg::KERNEL;  // pixels of a word
  static constexpr int ROW_WORDS = Cfg::LANE_CHANNELS * SEGMENTS;  // words of a row in a bank
  static constexpr int BANK_DEPTH = Cfg::RING * ROW_WORDS;
  static constexpr int GROUPS = ceil_div(Cfg::COLUMNS, Cfg::DRAIN);  // iterations of an output beat
  static constexpr int OUT_BEATS = Cfg::OUT_HEIGHT * Cfg::OUT_CHANNELS * SEGMENTS;
  static constexpr int REACH = larger(Cfg::KERNEL, Cfg::STRIDE);  // rows read or skipped
  // The last output row waits for the whole frame.
  static constexpr int LAST = Cfg::IN_HEIGHT + Cfg::PAD - (Cfg::OUT_HEIGHT - 1) * Cfg::STRIDE;
  static constexpr int WORD_BITS = index_bits(BANK_DEPTH);
  static constexpr int TAP_BITS = index_bits(Cfg::KERNEL);
  static constexpr int PLACE_BITS = WORD_BITS + 2 * TAP_BITS;
  static constexpr int LENGTH_BITS = index_bits(Cfg::LENGTH_MAX);
  static constexpr int PRODUCT_BITS = Cfg::IN_BITS + Cfg::VALUE_BITS;
  static constexpr int GAPS = Cfg::GAP_BITS > 0 ? Cfg::WEIGHT_DEPTH : 1;  // of a lane's table
  static constexpr int GAP_BITS = Cfg::GAP_BITS > 0 ? Cfg::GAP_BITS : 1;  // of its type

  // Iterations between the last write of a row and its first read, and between the last read of a
  // row and the first write in its place: memories may be read so much before they are written.
  static constexpr int SETTLE = 8;
  // Iterations from the last entry of a partial sum until the drain may see it.
  static constexpr int QUEUED = 12;

  // Beats of the output queue, and iterations from the last group of one until it may leave, and
  // from its leaving until its place is free: writing to a stream decides about nothing before.
  static constexpr int OUT_DEPTH = 32;
  static constexpr int PASSED = 8;

  using pixel_t = std::conditional_t<Cfg::IN_SIGNED, ap_int<Cfg::IN_BITS>, ap_uint<Cfg::IN_BITS>>;
  using value_t = ap_int<Cfg::VALUE_BITS>;
  using sum_t = ap_int<Cfg::ACC_BITS>;
  using address_t = ap_uint<WORD_BITS>;

  static_assert(Cfg::LANES >= 1, "conv: LANES is less than 1");
  static_assert(Cfg::IN_CHANNELS >= 1 && Cfg::IN_HEIGHT >= 1 && Cfg::IN_WIDTH >= 1 &&
                    Cfg::IN_BITS >= 1,
                "conv: IN_CHANNELS, IN_HEIGHT, IN_WIDTH and IN_BITS must be at least 1");
  static_assert(Cfg::OUT_CHANNELS >= 1 && Cfg::OUT_HEIGHT >= 1 && Cfg::OUT_WIDTH >= 1 &&
                    Cfg::OUT_BITS >= 1,
                "conv: OUT_CHANNELS, OUT_HEIGHT, OUT_WIDTH and OUT_BITS must be at least 1");
  static_assert(Cfg::DRAIN >= 1 && Cfg::DRAIN <= Cfg::COLUMNS, "conv: DRAIN is not in 1..COLUMNS");
  static_assert(Cfg::PAD >= 0 && Cfg::PAD < Cfg::KERNEL, "conv: PAD is not less than KERNEL");
  static_assert((Cfg::OUT_WIDTH - 1) * Cfg::STRIDE < Cfg::IN_WIDTH + Cfg::PAD &&
                    (Cfg::OUT_HEIGHT - 1) * Cfg::STRIDE < Cfg::IN_HEIGHT + Cfg::PAD,
                "conv: windows of the output lie outside the input");
  static_assert((Cfg::OUT_WIDTH - 1) * Cfg::STRIDE + Cfg::KERNEL + Cfg::STRIDE >
                        Cfg::IN_WIDTH + Cfg::PAD &&
                    (Cfg::OUT_HEIGHT - 1) * Cfg::STRIDE + Cfg::KERNEL + Cfg::STRIDE >
                        Cfg::IN_HEIGHT + Cfg::PAD,
                "conv: pixels of the input are not used by the output");
  static_assert(Cfg::KERNEL <= Cfg::STRIDE + Cfg::PAD + BEAT,
                "conv: KERNEL - STRIDE - PAD exceeds the pixels of a beat");
  static_assert(Cfg::RING >= REACH && Cfg::RING >= LAST,
                "conv: RING is less than the rows of a window, or those of the last one");
  static_assert(Cfg::QUEUE_DEPTH >= 2, "conv: QUEUE_DEPTH is less than 2");
  static_assert(Cfg::FABRIC >= 0 && Cfg::FABRIC <= Cfg::COLUMNS, "conv: FABRIC exceeds COLUMNS");
  static_assert(!Cfg::DUAL || !Cfg::IN_SIGNED, "conv: DUAL wants unsigned pixels");
  static_assert(!Cfg::DUAL || (PRODUCT_BITS <= 16 && PRODUCT_BITS + Cfg::IN_BITS <= 24),
                "conv: DUAL wants products of 16 bits, and two pixels a product apart in 24");
  static_assert(Cfg::PACK >= 1, "conv: PACK is less than 1");
  static_assert(Cfg::SHIFT >= 0 && Cfg::SHIFT <= 40, "conv: SHIFT is not in 0..40");
  static_assert(Cfg::LANES < 4096 && WORD < 4096 && Cfg::COLUMNS < 4096,
                "conv: more than 4,096 elements cannot be registers");
  static_assert(std::is_same<typename Cfg::in_beat, beat<BEAT, Cfg::IN_BITS>>::value &&
                    std::is_same<typename Cfg::out_beat, beat<Cfg::COLUMNS, Cfg::OUT_BITS>>::value,
                "conv: in_beat or out_beat does not have its pixels and bits");
};

// The tables of a conv, as its generated header holds them; shorter lanes end in zeros.
//
//   codes        code of each entry, all output channels one after the other
//   gaps         positions skipped before each entry; one zero a lane where GAP_BITS is 0
//   lengths      entries less one of each output channel
//   places       where a position lies: {kernel row, tap, word of the bank}
//   channels     of each input channel: {the lane keeps it, word of the bank}
//   codebook     value of each code
//   biases       of each output channel
//   multipliers  of each output channel
// clang-format off
template <class Cfg>
struct conv_tables {
  using shape = conv_shape<Cfg>;
  using codes = stored<Cfg::CODE_BITS>[Cfg::LANES][Cfg::WEIGHT_DEPTH];
  using gaps = stored<shape::GAP_BITS>[Cfg::LANES][shape::GAPS];
  using lengths = stored<shape::LENGTH_BITS>[Cfg::LANES][Cfg::OUT_CHANNELS];
  using places = stored<shape::PLACE_BITS>[Cfg::LANES][Cfg::POSITIONS];
  using channels = stored<shape::WORD_BITS + 1>[Cfg::LANES][Cfg::IN_CHANNELS];
  using codebook = typename Cfg::value_t[1 << Cfg::CODE_BITS];
  using biases = stored_signed<Cfg::BIAS_BITS>[Cfg::OUT_CHANNELS];
  using multipliers = stored<Cfg::MULTIPLIER_BITS>[Cfg::OUT_CHANNELS];
};
// clang-format on

}  // namespace firebrick

#endif  // FIREBRICK_CONV_SHAPE_HPP_
