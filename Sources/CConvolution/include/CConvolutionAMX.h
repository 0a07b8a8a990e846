#pragma once

#include "CConvolution.h"

// Convolutions by the matrix tiles of AMX, which multiply 16-bit brain floats and add up in 32
// bits. The convolutions are those of CConvolution.h, whose shapes are used here too, but for the
// voxels that they compute together. `splits` is the number of brain floats, 1 to 3, that each
// number is split into.
//
// A 32-bit float is the sum of three brain floats, nearly so of two. With the tensors split in this
// way, sums of products of the parts give what 32-bit arithmetic gives:
//   1 split    the tensors hold brain floats
//   2 splits   three products for one, relative errors of about 10⁻⁵
//   3 splits   six products for one, relative errors of about 10⁻⁶, those of 32-bit sums
//
// Layouts:
//   activations   (z, y, x, channel), dense; brain floats for one split, else 32-bit floats
//   kernels       (output channel, input channel, z, y, x), as ONNX has them
//   packed        what cconv_amx_pack_weights() wrote, private to the kernels
//   bias          one per output channel, 32-bit floats
//
// Source: Intel, "Intel 64 and IA-32 Architectures Software Developer's Manual", volume 1,
// chapter 18; Henry, Tang and Heinecke, "Leveraging the bfloat16 artificial intelligence datatype
// for higher-precision computations", ARITH 2019, arXiv:1904.06376 (the splitting).

/// What carries out the tile operations.
enum cconv_amx_engine {
  /// The processor's tiles.
  CCONV_AMX_TILES = 0,
  /// Portable code that does what the processor's manual says, bit for bit; for tests.
  CCONV_AMX_SOFTWARE = 1,
};

/// Tensors and parameters of one run.
struct cconv_amx_arguments {
  const void *inputs[CCONV_MAX_PARTS];
  const void *packed;
  /// NULL for none.
  const float *bias;
  /// Added to the result before the activation, stored as the output is; NULL for none. May be the
  /// output itself.
  const void *residual;
  void *output;
  /// Whether a convolution of brain floats gives 32-bit floats.
  bool widens_output;
  enum cconv_activation activation;
  float slope;
  /// cconv_amx_scratch_bytes() for each thread, 64-byte aligned.
  void *scratch;
  int32_t threads;
};

/// Whether the processor has tiles for brain floats, and the system lets this process use them, for
/// which it is asked once.
bool cconv_amx_is_available(void);

/// Whether the kernels can compute the convolution: all numbers are within what is said above.
bool cconv_amx_supports(const struct cconv_shape *shape, int32_t splits);

/// The bytes of the packed weights.
int64_t cconv_amx_packed_bytes(const struct cconv_shape *shape, int32_t splits);

/// The bytes of working memory that each thread needs, a multiple of 64.
int64_t cconv_amx_scratch_bytes(const struct cconv_shape *shape, int32_t splits);

/// Splits and rearranges kernels; `packed` is 64-byte aligned.
void cconv_amx_pack_weights(
    const struct cconv_shape *shape, int32_t splits, const float *kernels, void *packed);

/// Runs the convolution. The result does not depend on the number of threads.
void cconv_amx_run(
    const struct cconv_shape *shape, int32_t splits, const struct cconv_amx_arguments *arguments,
    enum cconv_amx_engine engine);
