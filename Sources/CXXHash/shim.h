#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <xxhash.h>

// CRC-32C by the processor's own instruction. Swift cannot turn on an instruction set for one
// function, which is why these two are here; callers ask `cxxhash_has_crc32c` first.
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

#else

static inline int cxxhash_has_crc32c(void) { return 0; }

static inline uint32_t cxxhash_crc32c(
    uint32_t state, const uint8_t *_Nonnull bytes, size_t count) {
  return state;
}

#endif
