#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <xxhash.h>

// CRC-32C by the processor's own instruction. Swift cannot turn on an instruction set for one
// function, which is why these are here; callers ask `cxxhash_has_crc32c` first.
#if defined(__x86_64__)

static inline int cxxhash_has_crc32c(void) { return __builtin_cpu_supports("sse4.2"); }

/// Continues the inner (not inverted) CRC-32C state over bytes.
__attribute__((target("sse4.2"))) static inline uint32_t cxxhash_crc32c(
    uint32_t state, const uint8_t *_Nonnull bytes, size_t count) {
  uint64_t crc = state;
  while (count >= 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    crc = __builtin_ia32_crc32di(crc, word);
    bytes += 8;
    count -= 8;
  }
  uint32_t result = (uint32_t)crc;
  while (count-- > 0) result = __builtin_ia32_crc32qi(result, *bytes++);
  return result;
}

/// Continues three inner states, each over `count` bytes that follow those of the one before; `count`
/// is a multiple of eight. The instruction takes three cycles and can start in each of them.
__attribute__((target("sse4.2"))) static inline void cxxhash_crc32c_three(
    uint32_t states[_Nonnull 3], const uint8_t *_Nonnull bytes, size_t count) {
  uint64_t first = states[0], second = states[1], third = states[2];
  for (size_t index = 0; index < count; index += 8) {
    uint64_t words[3];
    memcpy(&words[0], bytes + index, 8);
    memcpy(&words[1], bytes + count + index, 8);
    memcpy(&words[2], bytes + 2 * count + index, 8);
    first = __builtin_ia32_crc32di(first, words[0]);
    second = __builtin_ia32_crc32di(second, words[1]);
    third = __builtin_ia32_crc32di(third, words[2]);
  }
  states[0] = (uint32_t)first;
  states[1] = (uint32_t)second;
  states[2] = (uint32_t)third;
}

#else

static inline int cxxhash_has_crc32c(void) { return 0; }

static inline uint32_t cxxhash_crc32c(
    uint32_t state, const uint8_t *_Nonnull bytes, size_t count) {
  return state;
}

static inline void cxxhash_crc32c_three(
    uint32_t states[_Nonnull 3], const uint8_t *_Nonnull bytes, size_t count) {}

#endif
