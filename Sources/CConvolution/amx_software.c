// The tile kernels in portable code: what tests run everywhere.
#define AMX_PORTABLE 1
// Vectors are passed to functions that are always inlined, and so by no calling convention.
#pragma clang diagnostic ignored "-Wpsabi"
#include "amx_kernel.h"

void amx_run_software(
    const struct cconv_shape *shape, int32_t splits, const struct cconv_amx_arguments *arguments) {
  amx_run_all(shape, splits, arguments);
}
