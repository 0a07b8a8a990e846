import Glibc
import Synchronization
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
func preferHugePages(_ buffer: UnsafeMutableRawBufferPointer) {
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
  /// What is left untouched outside of it.
  private let part: ChunkRegion
  private let start: UnsafeMutableRawPointer?

  /// Takes the room of a region's values, which outlives this.
  fileprivate init(_ region: ChunkRegion, _ buffer: UnsafeMutableBufferPointer<Scalar>) {
    precondition(buffer.count >= region.valueCount, "a block has other values than its box")
    self.init(region, of: region, UnsafeMutableRawPointer(buffer.baseAddress))
  }

  private init(_ part: ChunkRegion, of region: ChunkRegion, _ start: UnsafeMutableRawPointer?) {
    self.part = region.intersection(part)
    self.region = region
    self.start = start
  }

  /// Sets the values that lie within another region to that region's.
  package mutating func copy(_ values: Span<Scalar>, of source: ChunkRegion) {
    let shared = part.intersection(source)
    guard !shared.isEmpty else { return }
    precondition(values.count == source.valueCount, "a block has other values than its box")
    let width = MemoryLayout<Scalar>.stride
    let (from, to) = (RowIndex(source), RowIndex(region))
    let (rows, count) = from.runs(of: shared, alsoOf: to)
    let (fromStep, toStep) = (source.box.extent.x * width, region.box.extent.x * width)
    let origin = shared.box.origin
    values.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress, let start else { return }
      shared.forEachPlane { time, channel, z in
        // Sound: the shared region lies within both, and both have the values their regions need
        // (checked above and in `init`); the room is exclusively held, so they cannot overlap.
        var next = source + from.index(time, channel, z, origin.y, origin.x) * width
        var target = start + to.index(time, channel, z, origin.y, origin.x) * width
        for _ in 0..<rows {
          memcpy(target, next, count * width)
          next += fromStep
          target += toStep
        }
      }
    }
  }

  /// Sets the values that lie within another region to one value.
  package mutating func fill(_ other: ChunkRegion, with value: Scalar) {
    let shared = part.intersection(other)
    guard !shared.isEmpty else { return }
    let to = RowIndex(region)
    let (rows, count) = to.runs(of: shared, alsoOf: to)
    let row = filledValues(value, count: count)
    let width = MemoryLayout<Scalar>.stride
    let origin = shared.box.origin
    row.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress, let start else { return }
      shared.forEachPlane { time, channel, z in
        // Sound: the shared region lies within this one, and the row holds `count` values.
        var target = start + to.index(time, channel, z, origin.y, origin.x) * width
        for _ in 0..<rows {
          memcpy(target, source, count * width)
          target += region.box.extent.x * width
        }
      }
    }
  }

  /// Calls a body for some chunks of a grid, side by side on at most `threads` threads.
  ///
  /// The body gets room for the chunk's values alone, and something to work with that is made
  /// once for many chunks.
  ///
  /// - Throws: The error of the first chunk that fails, in the order given.
  package mutating func forEachChunk<Scratch>(
    _ indices: [ChunkIndex], of grid: ChunkGrid, threads: Int, scratch: @Sendable () -> Scratch,
    _ body: @Sendable (ChunkIndex, inout RegionRoom, inout Scratch) throws(VolumeError) -> Void
  ) throws(VolumeError) {
    let batchCount = threads > 1 ? min(indices.count, 8 * threads) : 1
    let failure = Mutex<(batch: Int, error: VolumeError)?>(nil)
    let region = region
    let part = part
    // Sound: the chunks of a grid share no values, each is given to one thread, and the room of
    // each reaches no other; the memory outlives the call, which waits for all.
    nonisolated(unsafe) let start = start
    concurrentForEach(0..<batchCount, threads: threads) { batch in
      var work = scratch()
      do throws(VolumeError) {
        let range =
          batch * indices.count / batchCount..<(batch + 1) * indices.count / batchCount
        for index in indices[range] {
          let own = grid.region(of: index).intersection(part)
          var room = RegionRoom(own, of: region, start)
          try body(index, &room, &work)
        }
      } catch {
        failure.withLock { first in
          if batch < first?.batch ?? .max { first = (batch, error) }
        }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure.error }
  }
}

extension ChunkRegion {
  fileprivate func forEachPlane(_ body: (_ time: Int, _ channel: Int, _ z: Int) -> Void) {
    for time in times {
      for channel in channels {
        for z in box.origin.z..<box.end.z { body(time, channel, z) }
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

  /// How many runs a plane of a part has, and how many values each, where they are copied to or
  /// from another region: rows that are whole in both lie end to end.
  func runs(of part: ChunkRegion, alsoOf other: RowIndex) -> (count: Int, valueCount: Int) {
    let width = part.box.extent.x
    let isWhole = width == region.box.extent.x && width == other.region.box.extent.x
    return isWhole ? (1, width * part.box.extent.y) : (part.box.extent.y, width)
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
