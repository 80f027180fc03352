// SPDX-License-Identifier: Apache-2.0
// A memory with one write and one read port, made of what the plan says.
#ifndef FIREBRICK_MEMORY_HPP_
#define FIREBRICK_MEMORY_HPP_

namespace firebrick {

// What a memory is made of; the numbers are those of the fields *_KIND of a function's Cfg.
enum memory_kind { LUT_MEMORY = 0, BLOCK_MEMORY = 1, ULTRA_MEMORY = 2 };

// DEPTH words; contents at start are undefined.
//
// DISTANCE: iterations of the loop that at least lie between the write of a word and its next read;
// the scheduler need not wait within them, and has to beyond.
template <class Word, int DEPTH, int KIND, int DISTANCE>
struct memory {
  static_assert(DEPTH >= 1, "memory: DEPTH must be at least 1");
  static_assert(KIND >= LUT_MEMORY && KIND <= ULTRA_MEMORY, "memory: KIND is not 0, 1 or 2");
  static_assert(DISTANCE >= 1, "memory: DISTANCE must be at least 1");
  Word words[DEPTH];

  // A pragma takes no computed names, hence one branch for each kind; all but one vanish.
  memory() {
#pragma HLS INLINE
#pragma HLS DEPENDENCE variable = words type = inter direction = RAW distance = DISTANCE true
    switch (KIND) {
      case LUT_MEMORY:
#pragma HLS BIND_STORAGE variable = words type = ram_s2p impl = lutram
        break;
      case BLOCK_MEMORY:
#pragma HLS BIND_STORAGE variable = words type = ram_s2p impl = bram
        break;
      default:
#pragma HLS BIND_STORAGE variable = words type = ram_s2p impl = uram
        break;
    }
  }
};

}  // namespace firebrick

#endif  // FIREBRICK_MEMORY_HPP_
