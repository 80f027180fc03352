// SPDX-License-Identifier: Apache-2.0
// Memory behind an AXI4 bus without ids: bursts are answered in their order.
//
// Reads: several bursts may be outstanding; data comes after a random latency. Writes: data may
// come before its address; memory changes no sooner than the response leaves. The manager's side of
// the protocol is checked, a breach ends the simulation with a message.
#ifndef FIREBRICK_SIM_SHELL_AXI_MEMORY_HPP_
#define FIREBRICK_SIM_SHELL_AXI_MEMORY_HPP_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>

#include "random.hpp"

namespace sim {

constexpr size_t MAX_BYTES = 64;  // of a beat

using Data = std::array<uint8_t, MAX_BYTES>;

/// What a manager drives on an address channel.
struct Address {
  bool valid;
  uint64_t address;
  unsigned length, size, burst, cache, prot;  // length: beats - 1

  bool same(const Address& x) const {
    return address == x.address && length == x.length && size == x.size && burst == x.burst &&
           cache == x.cache && prot == x.prot;
  }
};

/// What a manager drives on the write data channel.
struct Beat {
  bool valid, last;
  uint64_t strobes;
  Data data;

  bool same(const Beat& x) const {
    return last == x.last && strobes == x.strobes && data == x.data;
  }
};

/// Everything a manager drives, as it is before a clock edge.
struct Manager {
  Address read, write;
  Beat data;
  bool read_ready, response_ready;
};

/// Everything the memory drives.
struct Subordinate {
  bool read_address_ready, write_address_ready, data_ready;
  bool read_valid, read_last;
  unsigned read_response;
  Data read_data;
  bool response_valid;
  unsigned response;
};

/// How unwilling the memory is. Probabilities are in 1/256 per cycle.
struct Timing {
  unsigned stall_ar = 0, stall_r = 0, stall_aw = 0, stall_w = 0, stall_b = 0;
  unsigned read_latency = 0, write_latency = 0;  // most extra cycles, drawn for each burst
  unsigned reads = 16, writes = 16;              // most bursts outstanding
};

class AxiMemory {
 public:
  /// @param memory the bytes, seen at addresses from `base`
  /// @param width bytes of a beat
  AxiMemory(uint8_t* memory, uint64_t bytes, uint64_t base, unsigned width)
      : memory_(memory), bytes_(bytes), base_(base), width_(width) {}

  /// New timing; takes effect at once.
  void set_timing(const Timing& timing, uint64_t seed) {
    timing_ = timing;
    random_ = Random(seed);
  }

  /// The n-th burst from now is answered with an error (1: the next one; 0: none): of a read, one
  /// beat, with wrong data; of a write, which changes nothing then.
  void fail_read(uint64_t n) { failing_read_ = n; }
  void fail_write(uint64_t n) { failing_write_ = n; }

  /// A hard reset: the manager forgets its bursts, so does the memory.
  void reset() {
    reads_.clear();
    writes_.clear();
    data_.clear();
    responses_.clear();
    held_ = Manager{};
    out = Subordinate{};
  }

  size_t outstanding() const {
    return reads_.size() + writes_.size() + data_.size() + responses_.size();
  }

  unsigned width() const { return width_; }
  uint64_t read_bursts() const { return read_bursts_; }
  uint64_t write_bursts() const { return write_bursts_; }
  size_t most_reads() const { return most_reads_; }

  /// One clock edge: `in` as sampled before it, afterwards `out` is what to drive.
  void edge(const Manager& in, uint64_t cycle) {
    cycle_ = cycle;
    check_held(in);
    take_addresses(in);
    take_data(in);
    move_reads(in);
    move_responses(in);
    drive_ready();
    held_ = in;
  }

  Subordinate out{};

 private:
  struct Burst {
    uint64_t address;
    unsigned beats;
    uint64_t due;           // cycle from which on it may be answered
    unsigned wrong;         // of a read: the beat with an error, counted from the end; 0: none
    bool error;             // of a write
    std::deque<Beat> data;  // of a write
  };

  [[noreturn]] void fail(const std::string& what) const {
    std::fprintf(stderr, "%%Error: AXI4, cycle %llu: %s\n", static_cast<unsigned long long>(cycle_),
                 what.c_str());
    std::exit(1);
  }

  void check_burst(const Address& x, const std::string& channel) const {
    const uint64_t bytes = uint64_t{width_} * (x.length + 1);
    char text[32];
    std::snprintf(text, sizeof text, " at 0x%llx", static_cast<unsigned long long>(x.address));
    if (x.burst != 1) fail(channel + text + ": a burst is not INCR");
    if (x.size > 6 || (1u << x.size) != width_) fail(channel + text + ": a beat is not a word");
    if (x.cache != 3 || x.prot != 0) fail(channel + text + ": cache is not 3, or prot is not 0");
    if (x.address % width_ != 0) fail(channel + text + ": not the address of a word");
    if ((x.address & 4095) + bytes > 4096) fail(channel + text + ": a burst crosses 4 KB");
    if (x.address < base_ || x.address - base_ > bytes_ || bytes > bytes_ - (x.address - base_))
      fail(channel + text + ": out of memory's range");
  }

  void check_held(const Manager& in) const {
    // `out` still shows the ready signals of the cycle that ends; held_ is one cycle older.
    if (held_.read.valid && !taken_ar_ && !(in.read.valid && in.read.same(held_.read)))
      fail("AR fell or changed before it was taken");
    if (held_.write.valid && !taken_aw_ && !(in.write.valid && in.write.same(held_.write)))
      fail("AW fell or changed before it was taken");
    if (held_.data.valid && !taken_w_ && !(in.data.valid && in.data.same(held_.data)))
      fail("W fell or changed before it was taken");
  }

  void take_addresses(const Manager& in) {
    taken_ar_ = in.read.valid && out.read_address_ready;
    if (taken_ar_) {
      check_burst(in.read, "AR");
      const bool error = failing_read_ != 0 && --failing_read_ == 0;
      reads_.push_back({in.read.address,
                        in.read.length + 1,
                        cycle_ + random_.upto(timing_.read_latency),
                        error,
                        {}});
      ++read_bursts_;
      if (reads_.size() > most_reads_) most_reads_ = reads_.size();
    }
    taken_aw_ = in.write.valid && out.write_address_ready;
    if (taken_aw_) {
      check_burst(in.write, "AW");
      const bool error = failing_write_ != 0 && --failing_write_ == 0;
      writes_.push_back({in.write.address, in.write.length + 1, 0, 0, error, {}});
      ++write_bursts_;
    }
  }

  void take_data(const Manager& in) {
    taken_w_ = in.data.valid && out.data_ready;
    if (taken_w_) data_.push_back(in.data);
    while (!writes_.empty() && !data_.empty()) {
      Burst& burst = writes_.front();
      burst.data.push_back(data_.front());
      data_.pop_front();
      const bool end = burst.data.size() == burst.beats;
      if (burst.data.back().last != end) fail("WLAST is not at the end of its burst");
      if (end) {
        burst.due = cycle_ + random_.upto(timing_.write_latency);
        responses_.push_back(burst);
        writes_.pop_front();
      }
    }
  }

  void move_reads(const Manager& in) {
    if (out.read_valid && in.read_ready) {
      out.read_valid = false;
      if (out.read_last) reads_.pop_front();
    }
    if (out.read_valid) return;
    if (reads_.empty() || cycle_ < reads_.front().due || stall_r_(random_, timing_.stall_r)) {
      // What a manager must not look at.
      out.read_data.fill(0xa5);
      out.read_last = true;
      out.read_response = 3;
      return;
    }
    Burst& burst = reads_.front();
    std::memcpy(out.read_data.data(), memory_ + (burst.address - base_), width_);
    const bool error = burst.beats == burst.wrong;
    if (error) {
      for (auto& byte : out.read_data) byte = static_cast<uint8_t>(~byte);
    }
    burst.address += width_;
    out.read_last = --burst.beats == 0;
    out.read_response = error ? error_response() : 0;
    out.read_valid = true;
  }

  void move_responses(const Manager& in) {
    if (out.response_valid && in.response_ready) out.response_valid = false;
    if (out.response_valid) return;
    if (responses_.empty() || cycle_ < responses_.front().due ||
        stall_b_(random_, timing_.stall_b)) {
      out.response = 3;
      return;
    }
    const Burst& burst = responses_.front();
    uint8_t* at = memory_ + (burst.address - base_);
    for (const Beat& beat : burst.data) {
      for (unsigned n = 0; n < width_ && !burst.error; ++n) {
        if ((beat.strobes >> n) & 1) at[n] = beat.data[n];
      }
      at += width_;
    }
    out.response = burst.error ? error_response() : 0;
    out.response_valid = true;
    responses_.pop_front();
  }

  unsigned error_response() { return 2 + random_.upto(1); }  // SLVERR or DECERR

  void drive_ready() {
    out.read_address_ready = !stall_ar_(random_, timing_.stall_ar) && reads_.size() < timing_.reads;
    out.write_address_ready = !stall_aw_(random_, timing_.stall_aw) &&
                              writes_.size() + responses_.size() < timing_.writes;
    out.data_ready = !stall_w_(random_, timing_.stall_w) && data_.size() < MOST_EARLY;
  }

  static constexpr size_t MOST_EARLY = 4;  // beats taken before their address

  uint8_t* memory_;
  uint64_t bytes_, base_;
  unsigned width_;
  Timing timing_;
  Random random_{1};
  Stall stall_ar_, stall_r_, stall_aw_, stall_w_, stall_b_;
  uint64_t failing_read_ = 0, failing_write_ = 0;
  std::deque<Burst> reads_, writes_, responses_;
  std::deque<Beat> data_;
  Manager held_{};
  bool taken_ar_ = false, taken_aw_ = false, taken_w_ = false;
  uint64_t cycle_ = 0, read_bursts_ = 0, write_bursts_ = 0;
  size_t most_reads_ = 0;
};

}  // namespace sim

#endif  // FIREBRICK_SIM_SHELL_AXI_MEMORY_HPP_
