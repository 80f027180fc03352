// SPDX-License-Identifier: Apache-2.0
// Input side of a `conv`: beats become words of the row banks, rows of the ring start output rows.
#ifndef FIREBRICK_CONV_ROWS_HPP_
#define FIREBRICK_CONV_ROWS_HPP_

#include "firebrick/conv_shape.hpp"

namespace firebrick {

// Turns beats into words that carry their halo: a word is COLUMNS*STRIDE pixels with what its taps
// reach to the left and right. It is written once the beat behind it is known.
template <class Cfg>
struct conv_writer {
  using shape = conv_shape<Cfg>;
  using pixel_t = typename shape::pixel_t;
  static constexpr bool PEEKS = Cfg::KERNEL > Cfg::STRIDE + Cfg::PAD;  // words reach the next beat
  static constexpr int LEFT = Cfg::PAD > 0 ? Cfg::PAD : 1;
  static constexpr int LINE = LEFT + 2 * shape::BEAT;

  pixel_t line[LINE];  // left of the held beat, the held beat, the fresh one
  ap_uint<index_bits(shape::STEPS)> step, held_step;
  ap_uint<index_bits(Cfg::IN_CHANNELS)> channel, held_channel;
  ap_uint<index_bits(Cfg::RING)> slot;       // of the ring, that is written
  ap_uint<count_bits(Cfg::IN_HEIGHT)> rows;  // whose last beat has been taken
  bool held, held_last, held_end;            // a beat; last of its channel, of its row
  bool write;                                // a word leaves in this iteration

  conv_writer()
      : step(0), held_step(0), channel(0), held_channel(0), slot(0), rows(0), held(false),
        held_last(false), held_end(false), write(false) {
#pragma HLS INLINE
#pragma HLS ARRAY_PARTITION variable = line type = complete
  }

  bool wants_beat() const { return step < shape::IN_SEGMENTS; }
  // A word leaves without a further beat.
  bool pending() const { return held && (held_last || !PEEKS); }

  // Puts a beat, or what lies right of the image, behind the held one.
  void look(bool stepping, const typename Cfg::in_beat& in) {
#pragma HLS INLINE
    write = held && (stepping || held_last || !PEEKS);
    if (!stepping) return;
  fresh:
    for (int p = 0; p < shape::BEAT; ++p) {
#pragma HLS UNROLL
      const bool inside = step < shape::IN_SEGMENTS - 1 || (wants_beat() && p < shape::TAIL);
      line[LEFT + shape::BEAT + p] = inside ? pixel_t(get_pixel(in, p)) : pixel_t(0);
    }
  }

  // A pixel of the word that leaves: zero right of the image.
  pixel_t word(int p) const {
#pragma HLS INLINE
    const int at = LEFT - Cfg::PAD + p;
    return held_last && at >= LEFT + shape::BEAT ? pixel_t(0) : line[at];
  }

  // Moves on by a beat; true if a row's last word left.
  bool move(bool stepping) {
#pragma HLS INLINE
    const bool row_written = write && held_end;
    if (row_written) slot = slot == Cfg::RING - 1 ? 0 : int(slot) + 1;
    if (write) held = false;
    if (!stepping) return row_written;
    const bool first = step == 0;
    const bool last = step == shape::STEPS - 1;
    const bool last_channel = channel == Cfg::IN_CHANNELS - 1;
  lefts:
    for (int p = 0; p < LEFT; ++p) {
#pragma HLS UNROLL
      line[p] = first ? pixel_t(0) : line[p + shape::BEAT];
    }
  helds:
    for (int p = 0; p < shape::BEAT; ++p) {
#pragma HLS UNROLL
      line[LEFT + p] = line[LEFT + shape::BEAT + p];
    }
    held = true;
    held_step = step;
    held_channel = channel;
    held_last = last;
    held_end = last && last_channel;
    step = last ? 0 : int(step) + 1;
    if (last) channel = last_channel ? 0 : int(channel) + 1;
    if (held_end) ++rows;
    return row_written;
  }
};

// Decides when an output row starts: the input rows of its window have arrived, and every lane has
// issued its last entry of the row before. Rows that no later one reads are then released.
template <class Cfg>
struct conv_rows {
  using shape = conv_shape<Cfg>;
  static constexpr int SPAN = Cfg::IN_HEIGHT + Cfg::KERNEL + Cfg::STRIDE + Cfg::RING;
  using row_t = ap_int<count_bits(SPAN) + 1>;

  row_t y, top;                         // next output row, and the input row at its window's top
  row_t freed_top, freed, arrived;      // input rows released, and there
  ap_uint<index_bits(Cfg::RING)> slot;  // of the ring, at the window's top
  ap_uint<shape::SETTLE> arriving, releasing;   // rows on their way to be counted
  typename shape::address_t base[Cfg::KERNEL];  // first word of the input row at each kernel row
  bool mask[Cfg::KERNEL];                       // kernel rows that lie inside the frame
  bool running, start;                          // an output row is at work; lanes begin it

  conv_rows()
      : y(0), top(-Cfg::PAD), freed_top(-Cfg::PAD), freed(0), arrived(0),
        slot((Cfg::RING - Cfg::PAD % Cfg::RING) % Cfg::RING), arriving(0), releasing(0),
        running(false), start(false) {
#pragma HLS INLINE
#pragma HLS ARRAY_PARTITION variable = base type = complete
#pragma HLS ARRAY_PARTITION variable = mask type = complete
  }

  row_t needed() const {
    const row_t bottom = top + shape::REACH;
    return y == Cfg::OUT_HEIGHT - 1 || bottom > Cfg::IN_HEIGHT ? row_t(Cfg::IN_HEIGHT) : bottom;
  }
  bool room(int rows) const { return rows < Cfg::IN_HEIGHT && rows - freed < Cfg::RING; }
  bool can_start(bool busy) const { return !busy && y < Cfg::OUT_HEIGHT && arrived >= needed(); }
  // The next call of `move` changes something by itself.
  bool moves(bool busy) const { return (running && !busy) || can_start(busy); }
  bool settling() const { return arriving != 0 || releasing != 0; }

  // One iteration; `busy`: a lane has entries to issue.
  // Invariant: rows freed..arrived-1 are in the ring and whole; `running` rows read none other.
  void move(bool busy, bool row_written) {
#pragma HLS INLINE
    const bool done = running && !busy;
    const bool begin = can_start(busy);
    if (arriving[shape::SETTLE - 1]) ++arrived;
    if (releasing[shape::SETTLE - 1]) {
      freed_top += Cfg::STRIDE;
      freed = freed_top < 0 ? row_t(0) : freed_top;
    }
    arriving = arriving << 1;
    arriving[0] = row_written;
    releasing = releasing << 1;
    releasing[0] = done;
    start = begin;
    running = begin || (running && busy);
    if (begin) {
    kernel_rows:
      for (int k = 0; k < Cfg::KERNEL; ++k) {
#pragma HLS UNROLL
        const int at = int(slot) + k % Cfg::RING;
        base[k] = (at >= Cfg::RING ? at - Cfg::RING : at) * shape::ROW_WORDS;
        mask[k] = top + k >= 0 && top + k < Cfg::IN_HEIGHT;
      }
      ++y;
      top += Cfg::STRIDE;
      const int next = int(slot) + Cfg::STRIDE % Cfg::RING;
      slot = next >= Cfg::RING ? next - Cfg::RING : next;
    }
  }
};

}  // namespace firebrick

#endif  // FIREBRICK_CONV_ROWS_HPP_
