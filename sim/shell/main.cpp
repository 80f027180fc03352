// SPDX-License-Identifier: Apache-2.0
// Serves a verilated kernel: one command a line on stdin, one answer a line on stdout.
//
// clang-format off
//   write OFFSET VALUE       ok                  a register, both hexadecimal
//   read OFFSET              ok VALUE
//   run CYCLES MILLISECONDS  ok INTERRUPT CYCLE  until the interrupt is high, or one is over
//   step CYCLES              ok INTERRUPT CYCLE  exactly so many cycles
//   reset CYCLES             ok                  ap_rst_n low for so long
//   timing SEED CONTROL AR R AW W B READ_LATENCY WRITE_LATENCY READS WRITES     ok
//   fail READ WRITE          ok                  the n-th burst from now meets an error; 0: none
//   assertions 0|1           ok                  those of the hardware; the buses' rules stay
//   state                    ok CYCLE OUTSTANDING READ_BURSTS WRITE_BURSTS MOST_READS BUS_BYTES
// clang-format on
//
// Started as: firebrick_kernel MEMORY_FD BYTES BASE SEED. Memory is the file open at MEMORY_FD,
// mapped shared, so whoever passed it sees and changes the very bytes. SEED fills registers that no
// reset sets. Anything wrong ends the process, with a line on stderr.
#include <sys/mman.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include "kernel.hpp"

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t CYCLES_A_LOOK = 256;  // between looks at the wall clock

[[noreturn]] void refuse(const std::string& what) {
  std::fprintf(stderr, "%%Error: %s\n", what.c_str());
  std::exit(2);
}

void run(sim::Kernel& kernel, uint64_t cycles, uint64_t milliseconds) {
  const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
  for (uint64_t n = 0; n < cycles && !kernel.interrupt(); ++n) {
    if (n % CYCLES_A_LOOK == CYCLES_A_LOOK - 1 && Clock::now() >= end) break;
    kernel.tick();
  }
}

sim::Timing timing(std::istringstream& words) {
  sim::Timing x;
  words >> x.stall_ar >> x.stall_r >> x.stall_aw >> x.stall_w >> x.stall_b >> x.read_latency >>
      x.write_latency >> x.reads >> x.writes;
  if (x.reads == 0 || x.writes == 0) refuse("timing: READS and WRITES are at least 1");
  return x;
}

void serve(sim::Kernel& kernel, const std::string& line) {
  std::istringstream words(line);
  std::string command;
  uint64_t first = 0, second = 0;
  words >> command;
  std::ostringstream answer;
  answer << "ok";
  if (command == "write") {
    words >> std::hex >> first >> second;
    kernel.write(static_cast<uint32_t>(first), static_cast<uint32_t>(second));
  } else if (command == "read") {
    words >> std::hex >> first;
    answer << ' ' << std::hex << kernel.read(static_cast<uint32_t>(first));
  } else if (command == "run" || command == "step") {
    words >> first;
    if (command == "run") words >> second;
    if (command == "run") run(kernel, first, second);
    for (uint64_t n = 0; command == "step" && n < first; ++n) kernel.tick();
    answer << ' ' << kernel.interrupt() << ' ' << kernel.cycle();
  } else if (command == "reset") {
    words >> first;
    kernel.reset(static_cast<unsigned>(first));
  } else if (command == "timing") {
    unsigned control = 0;
    words >> first >> control;
    kernel.set_control_stall(control, first);
    kernel.memory.set_timing(timing(words), first);
  } else if (command == "fail") {
    words >> first >> second;
    kernel.memory.fail_read(first);
    kernel.memory.fail_write(second);
  } else if (command == "assertions") {
    words >> first;
    kernel.set_assertions(first != 0);
  } else if (command == "state") {
    const sim::AxiMemory& memory = kernel.memory;
    answer << ' ' << kernel.cycle() << ' ' << memory.outstanding() << ' ' << memory.read_bursts()
           << ' ' << memory.write_bursts() << ' ' << memory.most_reads() << ' ' << memory.width();
  } else {
    refuse("no such command: " + line);
  }
  if (words.fail()) refuse("wrong arguments: " + line);
  std::cout << answer.str() << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) refuse("usage: MEMORY_FD BYTES BASE SEED");
  const int fd = std::atoi(argv[1]);
  const uint64_t bytes = std::strtoull(argv[2], nullptr, 0);
  const uint64_t base = std::strtoull(argv[3], nullptr, 0);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) refuse("memory cannot be mapped");
  sim::Kernel kernel(static_cast<uint8_t*>(memory), bytes, base, std::atoi(argv[4]));
  std::string line;
  while (std::getline(std::cin, line)) serve(kernel, line);
  return 0;
}
