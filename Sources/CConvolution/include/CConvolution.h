#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Convolution kernels in processor intrinsics, for one sample, stride 1, no dilation, kernels of
// (1 or 3)×3×3 taps, by Winograd's minimal filtering: several times fewer multiplications than the
// definition has. They are compiled for the instructions they need, whatever the build's target; a
// caller asks cconv_features() first.
//
// The gradient with respect to the input is such a convolution too: of the output's gradient, with
// the kernels' taps reversed and their channels exchanged, and (taps - 1 - pad) zeros before it.
//
// Layouts, all of 32-bit floats:
//   activations   (z, y, x, channel), dense
//   kernels       the taps of a pair of channels together, in the order (z, y, x)
//   transformed   what cconv_transform_weights() wrote, private to the kernels
//   bias          one per output channel

// What the processor offers, and the system lets programs use.
enum {
  CCONV_AVX512 = 1,  // avx512f, bw, dq, vl and fma
};

/// The set of CCONV_… that this processor offers.
uint32_t cconv_features(void);

enum { CCONV_MAX_PARTS = 8 };

enum cconv_activation {
  CCONV_IDENTITY = 0,
  /// max(x, 0) + slope · min(x, 0)
  CCONV_RELU = 1,
  /// x above zero, slope · (eˣ − 1) below
  CCONV_ELU = 2,
};

/// A convolution of tensors of one shape.
struct cconv_shape {
  /// The input's voxels along each axis.
  int64_t depth, height, width;
  /// The output's voxels along each axis; the input goes on in zeros as far as they need.
  int64_t output_depth, output_height, output_width;
  /// Zeros before the input along each axis, 0 to 2.
  int32_t pad_z, pad_y, pad_x;
  /// Taps along z, 1 or 3; there are 3 along y and x.
  int32_t kernel_z;
  /// The input is the concatenation of this many tensors, each with its channels.
  int32_t parts;
  int32_t part_channels[CCONV_MAX_PARTS];
  int32_t output_channels;
  /// The output's voxels that are computed together along (z, y, x): 1×2×2, 1×2×4 or 1×4×4 where
  /// kernel_z is 1; 2×2×2, 2×2×4, 2×4×4 or 4×4×4 where it is 3. Larger tiles multiply less and round
  /// more.
  int32_t tile_z, tile_y, tile_x;
};

/// Tensors and parameters of one run.
struct cconv_arguments {
  const float *inputs[CCONV_MAX_PARTS];
  const float *transformed;
  /// NULL for none.
  const float *bias;
  /// Added to the result before the activation; NULL for none. May be the output itself.
  const float *residual;
  float *output;
  enum cconv_activation activation;
  float slope;
  /// cconv_scratch_floats() for each thread, 64-byte aligned.
  float *scratch;
  int32_t threads;
};

/// Whether the kernels can compute the convolution: all numbers are within what is said above.
bool cconv_supports(const struct cconv_shape *shape);

/// The number of floats of the transformed weights.
int64_t cconv_transformed_floats(const struct cconv_shape *shape);

/// The number of floats of working memory that each thread needs.
int64_t cconv_scratch_floats(const struct cconv_shape *shape);

/// Kernels as they lie in memory.
struct cconv_kernels {
  const float *values;
  /// Floats from the taps of one pair of channels to those of the next output or input channel. In
  /// ONNX's order, (output channel, input channel, z, y, x), those are taps · inputs and taps.
  int64_t next_output, next_input;
  /// Whether the taps are to be reversed along every axis.
  bool reversed;
};

/// Rearranges kernels; `transformed` is 64-byte aligned. Fast enough to be done at every step of a
/// training.
void cconv_transform_weights(
    const struct cconv_shape *shape, const struct cconv_kernels *kernels, float *transformed,
    int32_t threads);

/// Runs the convolution. The result does not depend on the number of threads.
void cconv_run(const struct cconv_shape *shape, const struct cconv_arguments *arguments);

/// Where the gradients of kernels go, laid out as in cconv_kernels.
struct cconv_kernel_gradient {
  float *values;
  int64_t next_output, next_input;
};

/// Tensors of the gradient with respect to the kernels, which is set, not added to.
struct cconv_gradient {
  const float *inputs[CCONV_MAX_PARTS];
  const float *output_gradient;
  struct cconv_kernel_gradient kernels;
  /// The bias's gradient, one per output channel; NULL for none.
  float *bias;
  /// cconv_gradient_scratch_floats(), 64-byte aligned.
  float *scratch;
  int32_t threads;
};

/// The number of floats of working memory of the gradient, for all threads together.
int64_t cconv_gradient_scratch_floats(const struct cconv_shape *shape, int32_t threads);

/// Computes the gradients of kernels and bias. They do not depend on the number of threads.
void cconv_weight_gradient(
    const struct cconv_shape *shape, const struct cconv_gradient *arguments);

#include "CConvolutionAMX.h"
