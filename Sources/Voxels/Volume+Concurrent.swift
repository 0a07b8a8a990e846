import Dispatch

// All unsafe code of this module. Each use states why it is sound.

extension Volume {
  /// Copies a row of values to an index of the storage.
  @inlinable
  mutating func copyRow(_ row: Span<Scalar>, to start: Int) {
    precondition(start >= 0 && start + row.count <= storage.count, "the row lies outside")
    storage.withUnsafeMutableBufferPointer { target in
      row.withUnsafeBufferPointer { source in
        // Sound: the range was checked above, and a span of another array cannot overlap
        // storage that is uniquely held for this mutation. Values are their bytes: one memmove
        // is as fast where their type is not known at compile time.
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        UnsafeMutableRawPointer(to + start).copyMemory(
          from: from, byteCount: source.count * MemoryLayout<Scalar>.stride)
      }
    }
  }

  /// Updates every z plane of one channel, planes side by side on all threads of the caller's
  /// budget.
  ///
  /// The body gets the plane's index within the block and its (y, x) values.
  public mutating func updatePlanesConcurrently(
    channel: Int = 0, threads: Int,
    _ body: @Sendable (_ z: Int, _ plane: inout MutableSpan<Scalar>) -> Void
  ) {
    let planeCount = box.extent.y * box.extent.x
    let start = rowRange(channel: channel, z: 0, y: 0).lowerBound
    storage.withUnsafeMutableBufferPointer { buffer in
      // Sound: every z names another, non-overlapping part of the buffer, which outlives the call.
      nonisolated(unsafe) let values = buffer
      concurrentForEach(0..<box.extent.z, threads: threads) { z in
        let part = UnsafeMutableBufferPointer(
          rebasing: values[start + z * planeCount..<start + (z + 1) * planeCount])
        var plane = MutableSpan(_unsafeElements: part)
        body(z, &plane)
      }
    }
  }
}

/// Runs a body for every index of a range, on at most `threads` threads, and waits for all.
///
/// Indices are handed out one by one, so uneven work evens out. The order is not defined: the
/// result must not depend on it.
public func concurrentForEach(
  _ range: Range<Int>, threads: Int, _ body: @Sendable (Int) -> Void
) {
  guard threads > 1, range.count > 1 else {
    for index in range { body(index) }
    return
  }
  let counter = NextIndex(range)
  DispatchQueue.concurrentPerform(iterations: min(threads, range.count)) { _ in
    while let index = counter.take() { body(index) }
  }
}
