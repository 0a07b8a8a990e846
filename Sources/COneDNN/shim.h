#pragma once

#include <oneapi/dnnl/dnnl.h>

// oneDNN runs on the OpenMP runtime and takes its thread count from it. Swift's clang ships no
// omp.h, so the one function needed is declared here.
void omp_set_num_threads(int num_threads);

// The scratchpad of oneDNN's primitives and the handle of a memory without a buffer are macros
// with casts, which Swift does not import.
static inline void *cdnnl_no_buffer(void) { return DNNL_MEMORY_NONE; }
