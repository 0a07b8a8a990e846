#include "CConvolution.h"

#if defined(__x86_64__)

#include <cpuid.h>

// The state components that the system saves: bit 1 sse, 2 avx, 5 to 7 avx512.
static uint64_t saved_state(void) {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

uint32_t cconv_features(void) {
  const uint32_t osxsave = 1u << 27, fma = 1u << 12;
  const uint32_t avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;  // f, dq, bw, vl
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & (osxsave | fma)) != (osxsave | fma)) return 0;
  if ((saved_state() & 0xe6) != 0xe6) return 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  return (b & avx512) == avx512 ? CCONV_AVX512 : 0;
}

#else

uint32_t cconv_features(void) { return 0; }

#endif
