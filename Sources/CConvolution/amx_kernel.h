// The tile kernels, compiled once for the processor's tiles and once in portable code: see the two
// files that include this one.

#include <string.h>

#include "amx_tiles.h"
#include "parallel.h"

#define INLINE static inline __attribute__((always_inline)) AMX_TARGET

struct amx_run {
  const struct cconv_shape *shape;
  const struct cconv_amx_arguments *arguments;
  struct amx_plan plan;
  int64_t scratch_numbers;
};

/// A block of outputs, and how its input is packed.
struct amx_block {
  int64_t z, y, x, depth, height, width;
  int64_t pitch_y, pitch_z;  // packed voxels from a row, a plane to the next
};

// MARK: - Packing

/// Splits consecutive numbers into brain floats.
INLINE void amx_split(
    int splits, const void *tensor, int64_t first, int64_t count, uint16_t *to, int64_t stride) {
  if (splits == 1) {
    memcpy(to, (const uint16_t *)tensor + first, 2 * (size_t)count);
    return;
  }
  const float *numbers = (const float *)tensor + first;
  uint16_t *restrict high = to, *restrict middle = to + stride, *restrict low = to + 2 * stride;
#if AMX_PORTABLE
  for (int64_t i = 0; i < count; i++) {
    float number = numbers[i];
    uint16_t part = amx_round(number);
    high[i] = part;
    number -= amx_widen(part);
    part = amx_round(number);
    middle[i] = part;
    if (splits == 3) low[i] = amx_round(number - amx_widen(part));
  }
#else
  for (int64_t i = 0; i < count; i += 16) {
    __mmask16 lanes = count - i >= 16 ? 0xffff : (__mmask16)((1u << (count - i)) - 1);
    __m512 number = _mm512_maskz_loadu_ps(lanes, numbers + i);
    __m256bh part = _mm512_cvtneps_pbh(number);
    _mm256_mask_storeu_epi16(high + i, lanes, (__m256i)part);
    number = _mm512_sub_ps(number, _mm512_cvtpbh_ps(part));
    part = _mm512_cvtneps_pbh(number);
    _mm256_mask_storeu_epi16(middle + i, lanes, (__m256i)part);
    if (splits < 3) continue;
    number = _mm512_sub_ps(number, _mm512_cvtpbh_ps(part));
    _mm256_mask_storeu_epi16(low + i, lanes, (__m256i)_mm512_cvtneps_pbh(number));
  }
#endif
}

INLINE void amx_clear(int splits, uint16_t *to, int64_t count, int64_t stride) {
  for (int split = 0; split < splits; split++) {
    memset(to + split * stride, 0, 2 * (size_t)count);
  }
}

/// Packs the voxels of the input's row at (z, y) that a block depends on.
INLINE void amx_pack_row(
    int splits, const struct amx_run *run, const struct amx_block *block, int64_t z, int64_t y,
    uint16_t *row) {
  const struct cconv_shape *shape = run->shape;
  const int64_t voxel = run->plan.voxel, stride = run->plan.split_numbers;
  // The input's voxels from `first` up to `end` are packed; those from `from` up to `to` exist.
  const int64_t first = block->x - shape->pad_x, end = first + block->pitch_y;
  int64_t from = first < 0 ? 0 : first, to = end > shape->width ? shape->width : end;
  if (z < 0 || z >= shape->depth || y < 0 || y >= shape->height || to <= from) {
    amx_clear(splits, row, block->pitch_y * voxel, stride);
    return;
  }
  amx_clear(splits, row, (from - first) * voxel, stride);
  amx_clear(splits, row + (to - first) * voxel, (end - to) * voxel, stride);
  const int64_t start = (z * shape->height + y) * shape->width;
  row += (from - first) * voxel;
  if (shape->parts == 1 && run->plan.channels == voxel) {
    amx_split(
        splits, run->arguments->inputs[0], (start + from) * voxel, (to - from) * voxel, row,
        stride);
    return;
  }
  for (int64_t x = from; x < to; x++, row += voxel) {
    uint16_t *number = row;
    for (int32_t part = 0; part < shape->parts; part++) {
      int64_t channels = shape->part_channels[part];
      amx_split(
          splits, run->arguments->inputs[part], (start + x) * channels, channels, number, stride);
      number += channels;
    }
    if (run->plan.channels < voxel) amx_clear(splits, number, 1, stride);
  }
}

INLINE void amx_pack_block(
    int splits, const struct amx_run *run, const struct amx_block *block, uint16_t *packed) {
  const int64_t voxel = run->plan.voxel;
  for (int64_t z = 0; z < block->depth + run->shape->kernel_z - 1; z++) {
    for (int64_t y = 0; y < block->height + 2; y++, packed += block->pitch_y * voxel) {
      amx_pack_row(
          splits, run, block, block->z + z - run->shape->pad_z, block->y + y - run->shape->pad_y,
          packed);
    }
  }
  // Tiles read on behind the last row; what they find is dropped, or meets weights of zero.
  amx_clear(splits, packed, AMX_BEHIND_VOXELS * voxel + AMX_STEP, run->plan.split_numbers);
}

// MARK: - Products

// Sums of products of 32 numbers: `rows` of voxels, a `stride` of bytes from one to the next, with
// the weights of the step. Tiles 0 to 3 or 5 hold the sums, 16 voxels and 16 output channels each,
// those left up to 7 the numbers and weights.

/// 48 voxels, 32 output channels, 1 split.
INLINE void amx_step_wide_1(
    struct amx_tiles *tiles, const char *rows, int64_t stride, const uint16_t *weights) {
  TILE_LOAD(6, weights, 64);
  TILE_LOAD(7, rows, stride);
  TILE_MULTIPLY(0, 7, 6);
  TILE_LOAD(7, rows + 16 * stride, stride);
  TILE_MULTIPLY(2, 7, 6);
  TILE_LOAD(7, rows + 32 * stride, stride);
  TILE_MULTIPLY(4, 7, 6);
  TILE_LOAD(6, weights + AMX_TILE, 64);
  TILE_MULTIPLY(5, 7, 6);
  TILE_LOAD(7, rows, stride);
  TILE_MULTIPLY(1, 7, 6);
  TILE_LOAD(7, rows + 16 * stride, stride);
  TILE_MULTIPLY(3, 7, 6);
}

#define AMX_LOAD_VOXELS(split)                                                     \
  TILE_LOAD(4, rows + (split) * split_bytes, stride);                              \
  TILE_LOAD(5, rows + (split) * split_bytes + 16 * stride, stride);
#define AMX_LOAD_WEIGHTS(split)                                                    \
  TILE_LOAD(6, weights + 2 * (split) * AMX_TILE, 64);                              \
  TILE_LOAD(7, weights + (2 * (split) + 1) * AMX_TILE, 64);
#define AMX_MULTIPLY_FOUR()                                                        \
  TILE_MULTIPLY(0, 4, 6);                                                          \
  TILE_MULTIPLY(1, 4, 7);                                                          \
  TILE_MULTIPLY(2, 5, 6);                                                          \
  TILE_MULTIPLY(3, 5, 7);

/// 32 voxels, 32 output channels, 2 or 3 splits; the largest products come last.
INLINE void amx_step_wide(
    int splits, struct amx_tiles *tiles, const char *rows, int64_t stride, int64_t split_bytes,
    const uint16_t *weights) {
  if (splits == 2) {
    AMX_LOAD_WEIGHTS(0) AMX_LOAD_VOXELS(1) AMX_MULTIPLY_FOUR()
    AMX_LOAD_VOXELS(0) AMX_MULTIPLY_FOUR()
    AMX_LOAD_WEIGHTS(1) AMX_MULTIPLY_FOUR()
  } else {
    AMX_LOAD_WEIGHTS(2) AMX_LOAD_VOXELS(0) AMX_MULTIPLY_FOUR()
    AMX_LOAD_WEIGHTS(1) AMX_MULTIPLY_FOUR()
    AMX_LOAD_VOXELS(1) AMX_MULTIPLY_FOUR()
    AMX_LOAD_WEIGHTS(0) AMX_MULTIPLY_FOUR()
    AMX_LOAD_VOXELS(2) AMX_MULTIPLY_FOUR()
    AMX_LOAD_VOXELS(0) AMX_MULTIPLY_FOUR()
  }
}

#define AMX_NARROW_VOXELS(sum)                                                     \
  TILE_LOAD(4, rows + (sum) * 16 * stride, stride);                                \
  TILE_MULTIPLY(sum, 4, 6);                                                        \
  if (splits > 1) {                                                                \
    TILE_MULTIPLY(sum, 4, 7);                                                      \
    TILE_LOAD(5, rows + (sum) * 16 * stride + split_bytes, stride);                \
    TILE_MULTIPLY(sum, 5, 6);                                                      \
  }                                                                                \
  if (splits > 2) {                                                                \
    TILE_MULTIPLY(sum, 5, 7);                                                      \
    TILE_LOAD(5, rows + (sum) * 16 * stride + 2 * split_bytes, stride);            \
    TILE_MULTIPLY(sum, 5, 6);                                                      \
  }

#define AMX_NARROW_LAST(sum)                                                       \
  TILE_LOAD(4, rows + (sum) * 16 * stride, stride);                                \
  TILE_MULTIPLY(sum, 4, 7);

/// 64 voxels, 16 output channels.
INLINE void amx_step_narrow(
    int splits, struct amx_tiles *tiles, const char *rows, int64_t stride, int64_t split_bytes,
    const uint16_t *weights) {
  TILE_LOAD(6, weights, 64);
  if (splits > 1) TILE_LOAD(7, weights + AMX_TILE, 64);
  AMX_NARROW_VOXELS(0)
  AMX_NARROW_VOXELS(1)
  AMX_NARROW_VOXELS(2)
  AMX_NARROW_VOXELS(3)
  if (splits < 3) return;
  TILE_LOAD(7, weights + 2 * AMX_TILE, 64);
  AMX_NARROW_LAST(0)
  AMX_NARROW_LAST(1)
  AMX_NARROW_LAST(2)
  AMX_NARROW_LAST(3)
}

INLINE void amx_step(
    int splits, int columns, struct amx_tiles *tiles, const char *rows, int64_t stride,
    int64_t split_bytes, const uint16_t *weights) {
  if (columns == 1) {
    amx_step_narrow(splits, tiles, rows, stride, split_bytes, weights);
  } else if (splits == 1) {
    amx_step_wide_1(tiles, rows, stride, weights);
  } else {
    amx_step_wide(splits, tiles, rows, stride, split_bytes, weights);
  }
}

// MARK: - Results

// 16 numbers side by side, at any address.
typedef float amx_lanes __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t amx_words __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint16_t amx_brains __attribute__((vector_size(32), aligned(2), may_alias));

/// The lanes of one vector where all bits of the choice are set, else of the other.
INLINE amx_lanes amx_choose(amx_words choice, amx_lanes yes, amx_lanes no) {
  return (amx_lanes)(((amx_words)yes & choice) | ((amx_words)no & ~choice));
}

/// eˣ for x of at most 0: 2ⁿ · p(r), where x = n · ln 2 + r.
INLINE amx_lanes amx_exponential(amx_lanes x) {
  typedef int32_t integers __attribute__((vector_size(64)));
  x = amx_choose((amx_words)(x < -87), x * 0 - 87, x);
  integers n = __builtin_convertvector(x * 1.44269504f - 0.5f, integers);
  amx_lanes whole = __builtin_convertvector(n, amx_lanes);
  amx_lanes r = x - whole * 0.693359375f + whole * 2.12194440e-4f;
  amx_lanes p = r * (1.0f / 720) + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1;
  p = p * r + 1;
  return p * (amx_lanes)((n + 127) << 23);
}

/// The nearest brain floats, as amx_round() finds them.
INLINE amx_brains amx_round_lanes(amx_lanes values) {
  amx_words bits = (amx_words)values, is_number = (amx_words)(values == values);
  bits = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return __builtin_convertvector((bits & is_number) | (0x7fc0 & ~is_number), amx_brains);
}

/// Adds bias and residual to 16 sums of a voxel, applies the activation and stores the first
/// `count` of them at an offset of the output.
INLINE void amx_finish_lanes(
    int splits, const struct cconv_amx_arguments *arguments, const float *sums, const float *bias,
    int count, int64_t offset) {
  const bool is_wide = splits > 1 || arguments->widens_output;
  const size_t size = is_wide ? sizeof(float) : sizeof(uint16_t);
  amx_lanes values = *(const amx_lanes *)sums + *(const amx_lanes *)bias;
  if (arguments->residual) {
    const char *residual = (const char *)arguments->residual + offset * (int64_t)size;
    char part[64] = {0};
    if (count < 16) {
      memcpy(part, residual, (size_t)count * size);
      residual = part;
    }
    if (is_wide) {
      values += *(const amx_lanes *)residual;
    } else {
      amx_words brains = __builtin_convertvector(*(const amx_brains *)residual, amx_words);
      values += (amx_lanes)(brains << 16);
    }
  }
  if (arguments->activation == CCONV_RELU) {
    values = amx_choose((amx_words)(values < 0), values * arguments->slope, values);
  } else if (arguments->activation == CCONV_ELU) {
    amx_words below = (amx_words)(values < 0);
    amx_lanes powers = amx_exponential(amx_choose(below, values, values * 0));
    values = amx_choose(below, (powers - 1) * arguments->slope, values);
  }
  char *output = (char *)arguments->output + offset * (int64_t)size;
  char part[64];
  char *to = count < 16 ? part : output;
  if (is_wide) {
    *(amx_lanes *)to = values;
  } else {
    *(amx_brains *)to = amx_round_lanes(values);
  }
  if (count < 16) memcpy(output, part, (size_t)count * size);
}

/// Voxels computed together: consecutive ones of a plane of a block.
struct amx_voxels {
  int64_t z, first;
  const float *sums;
};

/// Finishes those voxels from one up to another that are outputs.
INLINE void amx_finish(
    int splits, int columns, const struct amx_run *run, const struct amx_block *block,
    const struct amx_voxels *voxels, int from, int to, int64_t channel, const float *bias) {
  const int64_t channels = run->shape->output_channels;
  int count = columns * 16;
  if (channels - channel < count) count = (int)(channels - channel);
  uint32_t position = (uint32_t)(voxels->first + from), pitch = (uint32_t)block->pitch_y;
  int64_t y = position / pitch, x = position % pitch;
  for (int voxel = from; voxel < to; voxel++) {
    if (y < block->height && x < block->width) {
      int64_t row = (block->z + voxels->z) * run->shape->output_height + block->y + y;
      int64_t offset = (row * run->shape->output_width + block->x + x) * channels + channel;
      for (int column = 0; column < columns; column++) {
        const float *sums = voxels->sums + (voxel * columns + column) * 16;
        const int left = count - column * 16;
        if (left >= 16) {
          amx_finish_lanes(
              splits, run->arguments, sums, bias + column * 16, 16, offset + column * 16);
        } else {
          amx_finish_lanes(
              splits, run->arguments, sums, bias + column * 16, left, offset + column * 16);
        }
      }
    }
    if (++x == block->pitch_y) {
      x = 0;
      y++;
    }
  }
}

// MARK: - Blocks

/// Computes some output channels of a block.
///
/// The results of one set of voxels are finished while the products of the next are computed.
INLINE void amx_compute(
    int splits, int columns, struct amx_tiles *tiles, const struct amx_run *run,
    const struct amx_block *block, const uint16_t *packed, const uint16_t *weights,
    int64_t channel) {
  const struct amx_plan *plan = &run->plan;
  const int row_tiles = columns == 1 ? 4 : splits == 1 ? 3 : 2, together = row_tiles * 16;
  const int64_t stride = 2 * plan->voxel, split_bytes = 2 * plan->split_numbers;
  _Alignas(64) float sums[2][AMX_MOST_VOXELS * AMX_GROUP];
  _Alignas(64) float bias[AMX_GROUP] = {0};
  for (int i = 0; i < columns * 16 && channel + i < run->shape->output_channels; i++) {
    if (run->arguments->bias) bias[i] = run->arguments->bias[channel + i];
  }
  const int64_t sets_per_plane = amx_blocks(block->height * block->pitch_y, together);
  const int64_t sets = sets_per_plane * block->depth;
  struct amx_voxels before = {0};
  for (int64_t set = 0; set < sets; set++) {
    float *results = sums[set % 2];
    struct amx_voxels voxels = {
        .z = set / sets_per_plane, .first = set % sets_per_plane * together, .sums = results};
    TILE_ZERO(0);
    TILE_ZERO(1);
    TILE_ZERO(2);
    TILE_ZERO(3);
    if (row_tiles * columns == 6) {
      TILE_ZERO(4);
      TILE_ZERO(5);
    }
    const uint16_t *products = weights;
    for (int32_t row = 0; row < plan->rows; row++) {
      int64_t voxel = (voxels.z + row / 3) * block->pitch_z + row % 3 * block->pitch_y;
      const char *rows = (const char *)(packed + (voxel + voxels.first) * plan->voxel);
      for (int32_t step = 0; step < plan->steps; step++) {
        amx_step(splits, columns, tiles, rows + step * 64, stride, split_bytes, products);
        products += splits * columns * AMX_TILE;
      }
      if (set > 0) {
        amx_finish(
            splits, columns, run, block, &before, row * together / plan->rows,
            (row + 1) * together / plan->rows, channel, bias);
      }
    }
    const int64_t pitch = columns * 64;
    TILE_STORE(0, results, pitch);
    if (columns == 1) {
      TILE_STORE(1, results + 256, pitch);
      TILE_STORE(2, results + 512, pitch);
      TILE_STORE(3, results + 768, pitch);
    } else {
      TILE_STORE(1, results + 16, pitch);
      TILE_STORE(2, results + 512, pitch);
      TILE_STORE(3, results + 528, pitch);
    }
    if (row_tiles * columns == 6) {
      TILE_STORE(4, results + 1024, pitch);
      TILE_STORE(5, results + 1040, pitch);
    }
    before = voxels;
  }
  amx_finish(splits, columns, run, block, &before, 0, together, channel, bias);
}

INLINE void amx_run_block(
    int splits, const struct amx_run *run, const struct amx_block *block, uint16_t *packed) {
  TILES;
  TILES_OPEN();
  amx_pack_block(splits, run, block, packed);
  const int64_t tile_numbers = (int64_t)run->plan.rows * run->plan.steps * splits * AMX_TILE;
  const uint16_t *weights = run->arguments->packed;
  const int64_t channels = run->shape->output_channels;
  for (int64_t channel = 0; channel < channels; channel += AMX_GROUP) {
    const uint16_t *group = weights + channel / AMX_ROWS * tile_numbers;
    if (channels - channel > AMX_ROWS) {
      amx_compute(splits, 2, tiles, run, block, packed, group, channel);
    } else {
      amx_compute(splits, 1, tiles, run, block, packed, group, channel);
    }
  }
  TILES_CLOSE();
}

/// The part of an axis that a block covers.
static inline void amx_cover(
    int64_t index, int64_t block, int64_t length, int64_t *first, int64_t *count) {
  *first = index * block;
  *count = length - *first < block ? length - *first : block;
}

AMX_TARGET static void amx_run_piece(void *context, int64_t piece, int32_t thread) {
  const struct amx_run *run = context;
  const struct cconv_shape *shape = run->shape;
  const struct amx_plan *plan = &run->plan;
  const int64_t across = amx_blocks(shape->output_width, plan->block_x);
  const int64_t down = amx_blocks(shape->output_height, plan->block_y);
  struct amx_block block;
  amx_cover(piece % across, plan->block_x, shape->output_width, &block.x, &block.width);
  amx_cover(piece / across % down, plan->block_y, shape->output_height, &block.y, &block.height);
  amx_cover(piece / across / down, plan->block_z, shape->output_depth, &block.z, &block.depth);
  block.pitch_y = block.width + 2;
  block.pitch_z = block.pitch_y * (block.height + 2);
  uint16_t *packed = (uint16_t *)run->arguments->scratch + thread * run->scratch_numbers;
  switch (plan->splits) {
    case 1: amx_run_block(1, run, &block, packed); break;
    case 2: amx_run_block(2, run, &block, packed); break;
    default: amx_run_block(3, run, &block, packed); break;
  }
}

static void amx_run_all(
    const struct cconv_shape *shape, int32_t splits, const struct cconv_amx_arguments *arguments) {
  struct amx_run run = {
      .shape = shape,
      .arguments = arguments,
      .plan = amx_plan_of(shape, splits),
      .scratch_numbers = cconv_amx_scratch_bytes(shape, splits) / 2,
  };
  struct amx_plan *plan = &run.plan;
  int64_t pieces = amx_pieces(shape, plan);
  // Smaller blocks where there are too few to keep the threads busy; they change no result.
  while (pieces < 4 * (int64_t)arguments->threads && (plan->block_z > 1 || plan->block_y > 4)) {
    if (plan->block_z > 1) {
      plan->block_z = (plan->block_z + 1) / 2;
    } else {
      plan->block_y = (plan->block_y + 1) / 2;
    }
    pieces = amx_pieces(shape, plan);
  }
  cconv_for_each(pieces, arguments->threads, amx_run_piece, &run);
}
