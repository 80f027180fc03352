// SPDX-License-Identifier: Apache-2.0
// Numbers of the tables in generated headers: `stored<6>` is an `ap_uint<6>`.
//
// Simulated, it is the smallest native integer that holds it: `ap_uint` has no constexpr
// constructor, so g++ would run one for each of a million weights (50,000 take it 22 s to compile,
// 1,200,000 native ones 1.3 s). Each table carries the number of its bits in its type either way.
#ifndef FIREBRICK_STORED_HPP_
#define FIREBRICK_STORED_HPP_

#include <cstdint>
#include <type_traits>

#include "firebrick/beat.hpp"

namespace firebrick {

#ifdef __SYNTHESIS__
constexpr bool SYNTHESIS = true;
template <int BITS>
using stored = ap_uint<BITS>;
template <int BITS>
using stored_signed = ap_int<BITS>;
#else
constexpr bool SYNTHESIS = false;
// One of four types by its size.
template <int BITS, class A, class B, class C, class D>
using fitting =
    std::conditional_t<(BITS <= 8), A,
                       std::conditional_t<(BITS <= 16), B, std::conditional_t<(BITS <= 32), C, D>>>;
template <int BITS>
using stored = fitting<BITS, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>;
template <int BITS>
using stored_signed = fitting<BITS, std::int8_t, std::int16_t, std::int32_t, std::int64_t>;
#endif

}  // namespace firebrick

#endif  // FIREBRICK_STORED_HPP_
