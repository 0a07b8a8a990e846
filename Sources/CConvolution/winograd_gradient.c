#include "winograd.h"

#if defined(__x86_64__)

#include <string.h>

#include "parallel.h"

// The gradient with respect to the kernels: the adjoint of what winograd.c computes, so with as few
// multiplications.
//
//   V[point][tile][input channel] as ever
//   gradient of a tile's voxels ─ adjoint of the output transform ─► D[point][tile][output channel]
//   gradient of U[point] = Σ over tiles of V[point]ᵀ · D[point]
//   gradient of U ─ adjoint of the weight transform ─► gradient of the kernels
//
// Tiles are summed in shares whose number depends on the shape alone, and the shares are added up in
// order: the result does not depend on the number of threads.
//
// A share: U[point][input block][16][output block][16], then the bias.

enum { MOST_SHARES = 16, BLOCKS_OF_SHARE = 8, MOST_COLUMN_POINTS = 36 };

struct gradient_plan {
  struct winograd_plan tiles;
  int64_t blocks, shares;
  int64_t share_floats;   // of one share
  int64_t thread_floats;  // V and D
};

static struct gradient_plan gradient_plan_of(const struct cconv_shape *shape) {
  struct gradient_plan plan = {.tiles = winograd_plan_of(shape)};
  const struct winograd_plan *tiles = &plan.tiles;
  plan.blocks = (tiles->tiles + tiles->tiles_at_a_time - 1) / tiles->tiles_at_a_time;
  plan.shares = plan.blocks / BLOCKS_OF_SHARE;
  if (plan.shares < 2) plan.shares = plan.blocks < 2 ? 1 : 2;
  if (plan.shares > MOST_SHARES) plan.shares = MOST_SHARES;
  plan.share_floats =
      tiles->points * tiles->gradient_stride + tiles->output_blocks * LANES;
  plan.thread_floats = tiles->points * (tiles->input_stride + tiles->output_stride);
  return plan;
}

int64_t cconv_gradient_scratch_floats(const struct cconv_shape *shape, int32_t threads) {
  struct gradient_plan plan = gradient_plan_of(shape);
  return plan.shares * plan.share_floats + threads * plan.thread_floats;
}

/// The adjoint of the output transform along an axis: from a tile's voxels, `step` apart, to the
/// points, in place.
INLINE void points_from_voxels(int tile, __m512 *d, int step) {
  if (tile == 1) return;
  if (tile == 2) {
    __m512 d0 = d[0], d1 = d[step];
    d[step] = d0 + d1;
    d[2 * step] = d0 - d1;
    d[3 * step] = _mm512_setzero_ps() - d1;
    return;
  }
  const __m512 a = _mm512_set1_ps(POINT_A), b = _mm512_set1_ps(POINT_B);
  const __m512 a2 = _mm512_set1_ps(POINT_A * POINT_A), b2 = _mm512_set1_ps(POINT_B * POINT_B);
  const __m512 a3 = _mm512_set1_ps(POINT_A * POINT_A * POINT_A);
  const __m512 b3 = _mm512_set1_ps(POINT_B * POINT_B * POINT_B);
  __m512 d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step];
  __m512 even_a = _mm512_fmadd_ps(a2, d2, d0), odd_a = _mm512_fmadd_ps(a3, d3, a * d1);
  __m512 even_b = _mm512_fmadd_ps(b2, d2, d0), odd_b = _mm512_fmadd_ps(b3, d3, b * d1);
  d[step] = even_a + odd_a;
  d[2 * step] = even_a - odd_a;
  d[3 * step] = even_b + odd_b;
  d[4 * step] = even_b - odd_b;
  d[5 * step] = d3;
}

/// A tile of the output's gradient.
struct gradient_tile {
  const float *values;  // its first voxel
  int64_t next_z, next_y, next_x;
  int64_t depth, height, width;  // voxels that are in the output
  __mmask16 lanes;
};

/// Transforms one tile for one block of channels; gives the sum of its voxels.
INLINE __m512 transform_tile(
    int tile_z, int kernel_z, int tile_y, int tile_x, const struct gradient_tile *tile,
    float *out, int64_t stride) {
  const int points_z = tile_z + kernel_z - 1, points_y = tile_y + 2, points_x = tile_x + 2;
  __m512 sum = _mm512_setzero_ps();
  float columns[4 * MOST_COLUMN_POINTS * LANES] __attribute__((aligned(64)));
  UNROLL for (int x = 0; x < tile_x; x++) {
    __m512 d[MOST_COLUMN_POINTS];
    UNROLL for (int z = 0; z < tile_z; z++) {
      UNROLL for (int y = 0; y < tile_y; y++) {
        __m512 value = _mm512_setzero_ps();
        if (z < tile->depth && y < tile->height && x < tile->width) {
          value = _mm512_maskz_loadu_ps(
              tile->lanes,
              tile->values + z * tile->next_z + y * tile->next_y + x * tile->next_x);
        }
        sum += value;
        d[z * points_y + y] = value;
      }
      points_from_voxels(tile_y, d + z * points_y, 1);
    }
    UNROLL for (int y = 0; y < points_y; y++) points_from_voxels(tile_z, d + y, points_y);
    UNROLL for (int point = 0; point < points_z * points_y; point++) {
      _mm512_store_ps(columns + (x * points_z * points_y + point) * LANES, d[point]);
    }
  }
  for (int point = 0; point < points_z * points_y; point++) {
    __m512 d[6];
    UNROLL for (int x = 0; x < tile_x; x++) {
      d[x] = _mm512_load_ps(columns + (x * points_z * points_y + point) * LANES);
    }
    points_from_voxels(tile_x, d, 1);
    UNROLL for (int x = 0; x < points_x; x++) _mm512_store_ps(out + x * stride, d[x]);
    out += points_x * stride;
  }
  return sum;
}

typedef __m512 (*tile_transform)(const struct gradient_tile *tile, float *out, int64_t stride);

#define TILE_TRANSFORM(Z, KERNEL, Y, X)                                             \
  AVX512 static __m512 transform_tile_##Z##Y##X(                                    \
      const struct gradient_tile *tile, float *out, int64_t stride) {               \
    return transform_tile(Z, KERNEL, Y, X, tile, out, stride);                      \
  }

TILE_TRANSFORM(1, 1, 2, 2)
TILE_TRANSFORM(1, 1, 2, 4)
TILE_TRANSFORM(1, 1, 4, 4)
TILE_TRANSFORM(2, 3, 2, 2)
TILE_TRANSFORM(2, 3, 2, 4)
TILE_TRANSFORM(2, 3, 4, 4)
TILE_TRANSFORM(4, 3, 4, 4)

static tile_transform tile_transform_of(const struct cconv_shape *shape) {
  switch (shape->tile_z * 100 + shape->tile_y * 10 + shape->tile_x) {
    case 122: return transform_tile_122;
    case 124: return transform_tile_124;
    case 144: return transform_tile_144;
    case 222: return transform_tile_222;
    case 224: return transform_tile_224;
    case 244: return transform_tile_244;
    default: return transform_tile_444;
  }
}

/// Writes D of a range of tiles, and adds their voxels to the bias's gradient.
AVX512 static void transform_gradient(
    const struct cconv_shape *shape, const struct winograd_plan *plan, const float *gradient,
    struct tile_range range, float *out, float *bias) {
  tile_transform transform = tile_transform_of(shape);
  int64_t channels = shape->output_channels;
  struct gradient_tile tile = {
      .next_z = shape->output_height * shape->output_width * channels,
      .next_y = shape->output_width * channels,
      .next_x = channels,
  };
  for (int64_t index = 0; index < range.count; index++) {
    int64_t row = (range.first + index) / plan->tiles_x;
    int64_t x = (range.first + index) % plan->tiles_x * shape->tile_x;
    int64_t y = row % plan->tiles_y * shape->tile_y;
    int64_t z = row / plan->tiles_y * shape->tile_z;
    tile.depth = shape->output_depth - z;
    tile.height = shape->output_height - y;
    tile.width = shape->output_width - x;
    const float *first = gradient + z * tile.next_z + y * tile.next_y + x * tile.next_x;
    for (int32_t block = 0; block < plan->output_blocks; block++) {
      tile.values = first + block * LANES;
      tile.lanes = lanes_of(channels - block * LANES);
      __m512 sum = transform(
          &tile, out + (block * plan->tiles_at_a_time + index) * LANES, plan->output_stride);
      _mm512_store_ps(bias + block * LANES, _mm512_load_ps(bias + block * LANES) + sum);
    }
  }
}

/// Adds, for some input channels and blocks of output channels, the products summed over tiles.
INLINE void sum_products(
    int channels, int vectors, int64_t count, const float *v, const float *d, int64_t d_stride,
    float *sums, int64_t sum_stride) {
  __m512 s[24];
  UNROLL for (int i = 0; i < channels; i++) {
    UNROLL for (int j = 0; j < vectors; j++) {
      s[i * vectors + j] = _mm512_load_ps(sums + i * sum_stride + j * LANES);
    }
  }
  for (int64_t tile = 0; tile < count; tile++, v += LANES, d += LANES) {
    __m512 gradients[3];
    UNROLL for (int j = 0; j < vectors; j++) gradients[j] = _mm512_load_ps(d + j * d_stride);
    UNROLL for (int i = 0; i < channels; i++) {
      __m512 value = _mm512_set1_ps(v[i]);
      UNROLL for (int j = 0; j < vectors; j++) {
        s[i * vectors + j] = _mm512_fmadd_ps(value, gradients[j], s[i * vectors + j]);
      }
    }
  }
  UNROLL for (int i = 0; i < channels; i++) {
    UNROLL for (int j = 0; j < vectors; j++) {
      _mm512_store_ps(sums + i * sum_stride + j * LANES, s[i * vectors + j]);
    }
  }
}

#define SUM_PRODUCTS(VECTORS)                                                                \
  AVX512 static void sum_products_##VECTORS(                                                 \
      int64_t channels, int64_t count, const float *v, const float *d, int64_t d_stride,     \
      float *sums, int64_t sum_stride) {                                                     \
    for (int64_t first = 0; first < channels; first += 8) {                                  \
      sum_products(                                                                          \
          8, VECTORS, count, v + first, d, d_stride, sums + first * sum_stride, sum_stride); \
    }                                                                                        \
  }

SUM_PRODUCTS(1)
SUM_PRODUCTS(2)
SUM_PRODUCTS(3)

/// Adds the products of a range of tiles to a share.
static void add_products(
    const struct cconv_shape *shape, const struct winograd_plan *plan, const float *products_in,
    const float *gradients, int64_t count, float *share) {
  int64_t sum_stride = plan->output_blocks * LANES;
  int64_t d_stride = plan->tiles_at_a_time * LANES;
  for (int32_t point = 0; point < plan->points; point++) {
    const float *v = products_in + point * plan->input_stride;
    float *sums = share + point * plan->gradient_stride;
    for (int32_t part = 0; part < shape->parts; part++) {
      for (int32_t left = shape->part_channels[part]; left > 0; left -= LANES) {
        int64_t channels = left < LANES ? left : LANES;
        for (int32_t block = 0; block < plan->output_blocks;) {
          int32_t blocks = winograd_group(block, plan->output_blocks);
          const float *d = gradients + point * plan->output_stride + block * d_stride;
          float *to = sums + block * LANES;
          switch (blocks) {
            case 1: sum_products_1(channels, count, v, d, d_stride, to, sum_stride); break;
            case 2: sum_products_2(channels, count, v, d, d_stride, to, sum_stride); break;
            default: sum_products_3(channels, count, v, d, d_stride, to, sum_stride); break;
          }
          block += blocks;
        }
        v += plan->tiles_at_a_time * LANES;
        sums += LANES * sum_stride;
      }
    }
  }
}

struct gradient_run {
  const struct cconv_shape *shape;
  const struct cconv_gradient *arguments;
  struct gradient_plan plan;
  struct winograd_axes axes;
};

static void run_share(void *context, int64_t index, int32_t thread) {
  const struct gradient_run *run = context;
  const struct gradient_plan *plan = &run->plan;
  const struct winograd_plan *tiles = &plan->tiles;
  float *share = run->arguments->scratch + index * plan->share_floats;
  float *bias = share + plan->share_floats - tiles->output_blocks * LANES;
  float *products_in = run->arguments->scratch + plan->shares * plan->share_floats +
                       thread * plan->thread_floats;
  float *gradients = products_in + tiles->points * tiles->input_stride;
  memset(share, 0, sizeof(float) * (size_t)plan->share_floats);
  int64_t end = plan->blocks * (index + 1) / plan->shares;
  for (int64_t block = plan->blocks * index / plan->shares; block < end; block++) {
    struct tile_range range = {block * tiles->tiles_at_a_time, tiles->tiles_at_a_time};
    if (range.count > tiles->tiles - range.first) range.count = tiles->tiles - range.first;
    winograd_input(run->shape, tiles, run->arguments->inputs, range, products_in);
    transform_gradient(
        run->shape, tiles, run->arguments->output_gradient, range, gradients, bias);
    add_products(run->shape, tiles, products_in, gradients, range.count, share);
  }
}

/// Adds up the shares for one input channel and transforms them to the gradients of the taps.
AVX512 static void finish_channel(void *context, int64_t channel, int32_t thread) {
  const struct gradient_run *run = context;
  const struct winograd_plan *plan = &run->plan.tiles;
  const struct cconv_kernel_gradient *kernels = &run->arguments->kernels;
  (void)thread;
  // The channel's place among those of V, whose parts begin with a block of their own.
  int64_t first = 0, place = channel;
  for (int32_t part = 0; place >= run->shape->part_channels[part]; part++) {
    first += (run->shape->part_channels[part] + LANES - 1) / LANES * LANES;
    place -= run->shape->part_channels[part];
  }
  place += first;
  int taps = run->shape->kernel_z * 9;
  for (int32_t block = 0; block < plan->output_blocks; block++) {
    double_lanes points[216], sums[27];
    for (int32_t point = 0; point < plan->points; point++) {
      const float *from = run->arguments->scratch + point * plan->gradient_stride +
                          (place * plan->output_blocks + block) * LANES;
      double_lanes sum = {0};
      for (int64_t share = 0; share < run->plan.shares; share++) {
        sum += __builtin_convertvector(_mm512_load_ps(from), double_lanes);
        from += run->plan.share_floats;
      }
      points[point] = sum;
    }
    winograd_taps_from_points(&run->axes, run->shape->kernel_z, points, sums);
    for (int64_t lane = 0; lane < LANES; lane++) {
      int64_t output = block * LANES + lane;
      if (output >= run->shape->output_channels) break;
      float *to = kernels->values + output * kernels->next_output + channel * kernels->next_input;
      for (int tap = 0; tap < taps; tap++) to[tap] = (float)sums[tap][lane];
    }
  }
}

void cconv_weight_gradient(
    const struct cconv_shape *shape, const struct cconv_gradient *arguments) {
  struct gradient_run run = {
      .shape = shape,
      .arguments = arguments,
      .plan = gradient_plan_of(shape),
      .axes = winograd_axes_of(shape),
  };
  const struct gradient_plan *plan = &run.plan;
  cconv_for_each(plan->shares, arguments->threads, run_share, &run);
  cconv_for_each(plan->tiles.input_channels, arguments->threads, finish_channel, &run);
  if (!arguments->bias) return;
  int64_t bias = plan->share_floats - plan->tiles.output_blocks * LANES;
  for (int32_t output = 0; output < shape->output_channels; output++) {
    double sum = 0;
    for (int64_t share = 0; share < plan->shares; share++) {
      sum += arguments->scratch[share * plan->share_floats + bias + output];
    }
    arguments->bias[output] = (float)sum;
  }
}

#endif
