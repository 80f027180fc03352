// SPDX-License-Identifier: Apache-2.0
// `hls::stream` for C simulation as the hardware has it: a channel of a fixed depth. A write to a
// full channel waits, and so does a read from an empty one. Comes before the vendor's header of the
// same name on the include path.
//
// Each function runs in a thread of its own (`hls::processes`). When all threads wait, nothing can
// ever move again: the process then says which channels are waited for and ends with status 3.
#ifndef FIREBRICK_CSIM_HLS_STREAM_H_
#define FIREBRICK_CSIM_HLS_STREAM_H_

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace hls {

// What of a channel a report needs.
class channel {
 public:
  channel(std::string name, std::size_t depth) : name_(std::move(name)), depth_(depth) {}
  virtual ~channel() = default;
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;
  virtual std::size_t level() const = 0;
  const std::string& name() const { return name_; }
  std::size_t depth() const { return depth_; }

 private:
  std::string name_;
  std::size_t depth_;
};

// A thread that waits.
struct sleeper {
  bool asleep = true;
  std::condition_variable bell;
};

// Who waits for what. One lock guards it and every channel, so what it says is true at one time.
class watch {
 public:
  static watch& instance() {
    static watch one;
    return one;
  }

  std::mutex& lock() { return lock_; }

  // Says that a thread is going to wait for a channel to be written or read.
  void expect(sleeper& who, const channel& what, bool to_write) {
    waiting_.push_back({&who, &what, to_write});
  }

  // Waits until another thread wakes it. Called with the lock held.
  // Invariant: sleeping_ threads wait for channels that have not moved since they began to.
  void sleep(std::unique_lock<std::mutex>& held, sleeper& who) {
    ++sleeping_;
    check();
    who.bell.wait(held, [&] { return !who.asleep; });
  }

  void wake(sleeper* who) {
    if (who == nullptr || !who->asleep) return;
    who->asleep = false;
    --sleeping_;
    waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(),
                                  [&](const entry& one) { return one.who == who; }),
                   waiting_.end());
    who->bell.notify_one();
  }

  // Threads that count: the one that `main` runs in, and those of `processes`.
  void add(int count) {
    std::unique_lock<std::mutex> held(lock_);
    threads_ += count;
    check();
  }

 private:
  struct entry {
    const sleeper* who;
    const channel* what;
    bool to_write;
  };

  void check() const {
    if (waiting_.empty() || sleeping_ < threads_) return;
    std::fprintf(stderr, "deadlock: every process waits\n");
    for (const entry& one : waiting_) {
      std::fprintf(stderr, "deadlock: %s %s: level %zu of depth %zu\n",
                   one.to_write ? "write to full" : "read from empty", one.what->name().c_str(),
                   one.what->level(), one.what->depth());
    }
    std::fflush(stderr);
    _exit(3);
  }

  std::mutex lock_;
  std::vector<entry> waiting_;
  int sleeping_ = 0;
  int threads_ = 1;
};

template <typename T, int DEPTH = 0>
class stream;

// What functions see: a channel of any depth; 2 where none is declared, as in hardware.
template <typename T>
class stream<T, 0> : public channel {
 public:
  stream() : stream("unnamed") {}
  explicit stream(const char* name, std::size_t depth = 2) : channel(name, depth) {}

  T read() {
    std::unique_lock<std::mutex> held(watch::instance().lock());
    while (count_ == 0) await(held, false);
    return take();
  }
  void read(T& to) { to = read(); }
  bool read_nb(T& to) {
    std::unique_lock<std::mutex> held(watch::instance().lock());
    if (count_ == 0) return false;
    to = take();
    return true;
  }
  void write(const T& value) {
    if (observer_) observer_(value);
    std::unique_lock<std::mutex> held(watch::instance().lock());
    while (count_ >= depth()) await(held, true);
    put(value);
  }
  bool write_nb(const T& value) {
    std::unique_lock<std::mutex> held(watch::instance().lock());
    if (count_ >= depth()) return false;
    if (observer_) observer_(value);
    put(value);
    return true;
  }
  void operator>>(T& to) { to = read(); }
  void operator<<(const T& value) { write(value); }
  bool empty() const {
    std::unique_lock<std::mutex> held(watch::instance().lock());
    return count_ == 0;
  }
  bool full() const {
    std::unique_lock<std::mutex> held(watch::instance().lock());
    return count_ >= depth();
  }
  std::size_t size() const {
    std::unique_lock<std::mutex> held(watch::instance().lock());
    return count_;
  }
  std::size_t level() const override { return count_; }  // with the lock held

  // Shows every value to `observer`, in the writer's thread.
  void observe(std::function<void(const T&)> observer) { observer_ = std::move(observer); }

  // Waits until the one stream has a value or the other has room: who polls both, and has
  // nothing else to do, would burn a processor. Only one thread reads the one and writes the other.
  template <typename Out>
  friend void rest(stream& in, stream<Out, 0>& out) {
    std::unique_lock<std::mutex> held(watch::instance().lock());
    if (in.count_ != 0 || out.level() < out.depth()) return;
    sleeper who;
    in.expect(who, false);
    out.expect(who, true);
    watch::instance().sleep(held, who);
    in.forget(false);
    out.forget(true);
  }
  // Parts of it, with the lock held.
  void expect(sleeper& who, bool to_write) {
    (to_write ? writer_ : reader_) = &who;
    watch::instance().expect(who, *this, to_write);
  }
  void forget(bool to_write) { (to_write ? writer_ : reader_) = nullptr; }

 private:
  void await(std::unique_lock<std::mutex>& held, bool to_write) {
    sleeper who;
    expect(who, to_write);
    watch::instance().sleep(held, who);
    forget(to_write);
  }
  T take() {
    const T value = data_[head_];
    head_ = head_ + 1 == data_.size() ? 0 : head_ + 1;
    --count_;
    watch::instance().wake(writer_);
    return value;
  }
  void put(const T& value) {
    if (count_ == data_.size()) grow();
    data_[(head_ + count_) % data_.size()] = value;
    ++count_;
    watch::instance().wake(reader_);
  }

  // Room for twice as many values, but no more than the depth.
  void grow() {
    std::vector<T> wider(std::min(depth(), std::max<std::size_t>(2 * count_, 8)));
    for (std::size_t n = 0; n < count_; ++n) wider[n] = data_[(head_ + n) % data_.size()];
    data_.swap(wider);
    head_ = 0;
  }

  std::vector<T> data_;  // a ring: `count_` values from `head_` on
  std::size_t head_ = 0, count_ = 0;
  std::function<void(const T&)> observer_;
  sleeper *reader_ = nullptr, *writer_ = nullptr;
};

template <typename T, int DEPTH>
class stream : public stream<T, 0> {
 public:
  stream() : stream("unnamed") {}
  explicit stream(const char* name) : hls::stream<T, 0>(name, DEPTH) {}
};

// Threads that are started together: none counts as waiting before all of them are known.
class processes {
 public:
  void add(std::function<void()> body) { bodies_.push_back(std::move(body)); }

  // Runs them all to their end; the caller counts as none of them meanwhile.
  void run() {
    std::vector<std::thread> threads;
    watch& all = watch::instance();
    all.add(static_cast<int>(bodies_.size()));
    for (const auto& body : bodies_) {
      threads.emplace_back([&all, &body] {
        body();
        all.add(-1);
      });
    }
    all.add(-1);
    for (auto& thread : threads) thread.join();
    all.add(1);
    bodies_.clear();
  }

 private:
  std::vector<std::function<void()>> bodies_;
};

}  // namespace hls

#endif  // FIREBRICK_CSIM_HLS_STREAM_H_
