// SPDX-License-Identifier: Apache-2.0
// Between hls4ml's streams and the row streams of the functions.
//
// hls4ml: one pixel an element, all its channels in an `nnet::array`, row by row. Row stream: see
// firebrick/beat.hpp. Either way a row has to be there before it can leave in the other order, so
// two rows are held: one fills while the other empties. Values are taken by their raw bits, hence
// `ap_int` and `ap_fixed` of any binary point do alike.
#ifndef NNET_FIREBRICK_H_
#define NNET_FIREBRICK_H_

#ifndef __SYNTHESIS__
#include <cstdint>
#include <cstdio>
#include <string>
#endif

#include "firebrick/beat.hpp"
#include "firebrick/stored.hpp"

namespace firebrick {

// Which of two rows fills and which empties.
struct row_pair {
  // Iterations from a row's last write to its first read: a memory may be read so much before it is
  // written.
  static constexpr int SETTLE = 8;

  ap_uint<2> held;         // rows written whole and not read whole
  ap_uint<2> visible;      // those of them that may be read
  ap_uint<SETTLE> settle;  // those on their way to it
  bool write_half;         // of the memory
  bool read_half;

  row_pair() : held(0), visible(0), settle(0), write_half(false), read_half(false) {
#pragma HLS INLINE
  }

  bool has_room() const { return held != 2; }
  bool has_row() const { return visible != 0; }
  bool idle() const { return visible == 0 && settle == 0; }

  // One iteration. Invariant: rows counted in `visible` were written SETTLE iterations ago.
  void move(bool row_in, bool row_out) {
#pragma HLS INLINE
    visible = int(visible) + int(settle[SETTLE - 1]) - int(row_out);
    settle = settle << 1;
    settle[0] = row_in;
    held = int(held) + int(row_in) - int(row_out);
    if (row_in) write_half = !write_half;
    if (row_out) read_half = !read_half;
  }
};

// Rules and sizes that both directions share.
//
// Cfg:
//   CHANNELS  channels, values of an array
//   HEIGHT    rows of a frame
//   WIDTH     pixels of a row
//   COLUMNS   pixels of a beat
//   BITS      bits of a value
template <class Cfg, class array_T>
struct array_shape {
  static constexpr int SEGMENTS = ceil_div(Cfg::WIDTH, Cfg::COLUMNS);
  static constexpr int ELEMENTS = int(array_T::size);  // 1 where channels come one after the other
  static constexpr int ARRAYS = Cfg::HEIGHT * Cfg::WIDTH * Cfg::CHANNELS / ELEMENTS;
  static constexpr int BEATS = Cfg::HEIGHT * Cfg::CHANNELS * SEGMENTS;
  static constexpr int MOST = ARRAYS + BEATS + Cfg::HEIGHT * row_pair::SETTLE;  // iterations
  using bits_t = ap_uint<Cfg::BITS>;

  static_assert(Cfg::CHANNELS >= 1 && Cfg::HEIGHT >= 1 && Cfg::WIDTH >= 1 && Cfg::COLUMNS >= 1,
                "array: CHANNELS, HEIGHT, WIDTH and COLUMNS must be at least 1");
  static_assert(Cfg::CHANNELS < 4096 && Cfg::COLUMNS < 4096,
                "array: 4,096 channels or columns or more are too many memories");
  static_assert(array_T::value_type::width == Cfg::BITS, "array: its values do not have BITS bits");
};

// Arrays to a row stream. `order`: channel at each place of the row stream. One array in or one
// beat out an iteration, or both. One frame a call.
template <class Cfg, class data_T, class Order>
void array_to_rows(hls::stream<data_T>& data, hls::stream<beat<Cfg::COLUMNS, Cfg::BITS>>& m_axis,
                   const Order (&order)[Cfg::CHANNELS]) {
#pragma HLS INLINE off
  using shape = array_shape<Cfg, data_T>;
  using bits_t = typename shape::bits_t;
  static_assert(shape::ELEMENTS == Cfg::CHANNELS, "array_to_rows: arrays do not have CHANNELS");
  [[maybe_unused]] constexpr int SETTLE = row_pair::SETTLE;  // named by pragmas, as those below
  [[maybe_unused]] constexpr int BEATS = shape::BEATS;
  [[maybe_unused]] constexpr int MOST = shape::MOST;

  // A word is a whole pixel; COLUMNS memories give neighbours at once. Static for the sake of
  // simulation, whose stacks are small.
  static bits_t pixels[2 * shape::SEGMENTS][Cfg::COLUMNS][Cfg::CHANNELS];
#pragma HLS ARRAY_PARTITION variable = pixels type = complete dim = 2
#pragma HLS ARRAY_RESHAPE variable = pixels type = complete dim = 3
#pragma HLS DEPENDENCE variable = pixels type = inter direction = RAW distance = SETTLE true
  row_pair rows;
  ap_uint<index_bits(shape::SEGMENTS)> write_segment = 0, read_segment = 0;
  ap_uint<index_bits(Cfg::COLUMNS)> write_column = 0;
  ap_uint<index_bits(Cfg::WIDTH)> write_x = 0;
  ap_uint<index_bits(Cfg::CHANNELS)> channel = 0;
  ap_uint<count_bits(shape::ARRAYS)> taken = 0;
  ap_uint<count_bits(shape::BEATS)> given = 0;

// Invariant: of the first `taken` pixels, what is not in the first `given` beats is in the memory.
work:
  while (given < shape::BEATS) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = BEATS max = MOST
    bool row_in = false, row_out = false;
    const bool give = rows.has_row();
    beat<Cfg::COLUMNS, Cfg::BITS> out;
    if (give) {
      const int word = int(rows.read_half ? shape::SEGMENTS : 0) + int(read_segment);
    read_columns:
      for (int c = 0; c < Cfg::COLUMNS; ++c) {
#pragma HLS UNROLL
        set_pixel(out, c, pixels[word][c][order[channel]]);
      }
      const bool segment_last = read_segment == shape::SEGMENTS - 1;
      const bool channel_last = channel == Cfg::CHANNELS - 1;
      read_segment = segment_last ? 0 : int(read_segment) + 1;
      if (segment_last) channel = channel_last ? 0 : int(channel) + 1;
      row_out = segment_last && channel_last;
    }

    data_T pixel;
    if (taken < shape::ARRAYS && rows.has_room() && take(data, pixel, rows.idle())) {
      const int word = int(rows.write_half ? shape::SEGMENTS : 0) + int(write_segment);
    write_channels:
      for (int n = 0; n < Cfg::CHANNELS; ++n) {
#pragma HLS UNROLL
        const bits_t bits = pixel[n].range(Cfg::BITS - 1, 0);
        pixels[word][write_column][n] = bits;
      }
      const bool column_last = write_column == Cfg::COLUMNS - 1;
      row_in = write_x == Cfg::WIDTH - 1;
      write_x = row_in ? 0 : int(write_x) + 1;
      write_column = row_in || column_last ? 0 : int(write_column) + 1;
      write_segment = row_in ? 0 : int(write_segment) + int(column_last);
      ++taken;
    }
    rows.move(row_in, row_out);
    if (give) {
      out.last = given == shape::BEATS - 1;
      ++given;
      m_axis.write(out);
    }
  }
}

// A row stream to arrays. `order`: channel at each place of the row stream. One beat in or one
// array out an iteration, or both. One frame a call.
template <class Cfg, class res_T, class Order>
void rows_to_array(hls::stream<beat<Cfg::COLUMNS, Cfg::BITS>>& s_axis, hls::stream<res_T>& res,
                   const Order (&order)[Cfg::CHANNELS]) {
#pragma HLS INLINE off
  using shape = array_shape<Cfg, res_T>;
  using bits_t = typename shape::bits_t;
  static_assert(shape::ELEMENTS == Cfg::CHANNELS, "rows_to_array: arrays do not have CHANNELS");
  [[maybe_unused]] constexpr int SETTLE = row_pair::SETTLE;  // named by pragmas, as those below
  [[maybe_unused]] constexpr int ARRAYS = shape::ARRAYS;
  [[maybe_unused]] constexpr int MOST = shape::MOST;

  // A memory for each channel, whose word is COLUMNS pixels.
  static bits_t pixels[Cfg::CHANNELS][2 * shape::SEGMENTS][Cfg::COLUMNS];
#pragma HLS ARRAY_PARTITION variable = pixels type = complete dim = 1
#pragma HLS ARRAY_RESHAPE variable = pixels type = complete dim = 3
#pragma HLS DEPENDENCE variable = pixels type = inter direction = RAW distance = SETTLE true
#pragma HLS BIND_STORAGE variable = pixels type = ram_s2p impl = lutram
  row_pair rows;
  ap_uint<index_bits(shape::SEGMENTS)> write_segment = 0, read_segment = 0;
  ap_uint<index_bits(Cfg::COLUMNS)> read_column = 0;
  ap_uint<index_bits(Cfg::WIDTH)> read_x = 0;
  ap_uint<index_bits(Cfg::CHANNELS)> channel = 0;
  ap_uint<count_bits(shape::BEATS)> taken = 0;
  ap_uint<count_bits(shape::ARRAYS)> given = 0;

// Invariant: of the first `taken` beats, what is not in the first `given` pixels is in the memory.
work:
  while (given < shape::ARRAYS) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = ARRAYS max = MOST
    bool row_in = false, row_out = false;
    const bool give = rows.has_row();
    res_T pixel;
    if (give) {
      const int word = int(rows.read_half ? shape::SEGMENTS : 0) + int(read_segment);
    read_channels:
      for (int n = 0; n < Cfg::CHANNELS; ++n) {
#pragma HLS UNROLL
        pixel[n].range(Cfg::BITS - 1, 0) = pixels[n][word][read_column];
      }
      const bool column_last = read_column == Cfg::COLUMNS - 1;
      row_out = read_x == Cfg::WIDTH - 1;
      read_x = row_out ? 0 : int(read_x) + 1;
      read_column = row_out || column_last ? 0 : int(read_column) + 1;
      read_segment = row_out ? 0 : int(read_segment) + int(column_last);
    }

    beat<Cfg::COLUMNS, Cfg::BITS> in;
    if (taken < shape::BEATS && rows.has_room() && take(s_axis, in, rows.idle())) {
      const int word = int(rows.write_half ? shape::SEGMENTS : 0) + int(write_segment);
    write_columns:
      for (int c = 0; c < Cfg::COLUMNS; ++c) {
#pragma HLS UNROLL
        pixels[order[channel]][word][c] = get_pixel(in, c);
      }
      const bool segment_last = write_segment == shape::SEGMENTS - 1;
      const bool channel_last = channel == Cfg::CHANNELS - 1;
      write_segment = segment_last ? 0 : int(write_segment) + 1;
      if (segment_last) channel = channel_last ? 0 : int(channel) + 1;
      row_in = segment_last && channel_last;
      ++taken;
    }
    rows.move(row_in, row_out);
    if (give) {
      ++given;
      res.write(pixel);
    }
  }
}

// A frame of single values in the order in which they come: a thousand classes in one array would
// be wider than any stream.
template <class Cfg, class res_T>
void values_to_array(hls::stream<beat<1, Cfg::BITS>>& s_axis, hls::stream<res_T>& res) {
#pragma HLS INLINE off
  using shape = array_shape<Cfg, res_T>;
  static_assert(shape::ELEMENTS == 1, "values_to_array: arrays do not have one value");
  static_assert(Cfg::HEIGHT == 1 && Cfg::WIDTH == 1, "values_to_array: channels have many values");

// Invariant: `n` values have been taken and given.
values:
  for (int n = 0; n < Cfg::CHANNELS; ++n) {
#pragma HLS PIPELINE II = 1
    res_T value;
    value[0].range(Cfg::BITS - 1, 0) = get_pixel(s_axis.read(), 0);
    res.write(value);
  }
}

#ifndef __SYNTHESIS__
// Folder that streams are written down in; empty: nowhere.
inline std::string& tap_folder() {
  static std::string folder;
  return folder;
}

// Appends what a stream holds to a file of its layer: the bits of each value as a 32-bit integer.
template <int COLUMNS, int BITS>
void tap(hls::stream<beat<COLUMNS, BITS>>& stream, const char* layer) {
  static_assert(BITS <= 32, "tap: values of more than 32 bits");
  if (tap_folder().empty()) return;
  const std::string path = tap_folder() + "/" + layer + ".bin";
  FILE* file = std::fopen(path.c_str(), "ab");
  bool good = file != nullptr;
  for (auto left = stream.size(); good && left > 0; --left) {
    const beat<COLUMNS, BITS> held = stream.read();
    std::uint32_t values[COLUMNS];
    for (int c = 0; c < COLUMNS; ++c) values[c] = get_pixel(held, c).to_uint();
    good = std::fwrite(values, sizeof(values), 1, file) == 1;
    stream.write(held);
  }
  if (!good || std::fclose(file) != 0) {
    std::fprintf(stderr, "tap: %s: cannot be written\n", path.c_str());
  }
}
#endif

}  // namespace firebrick

#ifndef __SYNTHESIS__
// For those who load the compiled project: from now on, every layer's stream is written down.
extern "C" __attribute__((used)) inline void firebrick_taps(const char* folder) {
  firebrick::tap_folder() = folder;
}
#endif

#endif  // NNET_FIREBRICK_H_
