import CSystem

/// How a program of ours holds its memory.
enum ProcessMemory {
  /// Keeps what is freed for the next block instead of handing it back to the system.
  ///
  /// Every block of a stage takes buffers of some megabytes and frees them. Handed back and asked
  /// for again, each page is cleared anew: half of the processor's time of `emseg components`.
  static func keepFreed() {
    let mostKept: Int32 = 1 << 30
    mallopt(M_MMAP_THRESHOLD, mostKept)
    mallopt(M_TRIM_THRESHOLD, mostKept)
  }
}
