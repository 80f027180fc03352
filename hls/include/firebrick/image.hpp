// SPDX-License-Identifier: Apache-2.0
// Interleaved pixels (all channels of a pixel together, as cameras and files have them) to a row
// stream: y[c, r, x] = byte c of pixel (r, x).
//
// Stream in: PIXELS pixels a beat, pixel 0 and its channel 0 in the low bits; each image row begins
// a new beat, the rest of its last beat is ignored. Stream out: row stream, COLUMNS pixels a beat.
// A row takes CHANNELS * max(beats in, beats out of one channel) iterations; meanwhile the next row
// comes in. One frame a call. Two rows of raw beats are kept, each is read once per channel and
// passes a gearbox PIXELS -> COLUMNS.
#ifndef FIREBRICK_IMAGE_HPP_
#define FIREBRICK_IMAGE_HPP_

#include <type_traits>

#include "firebrick/beat.hpp"
#include "firebrick/memory.hpp"
#include "firebrick/regroup.hpp"

namespace firebrick {

// Cfg:
//   CHANNELS     channels of a pixel
//   HEIGHT       rows of a frame
//   WIDTH        pixels of a row
//   PIXELS       pixels of an input beat
//   COLUMNS      pixels of an output beat
//   BITS         bits of one channel of a pixel
//   MEMORY_KIND  of the two rows, see memory.hpp
//   in_beat      beat<PIXELS * CHANNELS, BITS>
//   out_beat     beat<COLUMNS, BITS>
template <class Cfg>
void image(hls::stream<typename Cfg::in_beat>& s_axis,
           hls::stream<typename Cfg::out_beat>& m_axis) {
#pragma HLS INLINE off
  static_assert(Cfg::CHANNELS >= 1 && Cfg::HEIGHT >= 1 && Cfg::WIDTH >= 1 && Cfg::BITS >= 1,
                "image: CHANNELS, HEIGHT, WIDTH and BITS must be at least 1");
  static_assert(Cfg::PIXELS >= 1 && Cfg::COLUMNS >= 1,
                "image: PIXELS and COLUMNS must be at least 1");
  static_assert(
      std::is_same<typename Cfg::in_beat, beat<Cfg::PIXELS * Cfg::CHANNELS, Cfg::BITS>>::value &&
          std::is_same<typename Cfg::out_beat, beat<Cfg::COLUMNS, Cfg::BITS>>::value,
      "image: in_beat or out_beat does not have its pixels of BITS");

  using queue_t = gearbox<Cfg::WIDTH, Cfg::PIXELS, Cfg::COLUMNS, Cfg::BITS>;
  constexpr int SEGMENTS = queue_t::SEGMENTS;
  constexpr int IN_BEATS = Cfg::HEIGHT * SEGMENTS;
  constexpr int OUT_BEATS = Cfg::HEIGHT * Cfg::CHANNELS * queue_t::OUT_SEGMENTS;
  // Iterations, named by a pragma: each takes, moves or gives a beat.
  [[maybe_unused]] constexpr int MOST = (1 + Cfg::CHANNELS) * IN_BEATS + OUT_BEATS;
  using raw_t = ap_uint<Cfg::PIXELS * Cfg::CHANNELS * Cfg::BITS>;

  memory<raw_t, 2 * SEGMENTS, Cfg::MEMORY_KIND, SEGMENTS> raw;
  queue_t queue;
  ap_uint<2> rows = 0;      // whole rows in memory
  bool write_half = false;  // of the memory
  bool read_half = false;
  ap_uint<index_bits(SEGMENTS)> write_segment = 0;
  ap_uint<index_bits(SEGMENTS)> read_segment = 0;
  ap_uint<index_bits(Cfg::CHANNELS)> channel = 0;  // that is read
  ap_uint<count_bits(IN_BEATS)> taken = 0;
  ap_uint<count_bits(OUT_BEATS)> given = 0;

// Invariant: `rows` rows in memory have been taken whole and not yet been read for each channel.
// Each iteration takes, moves or gives a beat: it waits for input only where nothing else is to do.
beats:
  while (given < OUT_BEATS) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = OUT_BEATS max = MOST
    const bool pop = queue.has_beat();
    const bool move = rows != 0 && queue.has_room();
    typename Cfg::out_beat out = queue.front();

    // One channel of a beat.
    const raw_t word = raw.words[int(read_half ? SEGMENTS : 0) + int(read_segment)];
    beat<Cfg::PIXELS, Cfg::BITS> plane;
  planes:
    for (int p = 0; p < Cfg::PIXELS; ++p) {
#pragma HLS UNROLL
      const int low = (p * Cfg::CHANNELS + int(channel)) * Cfg::BITS;
      set_pixel(plane, p, ap_uint<Cfg::BITS>(word.range(low + Cfg::BITS - 1, low)));
    }

    typename Cfg::in_beat in;
    const bool push = taken < IN_BEATS && rows != 2 && take(s_axis, in, !pop && !move);
    if (push) raw.words[int(write_half ? SEGMENTS : 0) + int(write_segment)] = in.data;
    queue.step(pop, move, plane);

    const bool row_in = push && write_segment == SEGMENTS - 1;
    const bool read_last = move && read_segment == SEGMENTS - 1;
    const bool row_out = read_last && channel == Cfg::CHANNELS - 1;
    if (push) {
      ++taken;
      write_segment = row_in ? 0 : int(write_segment) + 1;
    }
    if (row_in) write_half = !write_half;
    if (move) read_segment = read_last ? 0 : int(read_segment) + 1;
    if (read_last) channel = row_out ? 0 : int(channel) + 1;
    if (row_out) read_half = !read_half;
    rows = int(rows) + int(row_in) - int(row_out);
    if (pop) {
      out.last = given == OUT_BEATS - 1;
      ++given;
      m_axis.write(out);
    }
  }
}

}  // namespace firebrick

#endif  // FIREBRICK_IMAGE_HPP_
