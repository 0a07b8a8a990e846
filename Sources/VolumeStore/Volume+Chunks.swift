import Glibc
import Voxels

// Copies between volumes and chunks, row by row. The unsafe code of this is all here.

extension Volume {
  /// Copies a chunk's values, in (channel, z, y, x) order, where they lie inside this block.
  mutating func copy(_ values: [Scalar], from region: ChunkRegion) {
    let target = ChunkRegion(box: box, channels: 0..<channels)
    copyRegion(from: values.span, of: region, to: &storage, of: target)
  }

  /// A chunk's values: this block's where it lies, the fill value elsewhere.
  borrowing func chunk(_ region: ChunkRegion, fill: Scalar) -> [Scalar] {
    let source = ChunkRegion(box: box, channels: 0..<channels)
    var values = filledValues(fill, count: region.channels.count * region.box.extent.voxelCount)
    copyRegion(from: storage.span, of: source, to: &values, of: region)
    return values
  }
}

/// An array of one value, set by its bytes: a loop over values of a type unknown at compile time
/// takes twenty times as long.
func filledValues<Scalar: VoxelScalar>(_ value: Scalar, count: Int) -> [Scalar] {
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

/// Copies the values that two blocks share.
private func copyRegion<Scalar: VoxelScalar>(
  from source: Span<Scalar>, of sourceRegion: ChunkRegion, to target: inout [Scalar],
  of targetRegion: ChunkRegion
) {
  let shared = sourceRegion.intersection(targetRegion)
  guard !shared.box.isEmpty, !shared.channels.isEmpty else { return }
  let from = RowIndex(sourceRegion)
  let to = RowIndex(targetRegion)
  precondition(
    source.count == from.count && target.count == to.count, "a block has other values than its box")
  let width = shared.box.extent.x
  let x = shared.box.origin.x
  source.withUnsafeBufferPointer { source in
    target.withUnsafeMutableBufferPointer { target in
      guard let sourceStart = source.baseAddress, let targetStart = target.baseAddress else {
        return
      }
      for channel in shared.channels {
        for z in shared.box.origin.z..<shared.box.end.z {
          for y in shared.box.origin.y..<shared.box.end.y {
            // Sound: the shared region lies within both, and both have the values their regions
            // need (checked above); the target is exclusively held, so they cannot overlap.
            (targetStart + to.index(channel, z, y, x))
              .update(from: sourceStart + from.index(channel, z, y, x), count: width)
          }
        }
      }
    }
  }
}

/// Where a position's value lies among a region's values.
private struct RowIndex {
  let region: ChunkRegion

  init(_ region: ChunkRegion) { self.region = region }

  var count: Int { region.channels.count * region.box.extent.voxelCount }

  func index(_ channel: Int, _ z: Int, _ y: Int, _ x: Int) -> Int {
    let extent = region.box.extent
    let origin = region.box.origin
    let plane = (channel - region.channels.lowerBound) * extent.z + z - origin.z
    return (plane * extent.y + y - origin.y) * extent.x + x - origin.x
  }
}

/// Whether every value has the bytes of one value.
func isUniform<Scalar: VoxelScalar>(_ values: [Scalar], _ value: FillValue) -> Bool {
  let bytes = values.span.bytes
  let width = MemoryLayout<Scalar>.stride
  precondition(value.bytes.count == width, "the value is of another type")
  for index in 0..<min(width, bytes.byteCount)
  where bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) != value.bytes[index] {
    return false
  }
  return bytes.withUnsafeBytes { buffer in
    guard let start = buffer.baseAddress, buffer.count > width else { return true }
    // Sound: both ranges lie within the buffer. Bytes that equal those one value further on are
    // all the same value.
    return memcmp(start, start + width, buffer.count - width) == 0
  }
}
