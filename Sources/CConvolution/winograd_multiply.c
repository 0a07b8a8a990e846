#include "winograd.h"

#if defined(__x86_64__)

// A register block: the products of some tiles with some blocks of output channels, summed over all
// input channels. 24 registers of sums hide the latency of multiply-add; 4 and 1 more hold weights
// and a value.
INLINE void multiply_block(
    int tiles, int vectors, const struct cconv_shape *shape, const struct winograd_plan *plan,
    const float *v, const float *u, float *m) {
  __m512 sums[24];
  UNROLL for (int i = 0; i < tiles * vectors; i++) sums[i] = _mm512_setzero_ps();
  for (int32_t part = 0; part < shape->parts; part++) {
    for (int32_t left = shape->part_channels[part]; left > 0; left -= LANES) {
      int32_t channels = left < LANES ? left : LANES;
      for (int32_t channel = 0; channel < channels; channel++) {
        __m512 weights[4];
        UNROLL for (int i = 0; i < vectors; i++) weights[i] = _mm512_load_ps(u + i * LANES);
        UNROLL for (int tile = 0; tile < tiles; tile++) {
          __m512 value = _mm512_set1_ps(v[tile * LANES + channel]);
          UNROLL for (int i = 0; i < vectors; i++) {
            __m512 *sum = sums + tile * vectors + i;
            *sum = _mm512_fmadd_ps(value, weights[i], *sum);
          }
        }
        u += vectors * LANES;
      }
      v += plan->tiles_at_a_time * LANES;
    }
  }
  UNROLL for (int i = 0; i < vectors; i++) {
    UNROLL for (int tile = 0; tile < tiles; tile++) {
      _mm512_store_ps(
          m + (i * plan->tiles_at_a_time + tile) * LANES, sums[tile * vectors + i]);
    }
  }
}

#define MULTIPLY(TILES, VECTORS)                                                             \
  AVX512 static void multiply_##VECTORS(                                                     \
      const struct cconv_shape *shape, const struct winograd_plan *plan, const float *v,     \
      const float *u, int64_t count, float *m) {                                             \
    for (int64_t tile = 0; tile < count; tile += TILES) {                                    \
      multiply_block(TILES, VECTORS, shape, plan, v + tile * LANES, u, m + tile * LANES);    \
    }                                                                                        \
  }

MULTIPLY(24, 1)
MULTIPLY(12, 2)
MULTIPLY(8, 3)

void winograd_multiply(
    const struct cconv_shape *shape, const struct winograd_plan *plan, const float *products_in,
    const float *transformed, int64_t count, float *products_out) {
  for (int32_t point = 0; point < plan->points; point++) {
    const float *v = products_in + point * plan->input_stride;
    float *m = products_out + point * plan->output_stride;
    for (int32_t block = 0; block < plan->output_blocks;) {
      int32_t blocks = winograd_group(block, plan->output_blocks);
      const float *u =
          transformed + point * plan->weight_stride + block * plan->input_channels * LANES;
      float *to = m + block * plan->tiles_at_a_time * LANES;
      switch (blocks) {
        case 1: multiply_1(shape, plan, v, u, count, to); break;
        case 2: multiply_2(shape, plan, v, u, count, to); break;
        default: multiply_3(shape, plan, v, u, count, to); break;
      }
      block += blocks;
    }
  }
}

#endif
