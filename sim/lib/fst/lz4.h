// SPDX-License-Identifier: Apache-2.0
// The two functions of liblz4 that Verilator's FST writer calls, so that waveforms need no library
// beyond the compiler. Greedy compression to the LZ4 block format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace firebrick {

constexpr size_t MIN_MATCH = 4;
constexpr size_t LAST_LITERALS = 5;  // a block ends in at least as many literals
constexpr size_t MATCH_LIMIT = 12;   // no match starts closer to the end
constexpr size_t MAX_OFFSET = 65535;
constexpr unsigned HASH_BITS = 12;

inline uint32_t word_at(const uint8_t* p) {
  uint32_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

inline uint8_t* put_length(uint8_t* out, size_t length) {
  if (length < 15) return out;  // the token holds it
  for (length -= 15; length >= 255; length -= 255) *out++ = 255;
  *out++ = static_cast<uint8_t>(length);
  return out;
}

// Literals, then a match of `length` bytes that lie `offset` bytes back; none if length is 0.
inline uint8_t* put_sequence(uint8_t* out, const uint8_t* literals, size_t count, size_t offset,
                             size_t length) {
  const size_t extra = length == 0 ? 0 : length - MIN_MATCH;
  *out++ = static_cast<uint8_t>((count < 15 ? count : 15) << 4 | (extra < 15 ? extra : 15));
  out = put_length(out, count);
  if (count != 0) std::memcpy(out, literals, count);
  out += count;
  if (length == 0) return out;
  *out++ = static_cast<uint8_t>(offset);
  *out++ = static_cast<uint8_t>(offset >> 8);
  return put_length(out, extra);
}

}  // namespace firebrick

inline int LZ4_compressBound(int size) { return size + size / 255 + 16; }

inline int LZ4_compress_default(const char* source, char* target, int size, int capacity) {
  using namespace firebrick;
  if (size < 0 || capacity < LZ4_compressBound(size)) return 0;
  const auto* in = reinterpret_cast<const uint8_t*>(source);
  auto* out = reinterpret_cast<uint8_t*>(target);
  const auto total = static_cast<size_t>(size);
  std::vector<size_t> latest(size_t{1} << HASH_BITS, 0);  // 1 + where a hash was seen last
  size_t done = 0;  // bytes before it are written
  for (size_t at = 0; at + MATCH_LIMIT <= total;) {
    const uint32_t word = word_at(in + at);
    size_t& slot = latest[word * 2654435761U >> (32 - HASH_BITS)];
    const size_t from = slot - 1;
    const bool seen = slot != 0 && at - from <= MAX_OFFSET && word_at(in + from) == word;
    slot = at + 1;
    if (!seen) {
      ++at;
      continue;
    }
    size_t end = at + MIN_MATCH;
    while (end + LAST_LITERALS < total && in[end] == in[from + (end - at)]) ++end;
    out = put_sequence(out, in + done, at - done, at - from, end - at);
    at = done = end;
  }
  out = put_sequence(out, in + done, total - done, 0, 0);
  return static_cast<int>(out - reinterpret_cast<uint8_t*>(target));
}
