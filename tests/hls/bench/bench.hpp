// SPDX-License-Identifier: Apache-2.0
// What the benches of all functions share: beats from and to hexadecimal lines, stalls, checks.
#ifndef FIREBRICK_TESTS_BENCH_HPP_
#define FIREBRICK_TESTS_BENCH_HPP_

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "firebrick/beat.hpp"

namespace bench {

inline void fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

// Fills a stream with the beats of a file; `last` with each `frame_beats`-th.
template <class Beat>
void load(hls::stream<Beat>& to, const std::string& path, int frame_beats) {
  std::ifstream file(path);
  std::string line;
  for (int count = 1; std::getline(file, line); ++count) {
    Beat beat;
    beat.data = 0;
    int low = 4 * (int(line.size()) - 1);
    for (const char letter : line) {
      const int digit = letter <= '9' ? letter - '0' : letter - 'a' + 10;
      for (int bit = low; bit < low + 4 && bit < Beat::bits; ++bit) {
        beat.data[bit] = digit >> (bit - low) & 1;
      }
      low -= 4;
    }
    beat.last = count % frame_beats == 0;
    to.write(beat);
  }
  if (to.empty()) fail("no beats in " + path);
  hls::stalls::written = 0;
}

// Empties a stream into a file: a line a beat, and behind it the value of `last`.
template <class Beat>
void store(hls::stream<Beat>& from, const std::string& path) {
  std::ofstream file(path);
  while (!from.empty()) {
    const Beat beat = from.read();
    std::string line;
    for (int low = (Beat::bits - 1) / 4 * 4; low >= 0; low -= 4) {
      int digit = 0;
      for (int bit = low; bit < low + 4 && bit < Beat::bits; ++bit) {
        digit |= int(beat.data[bit]) << (bit - low);
      }
      line += "0123456789abcdef"[digit];
    }
    file << line << ' ' << beat.last << '\n';
  }
}

// A frame takes exactly its beats: those of the frames behind it wait untouched.
template <class Beat>
void expect_left(const hls::stream<Beat>& stream, int beats) {
  if (int(stream.size()) == beats) return;
  fail("the function left " + std::to_string(stream.size()) + " beats, expected " +
       std::to_string(beats));
}

// Calls `run(frames, number)` once for each probability of a refused look, given on the command
// line behind the case's name, the folder of its beats and the number of frames.
template <class Run>
int main_of(int argc, char** argv, Run run) {
  for (int n = 4; n < argc; ++n) {
    hls::stalls::probability = std::atoi(argv[n]);
    hls::stalls::state = n;
    hls::stalls::refused = 0;
    run(std::string(argv[1]), std::string(argv[2]) + "/", std::atoi(argv[3]), n - 4);
  }
  return 0;
}

}  // namespace bench

#endif  // FIREBRICK_TESTS_BENCH_HPP_
