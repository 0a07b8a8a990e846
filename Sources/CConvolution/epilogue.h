#pragma once

#include "winograd.h"

#if defined(__x86_64__)

// What is done to sums of products before they are stored.

/// eˣ for x of at most 0, to 2 units in the last place: 2ⁿ · p(r), where x = n · ln 2 + r.
INLINE __m512 exponential(__m512 x) {
  x = _mm512_max_ps(x, _mm512_set1_ps(-87.0f));
  __m512 n = _mm512_roundscale_ps(x * _mm512_set1_ps(1.44269504f), 0);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), r);
  __m512 p = _mm512_set1_ps(1.0f / 720);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 120));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 24));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 6));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.5f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  return _mm512_scalef_ps(p, n);
}

/// Adds bias and residual, applies the activation and stores the lanes at an offset of the output.
INLINE void finish(
    const struct cconv_arguments *arguments, __m512 sum, __m512 bias, __mmask16 lanes,
    int64_t offset) {
  const __m512 zero = _mm512_setzero_ps();
  sum += bias;
  if (arguments->residual) sum += _mm512_maskz_loadu_ps(lanes, arguments->residual + offset);
  if (arguments->activation != CCONV_IDENTITY) {
    __mmask16 below = _mm512_cmp_ps_mask(sum, zero, _CMP_LT_OQ);
    const __m512 slope = _mm512_set1_ps(arguments->slope);
    if (arguments->activation == CCONV_RELU) {
      sum = _mm512_mask_mul_ps(sum, below, sum, slope);
    } else if (below) {
      sum = _mm512_mask_mul_ps(sum, below, exponential(sum) - _mm512_set1_ps(1.0f), slope);
    }
  }
  _mm512_mask_storeu_ps(arguments->output + offset, lanes, sum);
}

#endif
