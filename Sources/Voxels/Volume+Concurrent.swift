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

  /// Creates a block of one channel by filling its rows, planes side by side on at most `threads`
  /// threads.
  ///
  /// The body gets the row's place within the block and its values, which are zero; it is called
  /// for the rows of a plane in their order.
  @inlinable
  public init(
    box: VoxelBox, threads: Int,
    fillingRows body: @Sendable (_ z: Int, _ y: Int, _ row: inout MutableSpan<Scalar>) -> Void
  ) {
    precondition(!box.isEmpty, "a volume needs at least one voxel")
    self.box = box
    channels = 1
    let extent = box.extent
    let planeCount = extent.y * extent.x
    storage = Array(unsafeUninitializedCapacity: extent.voxelCount) { buffer, count in
      // Sound: every z names another, non-overlapping part of the buffer, which outlives the call
      // and is initialized plane by plane before any of it is read.
      nonisolated(unsafe) let values = buffer
      concurrentForEach(0..<extent.z, threads: threads) { z in
        let plane = UnsafeMutableBufferPointer(
          rebasing: values[z * planeCount..<(z + 1) * planeCount])
        plane.initialize(repeating: .zero)
        for y in 0..<extent.y {
          let part = UnsafeMutableBufferPointer(
            rebasing: plane[y * extent.x..<(y + 1) * extent.x])
          var row = MutableSpan(_unsafeElements: part)
          body(z, y, &row)
        }
      }
      count = extent.voxelCount
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
