// SPDX-License-Identifier: Apache-2.0
// What the C simulation of a network needs beside its functions: beats from a file, beats to files.
#ifndef FIREBRICK_CSIM_BENCH_HPP_
#define FIREBRICK_CSIM_BENCH_HPP_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "firebrick/beat.hpp"

namespace csim {

[[noreturn]] inline void fail(const std::string& text) {
  std::fprintf(stderr, "csim: %s\n", text.c_str());
  std::exit(2);
}

// csim FOLDER FRAMES
struct arguments {
  std::string folder;
  int frames;
  arguments(int argc, char** argv) : frames(0) {
    if (argc != 3 || (frames = std::atoi(argv[2])) < 1) fail("usage: csim FOLDER FRAMES");
    folder = std::string(argv[1]) + "/";
  }
};

// A file that is closed at the end, and whose every failure ends the simulation.
class file {
 public:
  file(const std::string& path, const char* mode) : path_(path), file_(fopen(path.c_str(), mode)) {
    if (file_ == nullptr) fail(path_ + ": cannot be opened");
  }
  ~file() {
    if (fclose(file_) != 0) fail(path_ + ": cannot be written");
  }
  file(const file&) = delete;
  file& operator=(const file&) = delete;
  // False where the file ends early.
  bool read(std::vector<std::uint32_t>& to) {
    return fread(to.data(), sizeof(to[0]), to.size(), file_) == to.size();
  }
  void write(const std::vector<std::uint32_t>& from) {
    if (fwrite(from.data(), sizeof(from[0]), from.size(), file_) != from.size()) {
      fail(path_ + ": cannot be written");
    }
  }

 private:
  std::string path_;
  FILE* file_;
};

// Writes down every beat of a stream: the bits of each value as a 32-bit integer.
template <int COLUMNS, int BITS>
class tap {
 public:
  tap(hls::stream<firebrick::beat<COLUMNS, BITS>>& stream, const std::string& path)
      : file_(path, "wb"), values_(COLUMNS) {
    static_assert(BITS <= 32, "csim: values of more than 32 bits");
    stream.observe([this](const firebrick::beat<COLUMNS, BITS>& beat) { put(beat); });
  }

 private:
  void put(const firebrick::beat<COLUMNS, BITS>& beat) {
    for (int c = 0; c < COLUMNS; ++c) values_[c] = get_pixel(beat, c).to_uint();
    file_.write(values_);
  }
  file file_;
  std::vector<std::uint32_t> values_;
};

// Feeds frames of `beats` beats each, all from image.bin, back to back. What is missing in the file
// never comes.
template <int COLUMNS, int BITS>
void source(hls::stream<firebrick::beat<COLUMNS, BITS>>& to, const arguments& run, int beats) {
  file from(run.folder + "image.bin", "rb");
  std::vector<std::uint32_t> values(COLUMNS);
  for (int frame = 0; frame < run.frames; ++frame) {
    for (int n = 0; n < beats; ++n) {
      if (!from.read(values)) return;
      firebrick::beat<COLUMNS, BITS> beat;
      for (int c = 0; c < COLUMNS; ++c) set_pixel(beat, c, ap_uint<BITS>(values[c]));
      beat.last = n == beats - 1;
      to.write(beat);
    }
  }
}

// Takes all frames, and checks where each ends.
template <int COLUMNS, int BITS>
void sink(hls::stream<firebrick::beat<COLUMNS, BITS>>& from, const arguments& run, int beats) {
  for (int frame = 0; frame < run.frames; ++frame) {
    for (int n = 0; n < beats; ++n) {
      if (from.read().last != (n == beats - 1)) fail("last does not accompany a frame's last beat");
    }
    // A line a frame, for whoever waits.
    std::printf("frame %d of %d\n", frame + 1, run.frames);
    std::fflush(stdout);
  }
}

}  // namespace csim

#endif  // FIREBRICK_CSIM_BENCH_HPP_
