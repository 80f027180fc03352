// SPDX-License-Identifier: Apache-2.0
// A strict stream for benches of one function in one thread: reading what never comes is an error,
// and a reader that only looks is sometimes told that there is nothing yet.
#ifndef FIREBRICK_TESTS_HLS_STREAM_H_
#define FIREBRICK_TESTS_HLS_STREAM_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>

namespace hls {

// How often `read_nb` is refused, and how often in a row nothing but that has happened.
struct stalls {
  static constexpr int PATIENCE = 1000000;
  static inline int probability = 0;  // * 256
  static inline uint32_t state = 1;
  static inline int refused = 0;
  static inline int written = 0;  // beats, since all input is there

  static bool refuse() {
    state = state * 1664525u + 1013904223u;
    if (int(state >> 24) >= probability) return false;
    if (++refused > PATIENCE) {
      std::fprintf(stderr, "the function looks for input for ever and never waits for it\n");
      std::exit(4);
    }
    return true;
  }
};

template <class T, int DEPTH = 0>
class stream {
 public:
  stream() = default;
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  T read() {
    if (queue_.empty()) {
      std::fprintf(stderr, "the function gave %d beats and waits for one that never comes\n",
                   stalls::written);
      std::exit(3);
    }
    return pop();
  }

  bool read_nb(T& to) {
    // Input that has ended for good looks like input that is late.
    if (stalls::refuse() || queue_.empty()) return false;
    to = pop();
    return true;
  }

  void write(const T& value) {
    stalls::refused = 0;
    ++stalls::written;
    queue_.push_back(value);
  }

  bool write_nb(const T& value) {
    // Room is refused like input, but never for ever: a function may wait for either of the two.
    if (stalls::probability < 256 && stalls::refuse()) return false;
    write(value);
    return true;
  }

  bool empty() const { return queue_.empty(); }
  size_t size() const { return queue_.size(); }

 private:
  T pop() {
    stalls::refused = 0;
    const T value = queue_.front();
    queue_.pop_front();
    return value;
  }

  std::deque<T> queue_;
};

}  // namespace hls

#endif  // FIREBRICK_TESTS_HLS_STREAM_H_
