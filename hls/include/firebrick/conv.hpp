// SPDX-License-Identifier: Apache-2.0
// Convolution with sparse weights from a codebook, then requantization:
//
//   y[o] = clamp(((sum of codebook[code[o,i,ky,kx]] * x[i, y*STRIDE+ky-PAD, x*STRIDE+kx-PAD]
//                  + bias[o]) * multiplier[o] + half) >> SHIFT)
//
// Zeros are neither stored nor multiplied, so squeeze, expand (1x1 and 3x3 in one), grouped and
// depthwise convolutions differ in their tables only.
//
// Streams: row streams (NHCW order, pixel 0 in the low bits); COLUMNS*STRIDE pixels a beat in,
// COLUMNS a beat out. Pixels beyond a row's end are ignored at the input and unspecified at the
// output. Channels arrive and leave in the orders that the tables say. One frame a call.
//
// Work: per output row, per output channel, per segment of COLUMNS pixels, every lane takes the
// nonzero weights of its input channels, one an iteration, and multiplies each with COLUMNS pixels.
// Lanes run apart by up to QUEUE_DEPTH partial sums; the drain adds them up, DRAIN columns an
// iteration. Meanwhile input is taken while the ring of RING rows has room, even if the output is
// stalled: bypasses count on these rows.
#ifndef FIREBRICK_CONV_HPP_
#define FIREBRICK_CONV_HPP_

#include "firebrick/conv_lanes.hpp"
#include "firebrick/conv_output.hpp"

namespace firebrick {

// Cfg:
//   COLUMNS          pixels that each weight is multiplied with
//   LANES, DRAIN     weights taken, columns requantized at a time
//   IN_CHANNELS, IN_HEIGHT, IN_WIDTH, IN_BITS, IN_SIGNED       shape and pixels of the input
//   OUT_CHANNELS, OUT_HEIGHT, OUT_WIDTH, OUT_BITS, OUT_SIGNED  shape and pixels of the output
//   OUT_NARROW       the output is without its lowest, if unsigned its highest, value
//   KERNEL           side of the kernel
//   STRIDE, PAD      step of the window; zero pixels above and left of the image
//   CODE_BITS        bits of a weight's code
//   VALUE_BITS       bits of a weight's signed value
//   GAP_BITS         bits of the distance to the weight before
//   ACC_BITS         bits of a sum, proven from the weights
//   BIAS_BITS, MULTIPLIER_BITS  bits of a signed bias, of an unsigned multiplier
//   SHIFT            bits dropped by the requantization
//   QUEUE_DEPTH      partial sums that a lane may be ahead
//   RING             input rows held
//   WEIGHT_DEPTH, LENGTH_MAX  entries of the fullest lane, of the longest channel of a lane
//   POSITIONS, LANE_CHANNELS  positions, input channels of the lane with most
//   DUAL             two columns share a DSP slice
//   FABRIC           columns multiplied in LUTs, not in DSP slices
//   PACK             entries of a word of the weight memories (here the tool packs)
//   WEIGHT_KIND      weights in 0: LUTs, 1: block RAM; 2 (UltraRAM, which no bitstream fills) as 1
//   LENGTH_KIND, REQUANTIZE_KIND  lengths; biases and multipliers, likewise
//   BANK_KIND        rows in 0: LUT RAM, 1: block RAM, 2: UltraRAM
//   value_t          ap_fixed of VALUE_BITS, the type of the codebook
//   in_beat, out_beat  beat<COLUMNS*STRIDE, IN_BITS>, beat<COLUMNS, OUT_BITS>
//
// Tables: see `conv_tables`.
template <class Cfg>
void conv(hls::stream<typename Cfg::in_beat>& s_axis, hls::stream<typename Cfg::out_beat>& m_axis,
          const typename conv_tables<Cfg>::codes& codes,
          const typename conv_tables<Cfg>::gaps& gaps,
          const typename conv_tables<Cfg>::lengths& lengths,
          const typename conv_tables<Cfg>::places& places,
          const typename conv_tables<Cfg>::channels& channels,
          const typename conv_tables<Cfg>::codebook& codebook,
          const typename conv_tables<Cfg>::biases& biases,
          const typename conv_tables<Cfg>::multipliers& multipliers) {
#pragma HLS INLINE off
  using shape = conv_shape<Cfg>;
  using pixel_t = typename shape::pixel_t;
  using value_t = typename shape::value_t;
  using sum_t = typename shape::sum_t;
  using address_t = typename shape::address_t;
  [[maybe_unused]] constexpr int SETTLE = shape::SETTLE;  // named by a pragma
  constexpr int QUEUED = shape::QUEUED;
  [[maybe_unused]] constexpr int OUT_BEATS = shape::OUT_BEATS;  // likewise

#pragma HLS ARRAY_PARTITION variable = codes type = complete dim = 1
#pragma HLS ARRAY_PARTITION variable = gaps type = complete dim = 1
#pragma HLS ARRAY_PARTITION variable = lengths type = complete dim = 1
#pragma HLS ARRAY_PARTITION variable = places type = complete dim = 1
#pragma HLS ARRAY_PARTITION variable = channels type = complete dim = 1
#pragma HLS ARRAY_PARTITION variable = codebook type = complete
#pragma HLS BIND_STORAGE variable = places type = rom_1p impl = lutram
#pragma HLS BIND_STORAGE variable = channels type = rom_1p impl = lutram
  // A pragma takes no computed names, hence a branch for each kind; all but one are discarded.
  if constexpr (Cfg::WEIGHT_KIND == 0) {
#pragma HLS BIND_STORAGE variable = codes type = rom_1p impl = lutram
#pragma HLS BIND_STORAGE variable = gaps type = rom_1p impl = lutram
  } else {
#pragma HLS BIND_STORAGE variable = codes type = rom_1p impl = bram
#pragma HLS BIND_STORAGE variable = gaps type = rom_1p impl = bram
  }
  if constexpr (Cfg::LENGTH_KIND == 0) {
#pragma HLS BIND_STORAGE variable = lengths type = rom_1p impl = lutram
  } else {
#pragma HLS BIND_STORAGE variable = lengths type = rom_1p impl = bram
  }
  if constexpr (Cfg::REQUANTIZE_KIND == 0) {
#pragma HLS BIND_STORAGE variable = biases type = rom_1p impl = lutram
#pragma HLS BIND_STORAGE variable = multipliers type = rom_1p impl = lutram
  } else {
#pragma HLS BIND_STORAGE variable = biases type = rom_1p impl = bram
#pragma HLS BIND_STORAGE variable = multipliers type = rom_1p impl = bram
  }

  // Rows of each lane's input channels, a word of WORD pixels an address. Static for the sake of
  // simulation, whose stacks are small.
  static pixel_t bank[Cfg::LANES][shape::BANK_DEPTH][shape::WORD];
#pragma HLS ARRAY_PARTITION variable = bank type = complete dim = 1
#pragma HLS ARRAY_RESHAPE variable = bank type = complete dim = 3
#pragma HLS DEPENDENCE variable = bank type = inter direction = RAW distance = SETTLE true
#pragma HLS DEPENDENCE variable = bank type = inter direction = WAR distance = SETTLE true
  if constexpr (Cfg::BANK_KIND == 0) {
#pragma HLS BIND_STORAGE variable = bank type = ram_s2p impl = lutram
  } else if constexpr (Cfg::BANK_KIND == 1) {
#pragma HLS BIND_STORAGE variable = bank type = ram_s2p impl = bram
  } else {
#pragma HLS BIND_STORAGE variable = bank type = ram_s2p impl = uram
  }

  // Partial sums of each lane, COLUMNS at an address.
  static sum_t queue[Cfg::LANES][Cfg::QUEUE_DEPTH][Cfg::COLUMNS];
#pragma HLS ARRAY_PARTITION variable = queue type = complete dim = 1
#pragma HLS ARRAY_RESHAPE variable = queue type = complete dim = 3
#pragma HLS DEPENDENCE variable = queue type = inter direction = RAW distance = QUEUED true
#pragma HLS BIND_STORAGE variable = queue type = ram_s2p impl = lutram
  ap_uint<index_bits(Cfg::QUEUE_DEPTH)> head = 0, tail[Cfg::LANES];
  ap_uint<count_bits(Cfg::QUEUE_DEPTH)> level[Cfg::LANES];  // partial sums that the drain may see
  ap_uint<QUEUED> queued[Cfg::LANES];                       // and those on their way to it
  sum_t sum[Cfg::LANES][Cfg::COLUMNS];
  ap_uint<index_bits(Cfg::POSITIONS)> position[Cfg::LANES];
#pragma HLS ARRAY_PARTITION variable = tail type = complete
#pragma HLS ARRAY_PARTITION variable = level type = complete
#pragma HLS ARRAY_PARTITION variable = queued type = complete
#pragma HLS ARRAY_PARTITION variable = sum type = complete dim = 1
#pragma HLS ARRAY_RESHAPE variable = sum type = complete dim = 2
#pragma HLS ARRAY_PARTITION variable = position type = complete
begin:
  for (int l = 0; l < Cfg::LANES; ++l) {
#pragma HLS UNROLL
    tail[l] = 0;
    level[l] = 0;
    queued[l] = 0;
    position[l] = 0;
  }

  // Raw bits of the codebook: integers, wherever its binary point is.
  value_t values[1 << Cfg::CODE_BITS];
#pragma HLS ARRAY_PARTITION variable = values type = complete
read_codebook:
  for (int n = 0; n < 1 << Cfg::CODE_BITS; ++n) {
#pragma HLS UNROLL
    values[n] = codebook[n].range(Cfg::VALUE_BITS - 1, 0);
  }

  conv_writer<Cfg> writer;
  conv_rows<Cfg> rows;
  conv_sequence<Cfg> sequence(lengths);

  // The drain: group of the beat at the front, its place in the row.
  ap_uint<index_bits(shape::GROUPS)> group = 0;
  ap_uint<index_bits(shape::SEGMENTS)> segment = 0;
  ap_uint<index_bits(Cfg::OUT_CHANNELS)> channel = 0;
  typename Cfg::out_beat out;
  bool popped = false;

  conv_output<Cfg> output;

// Invariant: `output.sent` beats of the frame have left; the partial sums of what follows are in
// the queues, in the lanes, or still to come from rows at or above `rows.top`. An iteration is what
// a cycle is in hw/ops/conv.sv: it takes a beat if there is room, an entry in every lane that has
// work and a place in its queue, and a group from the queues once each has one. What it writes to
// banks and queues is not read within the DISTANCE that the pragmas above promise.
work:
  while (output.sent < shape::OUT_BEATS) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS LOOP_TRIPCOUNT min = OUT_BEATS
    bool ready = true;
    bool settled = !rows.settling() && !rows.start;
  look_lanes:
    for (int l = 0; l < Cfg::LANES; ++l) {
#pragma HLS UNROLL
      ready = ready && level[l] != 0;
      settled = settled && queued[l] == 0;
    }
    const bool busy = sequence.busy();
    const bool wants = rows.room(writer.rows) && writer.wants_beat();
    const bool drains = ready && output.room();
    bool wait = false;
    if (!SYNTHESIS) {
      // Hardware polls its streams; a thread sleeps where they are all it can wait for.
      const bool steps = rows.room(writer.rows) && !writer.wants_beat();
      const bool idle = settled && !sequence.moves() && !drains && !rows.moves(busy) && !steps &&
                        !writer.pending() && !output.settling();
      wait = idle && !(wants && output.ready != 0);
      if (idle && !wait) rest(s_axis, m_axis);
    }

    // Drain: DRAIN columns of the beat at the front. Reads the queues before lanes write to them.
    const bool pop = drains && group == shape::GROUPS - 1;
    if (drains) {
      const ap_int<Cfg::BIAS_BITS> bias = biases[channel];
      const ap_uint<Cfg::MULTIPLIER_BITS> multiplier = multipliers[channel];
    drain:
      for (int d = 0; d < Cfg::DRAIN; ++d) {
#pragma HLS UNROLL
        const int column = int(group) * Cfg::DRAIN + d;
        if (column < Cfg::COLUMNS) {
          sum_t total = 0;
        tree:
          for (int l = 0; l < Cfg::LANES; ++l) {
#pragma HLS UNROLL
            total += queue[l][head][column];
          }
          set_pixel(out, column, conv_requantize<Cfg>(total, bias, multiplier));
        }
      }
      group = pop ? 0 : int(group) + 1;
    }

    // Lanes: an entry each.
  lanes:
    for (int l = 0; l < Cfg::LANES; ++l) {
#pragma HLS UNROLL
      const bool issue = sequence.issues(l);
      const bool first = sequence.first[l];
      const bool last = issue && sequence.left[l] == 0;
      if (issue) {
        const int entry = sequence.address[l];
        int gap = 0;
        if constexpr (Cfg::GAP_BITS > 0) gap = gaps[l][entry];
        position[l] = (first ? 0 : int(position[l]) + 1) + gap;
        const ap_uint<shape::PLACE_BITS> place = places[l][position[l]];
        const address_t word = place;
        const int tap = ap_uint<shape::TAP_BITS>(place >> shape::WORD_BITS);
        const int row = ap_uint<shape::TAP_BITS>(place >> (shape::WORD_BITS + shape::TAP_BITS));
        const value_t value = rows.mask[row] ? values[codes[l][entry]] : value_t(0);
        const address_t address = rows.base[row] + word + sequence.segment[l];
        const auto& pixels = bank[l][address];
        const conv_products<Cfg> products(
            [&](int c) -> pixel_t {
#pragma HLS INLINE
              // A multiplexer of KERNEL pixels, not of a whole word.
              pixel_t pixel = 0;
            taps:
              for (int k = 0; k < Cfg::KERNEL; ++k) {
#pragma HLS UNROLL
                if (tap == k) pixel = pixels[c * Cfg::STRIDE + k];
              }
              return pixel;
            },
            value);
      accumulate:
        for (int c = 0; c < Cfg::COLUMNS; ++c) {
#pragma HLS UNROLL
          sum[l][c] = (first ? sum_t(0) : sum[l][c]) + products.product[c];
          if (last) queue[l][tail[l]][c] = sum[l][c];
        }
        if (last) tail[l] = tail[l] == Cfg::QUEUE_DEPTH - 1 ? 0 : int(tail[l]) + 1;
      }
      level[l] = int(level[l]) + (queued[l][QUEUED - 1] ? 1 : 0) - (pop ? 1 : 0);
      queued[l] = int(queued[l]) << 1 | (last ? 1 : 0);
      sequence.move(l, issue, rows.start, popped, lengths);
    }

    // Rows in: a beat if there is room, a word to every lane that keeps the channel.
    typename Cfg::in_beat in;
    const bool stepping =
        wants ? take(s_axis, in, wait) : rows.room(writer.rows) && !writer.wants_beat();
    writer.look(stepping, in);
    if (writer.write && writer.held_step < shape::SEGMENTS) {
    write_lanes:
      for (int l = 0; l < Cfg::LANES; ++l) {
#pragma HLS UNROLL
        const ap_uint<shape::WORD_BITS + 1> place = channels[l][writer.held_channel];
        const address_t address =
            address_t(place) + int(writer.slot) * shape::ROW_WORDS + writer.held_step;
        if (place[shape::WORD_BITS]) {
        write_word:
          for (int p = 0; p < shape::WORD; ++p) {
#pragma HLS UNROLL
            bank[l][address][p] = writer.word(p);
          }
        }
      }
    }
    const bool row_written = writer.move(stepping);
    rows.move(busy || rows.start, row_written);

    popped = pop;
    output.move(m_axis, pop, out, wait);
    if (pop) {
      head = head == Cfg::QUEUE_DEPTH - 1 ? 0 : int(head) + 1;
      const bool last_segment = segment == shape::SEGMENTS - 1;
      segment = last_segment ? 0 : int(segment) + 1;
      if (last_segment) channel = channel == Cfg::OUT_CHANNELS - 1 ? 0 : int(channel) + 1;
    }
  }
}

}  // namespace firebrick

#endif  // FIREBRICK_CONV_HPP_
