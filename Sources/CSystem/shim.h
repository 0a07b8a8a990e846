#pragma once

#include <sys/types.h>

// Swift imports the C library without its extensions for Linux, of which this is one.
extern int sync_file_range(int descriptor, __off64_t offset, __off64_t count, unsigned int flags);

/// Starts writing a file's bytes to the disk and does not wait for it.
static inline int csystem_start_writing(int descriptor) {
  return sync_file_range(descriptor, 0, 0, 2 /* SYNC_FILE_RANGE_WRITE */);
}

// How the C library hands memory back to the system: a header that Swift's Glibc leaves out.
#include <malloc.h>
