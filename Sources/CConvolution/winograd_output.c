#include "epilogue.h"

#if defined(__x86_64__)

/// Transforms the sums at the points of an axis, `step` apart, to the tile's voxels: the first
/// values afterwards.
INLINE void voxels_from_points(int tile, __m512 *m, int step) {
  if (tile == 1) return;
  if (tile == 2) {
    __m512 m0 = m[0], m1 = m[step], m2 = m[2 * step], m3 = m[3 * step];
    m[0] = m0 + (m1 + m2);
    m[step] = (m1 - m2) - m3;
    return;
  }
  const __m512 a = _mm512_set1_ps(POINT_A), b = _mm512_set1_ps(POINT_B);
  const __m512 a2 = _mm512_set1_ps(POINT_A * POINT_A), b2 = _mm512_set1_ps(POINT_B * POINT_B);
  const __m512 a3 = _mm512_set1_ps(POINT_A * POINT_A * POINT_A);
  const __m512 b3 = _mm512_set1_ps(POINT_B * POINT_B * POINT_B);
  __m512 even_a = m[step] + m[2 * step], odd_a = m[step] - m[2 * step];
  __m512 even_b = m[3 * step] + m[4 * step], odd_b = m[3 * step] - m[4 * step];
  m[0] = m[0] + (even_a + even_b);
  m[step] = _mm512_fmadd_ps(a, odd_a, b * odd_b);
  m[2 * step] = _mm512_fmadd_ps(a2, even_a, b2 * even_b);
  m[3 * step] = _mm512_fmadd_ps(a3, odd_a, _mm512_fmadd_ps(b3, odd_b, m[5 * step]));
}

/// A tile and where it is: its first voxel and how many of its voxels are in the output.
struct place {
  int64_t offset;           // floats from the start of the output
  int64_t next_z, next_y, next_x;  // floats from voxel to voxel
  int32_t depth, height, width;
};

/// Transforms the sums of one tile for one block of output channels and stores its voxels.
INLINE void finish_tile(
    int tile_z, int kernel_z, int tile_y, int tile_x, const struct cconv_arguments *arguments,
    const struct place *place, __m512 bias, __mmask16 lanes, const float *m, int64_t stride) {
  const int points_z = tile_z + kernel_z - 1, points_y = tile_y + 2, points_x = tile_x + 2;
  __m512 rows[4 * 4 * 6];  // (z, y) of voxels, x of points
  UNROLL for (int x = 0; x < points_x; x++) {
    __m512 plane[6 * 6];
    UNROLL for (int z = 0; z < points_z; z++) {
      UNROLL for (int y = 0; y < points_y; y++) {
        plane[z * points_y + y] =
            _mm512_load_ps(m + ((z * points_y + y) * points_x + x) * stride);
      }
    }
    UNROLL for (int y = 0; y < points_y; y++) voxels_from_points(tile_z, plane + y, points_y);
    UNROLL for (int z = 0; z < tile_z; z++) {
      voxels_from_points(tile_y, plane + z * points_y, 1);
      UNROLL for (int y = 0; y < tile_y; y++) {
        rows[(z * tile_y + y) * points_x + x] = plane[z * points_y + y];
      }
    }
  }
  UNROLL for (int z = 0; z < tile_z; z++) {
    UNROLL for (int y = 0; y < tile_y; y++) {
      __m512 *row = rows + (z * tile_y + y) * points_x;
      voxels_from_points(tile_x, row, 1);
      if (z >= place->depth || y >= place->height) continue;
      int64_t offset = place->offset + z * place->next_z + y * place->next_y;
      UNROLL for (int x = 0; x < tile_x; x++) {
        if (x < place->width) {
          finish(arguments, row[x], bias, lanes, offset + x * place->next_x);
        }
      }
    }
  }
}

typedef void (*tile_finish)(
    const struct cconv_arguments *arguments, const struct place *place, __m512 bias,
    __mmask16 lanes, const float *m, int64_t stride);

#define TILE_FINISH(Z, KERNEL, Y, X)                                                          \
  AVX512 static void finish_tile_##Z##Y##X(                                                   \
      const struct cconv_arguments *arguments, const struct place *place, __m512 bias,        \
      __mmask16 lanes, const float *m, int64_t stride) {                                      \
    finish_tile(Z, KERNEL, Y, X, arguments, place, bias, lanes, m, stride);                   \
  }

TILE_FINISH(1, 1, 2, 2)
TILE_FINISH(1, 1, 2, 4)
TILE_FINISH(1, 1, 4, 4)
TILE_FINISH(2, 3, 2, 2)
TILE_FINISH(2, 3, 2, 4)
TILE_FINISH(2, 3, 4, 4)
TILE_FINISH(4, 3, 4, 4)

static tile_finish tile_finish_of(const struct cconv_shape *shape) {
  switch (shape->tile_z * 100 + shape->tile_y * 10 + shape->tile_x) {
    case 122: return finish_tile_122;
    case 124: return finish_tile_124;
    case 144: return finish_tile_144;
    case 222: return finish_tile_222;
    case 224: return finish_tile_224;
    case 244: return finish_tile_244;
    default: return finish_tile_444;
  }
}

static int32_t smaller(int64_t left, int32_t right) {
  return left < right ? (int32_t)left : right;
}

/// Asks for the lines of the tile right of a place, to write them soon.
static void prefetch_next(
    const struct cconv_shape *shape, const struct cconv_arguments *arguments,
    const struct place *place, int64_t offset) {
  const int64_t floats_of_line = 16;
  int64_t row = shape->tile_x * place->next_x;
  for (int32_t z = 0; z < place->depth; z++) {
    for (int32_t y = 0; y < place->height; y++) {
      int64_t first = offset + row + z * place->next_z + y * place->next_y;
      for (int64_t line = 0; line < row; line += floats_of_line) {
        __builtin_prefetch(arguments->output + first + line, 1);
      }
    }
  }
}

AVX512 void winograd_output(
    const struct cconv_shape *shape, const struct winograd_plan *plan,
    const struct cconv_arguments *arguments, struct tile_range range, const float *products_out) {
  tile_finish finish_one = tile_finish_of(shape);
  int64_t channels = shape->output_channels;
  for (int64_t index = 0; index < range.count; index++) {
    int64_t tile = range.first + index, row = tile / plan->tiles_x;
    int64_t x = tile % plan->tiles_x * shape->tile_x;
    int64_t y = row % plan->tiles_y * shape->tile_y;
    int64_t z = row / plan->tiles_y * shape->tile_z;
    struct place place = {
        .next_z = shape->output_height * shape->output_width * channels,
        .next_y = shape->output_width * channels,
        .next_x = channels,
        .depth = smaller(shape->output_depth - z, shape->tile_z),
        .height = smaller(shape->output_height - y, shape->tile_y),
        .width = smaller(shape->output_width - x, shape->tile_x),
    };
    prefetch_next(
        shape, arguments, &place, z * place.next_z + y * place.next_y + x * place.next_x);
    for (int32_t block = 0; block < plan->output_blocks; block++) {
      __mmask16 lanes = lanes_of(channels - block * LANES);
      place.offset =
          z * place.next_z + y * place.next_y + x * place.next_x + block * LANES;
      __m512 bias = _mm512_setzero_ps();
      if (arguments->bias) bias = _mm512_maskz_loadu_ps(lanes, arguments->bias + block * LANES);
      const float *m =
          products_out + (block * plan->tiles_at_a_time + index) * LANES;
      finish_one(arguments, &place, bias, lanes, m, plan->output_stride);
    }
  }
}

#endif
