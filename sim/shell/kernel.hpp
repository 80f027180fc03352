// SPDX-License-Identifier: Apache-2.0
// The verilated kernel with its clock, its control bus and the memory it works on.
#ifndef FIREBRICK_SIM_SHELL_KERNEL_HPP_
#define FIREBRICK_SIM_SHELL_KERNEL_HPP_

#include <verilated.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "Vtop.h"
#include "axi_memory.hpp"
#include "random.hpp"

namespace sim {

/// Ports are copied byte by byte: their C++ types differ with their widths.
template <class Port>
void get(const Port& port, void* to) {
  std::memcpy(to, &port, sizeof port);
}

template <class Port>
void set(Port& port, const void* from) {
  std::memcpy(&port, from, sizeof port);
}

class Kernel {
 public:
  /// @param seed fills what no reset sets
  Kernel(uint8_t* memory, uint64_t bytes, uint64_t base, int seed)
      : context_(seed), memory(memory, bytes, base, sizeof(top_.m_axi_gmem_wdata)) {
    context_.assertOn(false);  // before the first reset nothing is promised
    top_.ap_clk = 0;
    top_.ap_rst_n = 0;
    drive();
    top_.eval();
    reset(POWER_ON_CYCLES);
    context_.assertOn(true);
  }

  ~Kernel() { top_.final(); }
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  void reset(unsigned cycles) {
    top_.ap_rst_n = 0;
    memory.reset();
    top_.s_axi_control_awvalid = top_.s_axi_control_wvalid = top_.s_axi_control_bready = 0;
    top_.s_axi_control_arvalid = top_.s_axi_control_rready = 0;
    for (unsigned n = 0; n < cycles; ++n) tick();
    top_.ap_rst_n = 1;
    tick();
  }

  /// One clock cycle.
  void tick() {
    const bool running = top_.ap_rst_n != 0;
    if (running) sample();
    context_.timeInc(1);
    top_.ap_clk = 1;
    top_.eval();
    if (running) memory.edge(manager_, cycle_);
    drive();
    context_.timeInc(1);
    top_.ap_clk = 0;
    top_.eval();
    ++cycle_;
    if (context_.gotFinish()) std::exit(1);
  }

  void set_assertions(bool on) { context_.assertOn(on); }

  // Verilator renames ports whose names some C++ compilers reserve.
  bool interrupt() const { return top_.__SYM__interrupt != 0; }
  uint64_t cycle() const { return cycle_; }

  /// Stalls of the control bus, like those of memory.
  void set_control_stall(unsigned of_256, uint64_t seed) {
    control_stall_ = of_256;
    random_ = Random(~seed);
  }

  void write(uint32_t offset, uint32_t value) {
    bool address = true, data = true, start_address = false, start_data = false, held = false;
    top_.s_axi_control_awaddr = static_cast<uint16_t>(offset);
    top_.s_axi_control_wdata = value;
    top_.s_axi_control_wstrb = 0xf;
    for (unsigned n = 0; n < PATIENCE; ++n) {
      start_address = start_address || !random_.hit(control_stall_);
      start_data = start_data || !random_.hit(control_stall_);
      top_.s_axi_control_awvalid = address && start_address;
      top_.s_axi_control_wvalid = data && start_data;
      top_.s_axi_control_bready = !random_.hit(control_stall_);
      top_.eval();  // ready may depend on valid
      const bool took_address = top_.s_axi_control_awvalid && top_.s_axi_control_awready;
      const bool took_data = top_.s_axi_control_wvalid && top_.s_axi_control_wready;
      const bool done = top_.s_axi_control_bvalid && top_.s_axi_control_bready;
      if (done && (address || data)) fail("a write is answered before it was taken", offset);
      if (held && !top_.s_axi_control_bvalid) fail("an answer to a write fell", offset);
      held = top_.s_axi_control_bvalid;
      const unsigned response = top_.s_axi_control_bresp;
      tick();
      address = address && !took_address;
      data = data && !took_data;
      if (done) {
        top_.s_axi_control_bready = 0;
        if (response != 0) fail("a write is answered with an error", offset);
        return;
      }
    }
    fail("no answer to a write", offset);
  }

  uint32_t read(uint32_t offset) {
    bool address = true, start = false, held = false;
    uint32_t value = 0;
    top_.s_axi_control_araddr = static_cast<uint16_t>(offset);
    for (unsigned n = 0; n < PATIENCE; ++n) {
      start = start || !random_.hit(control_stall_);
      top_.s_axi_control_arvalid = address && start;
      top_.s_axi_control_rready = !random_.hit(control_stall_);
      top_.eval();
      const bool took = top_.s_axi_control_arvalid && top_.s_axi_control_arready;
      const bool done = top_.s_axi_control_rvalid && top_.s_axi_control_rready;
      if (done && address) fail("a read is answered before it was taken", offset);
      if (held && !(top_.s_axi_control_rvalid && top_.s_axi_control_rdata == value))
        fail("an answer to a read fell or changed", offset);
      held = top_.s_axi_control_rvalid;
      value = top_.s_axi_control_rdata;
      const unsigned response = top_.s_axi_control_rresp;
      tick();
      address = address && !took;
      if (done) {
        top_.s_axi_control_rready = 0;
        if (response != 0) fail("a read is answered with an error", offset);
        return value;
      }
    }
    fail("no answer to a read", offset);
  }

 private:
  static constexpr unsigned POWER_ON_CYCLES = 16;
  static constexpr unsigned PATIENCE = 10000;  // cycles of one access to a register

  [[noreturn]] void fail(const char* what, uint32_t offset) const {
    std::fprintf(stderr, "%%Error: AXI4-Lite, cycle %llu: register 0x%x: %s\n",
                 static_cast<unsigned long long>(cycle_), offset, what);
    std::exit(1);
  }

  void sample() {
    manager_.read = {top_.m_axi_gmem_arvalid != 0, top_.m_axi_gmem_araddr,  top_.m_axi_gmem_arlen,
                     top_.m_axi_gmem_arsize,       top_.m_axi_gmem_arburst, top_.m_axi_gmem_arcache,
                     top_.m_axi_gmem_arprot};
    manager_.write = {top_.m_axi_gmem_awvalid != 0, top_.m_axi_gmem_awaddr,
                      top_.m_axi_gmem_awlen,        top_.m_axi_gmem_awsize,
                      top_.m_axi_gmem_awburst,      top_.m_axi_gmem_awcache,
                      top_.m_axi_gmem_awprot};
    manager_.data.valid = top_.m_axi_gmem_wvalid != 0;
    if (manager_.data.valid) {
      manager_.data.last = top_.m_axi_gmem_wlast != 0;
      manager_.data.strobes = 0;
      get(top_.m_axi_gmem_wstrb, &manager_.data.strobes);
      get(top_.m_axi_gmem_wdata, manager_.data.data.data());
    }
    manager_.read_ready = top_.m_axi_gmem_rready != 0;
    manager_.response_ready = top_.m_axi_gmem_bready != 0;
  }

  void drive() {
    const Subordinate& out = memory.out;
    top_.m_axi_gmem_arready = out.read_address_ready;
    top_.m_axi_gmem_awready = out.write_address_ready;
    top_.m_axi_gmem_wready = out.data_ready;
    top_.m_axi_gmem_rvalid = out.read_valid;
    top_.m_axi_gmem_rlast = out.read_last;
    top_.m_axi_gmem_rresp = static_cast<uint8_t>(out.read_response);
    set(top_.m_axi_gmem_rdata, out.read_data.data());
    top_.m_axi_gmem_bvalid = out.response_valid;
    top_.m_axi_gmem_bresp = static_cast<uint8_t>(out.response);
  }

  struct Context : VerilatedContext {
    explicit Context(int seed) {
      randReset(2);
      randSeed(seed);
    }
  };

  Context context_;
  Vtop top_{&context_, ""};
  Manager manager_{};
  Random random_{1};
  unsigned control_stall_ = 0;
  uint64_t cycle_ = 0;

 public:
  AxiMemory memory;
};

}  // namespace sim

#endif  // FIREBRICK_SIM_SHELL_KERNEL_HPP_
