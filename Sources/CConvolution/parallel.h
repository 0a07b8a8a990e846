#pragma once

#include <stdint.h>

// Work in numbered pieces, on the threads of the OpenMP runtime: the pool that oneDNN uses too, so
// that no second one waits beside it.

/// Does one piece; `thread` is below the number of threads.
typedef void (*cconv_piece)(void *context, int64_t piece, int32_t thread);

/// Does every piece below `count` once, in no particular order.
void cconv_for_each(int64_t count, int32_t threads, cconv_piece piece, void *context);
