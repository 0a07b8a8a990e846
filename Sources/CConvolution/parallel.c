#include "parallel.h"

#include <stdatomic.h>
#include <stddef.h>

// What a compiler calls for "#pragma omp parallel"; declared here, because Swift's clang ships no
// OpenMP. The library is linked with oneDNN.
void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
int omp_get_thread_num(void);

struct work {
  int64_t count;
  _Atomic int64_t next;
  cconv_piece piece;
  void *context;
};

static void take_pieces(void *data) {
  struct work *work = data;
  int32_t thread = omp_get_thread_num();
  for (;;) {
    int64_t piece = atomic_fetch_add_explicit(&work->next, 1, memory_order_relaxed);
    if (piece >= work->count) return;
    work->piece(work->context, piece, thread);
  }
}

void cconv_for_each(int64_t count, int32_t threads, cconv_piece piece, void *context) {
  if (threads <= 1 || count <= 1) {
    for (int64_t index = 0; index < count; index++) piece(context, index, 0);
    return;
  }
  struct work work = {.count = count, .piece = piece, .context = context};
  GOMP_parallel(take_pieces, &work, count < threads ? (unsigned)count : (unsigned)threads, 0);
}
