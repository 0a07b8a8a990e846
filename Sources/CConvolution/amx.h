#pragma once

#include "CConvolutionAMX.h"

// What the two variants of the tile kernels share: how the work is cut up, and brain floats.
//
// A convolution is computed block by block. The part of the input that a block needs is packed,
// with zeros around the image, into brain floats, one copy after the other for the splits:
//
//     [split][z][y][x][channel]
//
// In a packed row the three x-taps of a voxel lie one after the other. They are one run of
// 3 · channels numbers, which is multiplied 32 at a time, whatever the number of channels; what
// lies behind the run meets weights of zero. Voxels are taken in the order in which they lie, 16 to
// a tile; the few at the ends of rows that are no outputs are computed and dropped.
//
// Packed weights: [group of up to 32 output channels][tap z][tap y][step][split][16 channels of the
// group][16 pairs of numbers][16 channels][2 numbers of a pair]

enum {
  AMX_ROWS = 16,                             // voxels or pairs of numbers in a tile
  AMX_STEP = 32,                             // brain floats in a row of a tile
  AMX_TILE = AMX_ROWS * AMX_STEP,            // brain floats in a tile
  AMX_GROUP = 32,                            // output channels computed together
  AMX_MOST_VOXELS = 64,                      // voxels computed together
  // Packed voxels of zeros behind a block, into which the last tiles reach: all but one of the
  // voxels computed together, their three taps.
  AMX_BEHIND_VOXELS = AMX_MOST_VOXELS + 2,
};

struct amx_plan {
  int32_t splits;
  int32_t channels;                          // of the input, all parts together
  int32_t voxel;                             // brain floats of a packed voxel: even
  int32_t steps;                             // tiles that the three x-taps take
  int32_t rows;                              // rows of x-taps: the taps along z and y
  int64_t block_z, block_y, block_x;         // outputs of a block
  int64_t split_numbers;                     // packed numbers of one split of a block
};

struct amx_plan amx_plan_of(const struct cconv_shape *shape, int32_t splits);

/// The blocks along an axis.
static inline int64_t amx_blocks(int64_t length, int64_t block) {
  return (length + block - 1) / block;
}

/// The blocks of a convolution.
static inline int64_t amx_pieces(const struct cconv_shape *shape, const struct amx_plan *plan) {
  return amx_blocks(shape->output_depth, plan->block_z) *
         amx_blocks(shape->output_height, plan->block_y) *
         amx_blocks(shape->output_width, plan->block_x);
}

static inline uint32_t amx_bits(float number) {
  union { float number; uint32_t bits; } both = {.number = number};
  return both.bits;
}

static inline float amx_float(uint32_t bits) {
  union { uint32_t bits; float number; } both = {.bits = bits};
  return both.number;
}

/// A brain float as a 32-bit float.
static inline float amx_widen(uint16_t number) { return amx_float((uint32_t)number << 16); }

/// The nearest brain float, the even one of two.
static inline uint16_t amx_round(float number) {
  uint32_t bits = amx_bits(number);
  uint16_t rounded = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  return number != number ? 0x7fc0 : rounded;
}

void amx_run_tiles(
    const struct cconv_shape *shape, int32_t splits, const struct cconv_amx_arguments *arguments);
void amx_run_software(
    const struct cconv_shape *shape, int32_t splits, const struct cconv_amx_arguments *arguments);
