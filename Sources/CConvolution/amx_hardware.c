// The tile kernels for processors with AMX.
#if defined(__x86_64__)

#define AMX_PORTABLE 0
#include "amx_kernel.h"

void amx_run_tiles(
    const struct cconv_shape *shape, int32_t splits, const struct cconv_amx_arguments *arguments) {
  amx_run_all(shape, splits, arguments);
}

#endif
