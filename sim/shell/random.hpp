// SPDX-License-Identifier: Apache-2.0
// Random numbers and stalls; the sequence depends on the seed only.
#ifndef FIREBRICK_SIM_SHELL_RANDOM_HPP_
#define FIREBRICK_SIM_SHELL_RANDOM_HPP_

#include <cstdint>

namespace sim {

/// xorshift64*: small, and good enough to shake handshakes.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1du) {
    if (state_ == 0) state_ = 1;
    next();
  }

  uint32_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<uint32_t>((state_ * 0x2545f4914f6cdd1du) >> 32);
  }

  /// True with a probability of `of_256` / 256.
  bool hit(unsigned of_256) { return of_256 != 0 && (next() & 0xffu) < of_256; }

  /// A number from 0 to `most`.
  uint32_t upto(uint32_t most) { return most == 0 ? 0 : next() % (most + 1); }

 private:
  uint64_t state_;
};

/// Stalls of one channel. One in sixteen is drawn out to up to 64 cycles, because queues only run
/// full or dry when their neighbour is away for long.
class Stall {
 public:
  bool operator()(Random& random, unsigned of_256) {
    if (left_ != 0) {
      --left_;
      return true;
    }
    if (!random.hit(of_256)) return false;
    if (random.upto(15) == 0) left_ = random.upto(63);
    return true;
  }

 private:
  unsigned left_ = 0;
};

}  // namespace sim

#endif  // FIREBRICK_SIM_SHELL_RANDOM_HPP_
