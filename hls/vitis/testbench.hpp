// SPDX-License-Identifier: Apache-2.0
// What the bench of a generated top needs, for the vendor's C simulation and co-simulation: frames
// of pseudo-random pixels in, every value out compared with the Python reference.
//
// The generated testbench.cpp calls the top itself: co-simulation puts the hardware in place of
// that call, so it must not hide in a template.
#ifndef FIREBRICK_VITIS_TESTBENCH_HPP_
#define FIREBRICK_VITIS_TESTBENCH_HPP_

#include "firebrick/beat.hpp"  // before ap_int.h, for wide beats

#include <ap_axi_sdata.h>

#include <cstdint>
#include <cstdio>

namespace testbench {

// Pixels that Python makes as well: the high bits of a linear congruence.
//
// Image:
//   FRAME_BEATS  beats of a frame
//   VALUES       of a beat: each channel of each pixel, padding included
//   BITS         of a value
//   PORT_BITS    of a beat at the border
template <class Image>
class pixels {
 public:
  using word = ap_uint<Image::PORT_BITS>;

  // A frame as AXI4-Stream.
  void send(hls::stream<ap_axiu<Image::PORT_BITS, 0, 0, 0>>& to) {
    for (int n = 0; n < Image::FRAME_BEATS; ++n) {
      ap_axiu<Image::PORT_BITS, 0, 0, 0> beat;
      beat.data = next_beat();
      beat.keep = -1;
      beat.strb = -1;
      beat.last = n == Image::FRAME_BEATS - 1;
      to.write(beat);
    }
  }

  // A frame in memory.
  void store(word* to) {
    for (int n = 0; n < Image::FRAME_BEATS; ++n) to[n] = next_beat();
  }

 private:
  word next_beat() {
    word data = 0;
    for (int v = 0; v < Image::VALUES; ++v) {
      state_ = state_ * 1664525u + 1013904223u;
      data.range((v + 1) * Image::BITS - 1, v * Image::BITS) = state_ >> (32 - Image::BITS);
    }
    return data;
  }
  std::uint32_t state_ = 1;
};

// Values of a beat that differ from `expected`; those beyond a row's end mean nothing.
//
// Logits:
//   FRAME_BEATS  beats of a frame
//   VALUES       of a beat
//   WIDTH        of a row
//   BITS         of a value
//   SIGNED       values are two's complement
//   PORT_BITS    of a beat at the border
template <class Logits>
int differing(const ap_uint<Logits::PORT_BITS>& data, int beat, const int* expected) {
  constexpr int SEGMENTS = firebrick::ceil_div(Logits::WIDTH, Logits::VALUES);
  int count = 0;
  for (int v = 0; v < Logits::VALUES; ++v) {
    const ap_uint<Logits::BITS> bits = data.range((v + 1) * Logits::BITS - 1, v * Logits::BITS);
    const ap_int<Logits::BITS> number = bits;
    const int value = Logits::SIGNED ? int(number) : int(bits);
    const bool padding = beat % SEGMENTS * Logits::VALUES + v >= Logits::WIDTH;
    if (!padding && value != expected[beat * Logits::VALUES + v]) ++count;
  }
  return count;
}

// Takes a frame from AXI4-Stream; what differs, TLAST included.
template <class Logits>
int receive(hls::stream<ap_axiu<Logits::PORT_BITS, 0, 0, 0>>& from, const int* expected) {
  int count = 0;
  for (int n = 0; n < Logits::FRAME_BEATS; ++n) {
    const ap_axiu<Logits::PORT_BITS, 0, 0, 0> beat = from.read();
    count += differing<Logits>(beat.data, n, expected);
    if (beat.last != (n == Logits::FRAME_BEATS - 1)) ++count;
  }
  return count + (from.empty() ? 0 : 1);
}

// Looks at a frame in memory; what differs.
template <class Logits>
int inspect(const ap_uint<Logits::PORT_BITS>* from, const int* expected) {
  int count = 0;
  for (int n = 0; n < Logits::FRAME_BEATS; ++n) count += differing<Logits>(from[n], n, expected);
  return count;
}

// Status of `main`: the vendor's tools take anything but 0 for a failure.
inline int verdict(int wrong, int frames) {
  std::printf("testbench: %d values of %d frames differ\n", wrong, frames);
  return wrong == 0 ? 0 : 1;
}

}  // namespace testbench

#endif  // FIREBRICK_VITIS_TESTBENCH_HPP_
