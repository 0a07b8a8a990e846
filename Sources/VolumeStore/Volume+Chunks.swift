import Glibc
package import Voxels

// Copies between volumes and chunks, row by row. The unsafe code of this is all here.

extension Volume {
  /// A chunk's values: this block's where it lies, the fill value elsewhere.
  ///
  /// The block's channels are those of its first time point, then those of the next.
  package borrowing func chunk(
    _ region: ChunkRegion, timePoints: Int = 1, fill: Scalar
  ) -> [Scalar] {
    let source = ChunkRegion(
      box: box, channels: 0..<channels / timePoints, times: 0..<timePoints)
    let count = region.valueCount
    let isInside = source.intersection(region) == region
    let values = storage.span
    return [Scalar](unsafeUninitializedCapacity: count) { buffer, filled in
      var room = RegionRoom(region, buffer)
      if !isInside { room.fill(region, with: fill) }
      room.copy(values, of: source)
      filled = count
    }
  }
}

/// The values of a region, in (time point, channel, z, y, x) order, that a body sets, all of them.
package func regionValues<Scalar: VoxelScalar>(
  _ region: ChunkRegion, _ body: (inout RegionRoom<Scalar>) throws(VolumeError) -> Void
) throws(VolumeError) -> [Scalar] {
  let count = region.valueCount
  var failure: VolumeError?
  let values = [Scalar](unsafeUninitializedCapacity: count) { buffer, filled in
    preferHugePages(UnsafeMutableRawBufferPointer(buffer))
    var room = RegionRoom<Scalar>(region, buffer)
    do throws(VolumeError) {
      try body(&room)
      filled = count
    } catch {
      failure = error
    }
  }
  if let failure { throw failure }
  return values
}

/// Asks for large pages under memory that is about to be written.
///
/// Given out 4 KiB at a time, it costs as much as all else that a read does. numpy does the same.
private func preferHugePages(_ buffer: UnsafeMutableRawBufferPointer) {
  let (least, page) = (4 << 20, 2 << 20)
  guard let start = buffer.baseAddress, buffer.count >= least else { return }
  // Sound: whole large pages inside the buffer; the advice changes no byte, and may be ignored.
  let first = start.alignedUp(toMultipleOf: page)
  let count = (buffer.count - (first - start)) / page * page
  _ = madvise(first, count, MADV_HUGEPAGE)
}

/// Room for the values of a region, to be set part by part.
///
/// Values are moved as bytes: their type is not known at compile time, and a loop over such values
/// takes many times as long.
package struct RegionRoom<Scalar: VoxelScalar>: ~Copyable {
  private let region: ChunkRegion
  private let start: UnsafeMutableRawPointer?

  /// Takes the room of a region's values, which outlives this.
  fileprivate init(_ region: ChunkRegion, _ buffer: UnsafeMutableBufferPointer<Scalar>) {
    precondition(buffer.count >= region.valueCount, "a block has other values than its box")
    self.region = region
    start = UnsafeMutableRawPointer(buffer.baseAddress)
  }

  /// Sets the values that lie within another region to that region's.
  package mutating func copy(_ values: Span<Scalar>, of source: ChunkRegion) {
    let shared = region.intersection(source)
    guard !shared.isEmpty else { return }
    let from = RowIndex(source)
    precondition(values.count == source.valueCount, "a block has other values than its box")
    let width = MemoryLayout<Scalar>.stride
    values.withUnsafeBytes { bytes in
      guard let origin = bytes.baseAddress, let start else { return }
      forEachRow(of: shared) { target, count, time, channel, z, y in
        // Sound: the shared region lies within both, and both have the values their regions need
        // (checked above and in `init`); the room is exclusively held, so they cannot overlap.
        let first = from.index(time, channel, z, y, shared.box.origin.x) * width
        memcpy(start + target * width, origin + first, count * width)
      }
    }
  }

  /// Sets the values that lie within a part to one value.
  package mutating func fill(_ part: ChunkRegion, with value: Scalar) {
    let shared = region.intersection(part)
    guard !shared.isEmpty else { return }
    let row = filledValues(value, count: shared.box.extent.x)
    let width = MemoryLayout<Scalar>.stride
    row.withUnsafeBytes { bytes in
      guard let origin = bytes.baseAddress, let start else { return }
      forEachRow(of: shared) { target, count, _, _, _, _ in
        // Sound: the shared region lies within this one, and the row holds `count` values.
        memcpy(start + target * width, origin, count * width)
      }
    }
  }

  /// Gives where each row of a part starts among the values, and how many it has.
  private borrowing func forEachRow(
    of part: ChunkRegion, _ body: (_ start: Int, _ count: Int, Int, Int, Int, Int) -> Void
  ) {
    let place = RowIndex(region)
    let (origin, end) = (part.box.origin, part.box.end)
    for time in part.times {
      for channel in part.channels {
        for z in origin.z..<end.z {
          for y in origin.y..<end.y {
            let start = place.index(time, channel, z, y, origin.x)
            body(start, part.box.extent.x, time, channel, z, y)
          }
        }
      }
    }
  }
}

/// An array of one value, set by its bytes: a loop over values of a type unknown at compile time
/// takes twenty times as long.
package func filledValues<Scalar: VoxelScalar>(_ value: Scalar, count: Int) -> [Scalar] {
  let width = MemoryLayout<Scalar>.stride
  return [Scalar](unsafeUninitializedCapacity: count) { buffer, filled in
    filled = count
    guard let start = UnsafeMutableRawPointer(buffer.baseAddress), count > 0 else { return }
    // Sound: every write lies within the room of `count` values; the bytes before `done` are set.
    withUnsafeBytes(of: value) { bytes in
      guard bytes.contains(where: { $0 != bytes[0] }) else {
        memset(start, Int32(bytes[0]), count * width)
        return
      }
      start.copyMemory(from: bytes.baseAddress ?? UnsafeRawPointer(start), byteCount: width)
      var done = width
      while done < count * width {
        let step = min(done, count * width - done)
        memcpy(start + done, start, step)
        done += step
      }
    }
  }
}

/// Where a position's value lies among a region's values.
private struct RowIndex {
  let region: ChunkRegion

  init(_ region: ChunkRegion) { self.region = region }

  func index(_ time: Int, _ channel: Int, _ z: Int, _ y: Int, _ x: Int) -> Int {
    let extent = region.box.extent
    let origin = region.box.origin
    let image = (time - region.times.lowerBound) * region.channels.count + channel
    let plane = (image - region.channels.lowerBound) * extent.z + z - origin.z
    return (plane * extent.y + y - origin.y) * extent.x + x - origin.x
  }
}

/// Whether every value has the given bytes.
package func isUniform<Scalar: VoxelScalar>(_ values: [Scalar], _ value: [UInt8]) -> Bool {
  let bytes = values.span.bytes
  let width = MemoryLayout<Scalar>.stride
  precondition(value.count == width, "the value is of another type")
  for index in 0..<min(width, bytes.byteCount)
  where bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) != value[index] {
    return false
  }
  return bytes.withUnsafeBytes { buffer in
    guard let start = buffer.baseAddress, buffer.count > width else { return true }
    // Sound: both ranges lie within the buffer. Bytes that equal those one value further on are
    // all the same value.
    return memcmp(start, start + width, buffer.count - width) == 0
  }
}
