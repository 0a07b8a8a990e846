#pragma once

#include "CConvolution.h"

// Winograd's minimal filtering (Lavin and Gray, "Fast algorithms for convolutional neural networks",
// 2016) in three axes. A tile of m voxels along an axis, under 3 taps, is computed at m + 2 points:
//
//   values of the tile and its rim ─ input transform ─► V[point][tile][input channel]
//   kernels ─ weight transform ─► U[point][input channel][output channel]
//   M[point] = V[point] · U[point]
//   M ─ output transform, bias, residual, activation ─► the tile's voxels
//
// Some dozen tiles are worked on at a time, so that their V and M stay in the second-level cache.
//
// Working layouts, channels in blocks of 16 floats (one register):
//   V[point][input block][tile][16], blocks not shared between parts of a concatenation
//   U[point][group of output blocks][input channel][16 · blocks of the group]
//   M[point][output block][tile][16]

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#define INLINE static inline __attribute__((always_inline)) AVX512
#define UNROLL _Pragma("clang loop unroll(full)")

enum { LANES = 16 };

/// The numbers of tiles and points of a convolution, and the strides of its working layouts.
struct winograd_plan {
  int64_t tiles_z, tiles_y, tiles_x, tiles;
  int32_t points_z, points_y, points_x, points;
  int32_t input_blocks, output_blocks;
  int64_t input_channels;
  int64_t tiles_at_a_time;
  // Floats from point to point of V, M, U and the gradient of U.
  int64_t input_stride, output_stride, weight_stride, gradient_stride;
};

/// The plan of a convolution; depends on nothing but its shape.
struct winograd_plan winograd_plan_of(const struct cconv_shape *shape);

/// The blocks of output channels whose products are computed together, from the first one on.
static inline int32_t winograd_group(int32_t first, int32_t blocks) {
  int32_t left = blocks - first;
  return left >= 3 && left % 2 == 1 ? 3 : left < 2 ? left : 2;
}

/// The lanes of a block that hold channels.
static inline uint16_t lanes_of(int64_t channels) {
  return channels >= LANES ? 0xffff : (uint16_t)((1u << channels) - 1);
}

/// Consecutive tiles, counted x fastest.
struct tile_range {
  int64_t first, count;
};

/// Writes V of a range of tiles.
void winograd_input(
    const struct cconv_shape *shape, const struct winograd_plan *plan,
    const float *const *inputs, struct tile_range range, float *products_in);

/// Multiplies: M from V and U, for `count` tiles, rounded up to whole register blocks.
void winograd_multiply(
    const struct cconv_shape *shape, const struct winograd_plan *plan, const float *products_in,
    const float *transformed, int64_t count, float *products_out);

/// Writes the voxels of a range of tiles from M.
void winograd_output(
    const struct cconv_shape *shape, const struct winograd_plan *plan,
    const struct cconv_arguments *arguments, struct tile_range range, const float *products_out);

enum { MOST_POINTS = 6 };

/// The weight transform: the factor of each tap at each point of an axis.
struct winograd_axes {
  int points_z, points_y, points_x;
  double z[MOST_POINTS][3], y[MOST_POINTS][3], x[MOST_POINTS][3];
};

struct winograd_axes winograd_axes_of(const struct cconv_shape *shape);

/// A number in double precision for each lane of a register of floats.
typedef double double_lanes __attribute__((vector_size(LANES * sizeof(double))));

/// The adjoint of the weight transform, for a block of output channels.
void winograd_taps_from_points(
    const struct winograd_axes *axes, int kernel_z, const double_lanes *points,
    double_lanes *taps);

// The points of tiles of 2 are 0, ±1 and ∞, those of tiles of 4 are 0, ±a, ±b and ∞. A point of a
// tile of 4 is chosen for the least rounding error.
#define POINT_A 0.70710678118654752
#define POINT_B 1.41421356237309505

#endif
