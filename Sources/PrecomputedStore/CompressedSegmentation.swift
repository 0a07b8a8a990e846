package import Codecs
import VolumeStore
package import Voxels

/// The compressed segmentation format: blocks of labels as a table and indices of 0 to 32 bits.
///
/// Channel by channel, after a list of where each starts: a header of two words for each block, in
/// raster order, with the places of its table and of its indices and the bits of one; then these.
///
/// Source: <https://github.com/google/neuroglancer/blob/master/src/sliceview/compressed_segmentation/README.md>
package enum CompressedSegmentation {
  static let name = "compressed_segmentation"

  static func corrupt(_ message: String) -> CodecError {
    CodecError(.corruptData, codec: name, message)
  }

  /// Decodes a chunk in place of `values`, which are as many as the chunk's, in (channel, z, y, x)
  /// order.
  package static func decode<Scalar: VoxelScalar>(
    _ bytes: [UInt8], extent: VoxelExtent, channels: Int, block: VoxelExtent,
    into values: inout [Scalar]
  ) throws(CodecError) {
    precondition(
      Scalar.dataType == .uint32 || Scalar.dataType == .uint64, "labels are uint32 or uint64")
    precondition(values.count == channels * extent.voxelCount, "there is room for another chunk")
    guard bytes.count % 4 == 0 else {
      throw corrupt("the chunk is no whole number of words")
    }
    let words = bytes.column(UInt32.self, at: 0, count: bytes.count / 4)
    guard words.count >= channels else { throw corrupt("the chunk ends within its first words") }
    for channel in 0..<channels {
      let start = Int(words[channel])
      guard start >= channels, start <= words.count else {
        throw corrupt("channel \(channel) starts outside the chunk")
      }
      var target = values.mutableSpan
      var decoder = LabelBlocks(extent: extent, block: block)
      try decoder.decode(
        words.span.extracting(start..<words.count), into: &target,
        at: channel * extent.voxelCount)
    }
  }
}

/// The blocks of one channel of a chunk.
private struct LabelBlocks {
  let extent: VoxelExtent
  let block: VoxelExtent
  let counts: VoxelExtent

  init(extent: VoxelExtent, block: VoxelExtent) {
    self.extent = extent
    self.block = block
    counts = extent.blockCounts(block)
  }

  @specialized(where Scalar == UInt32)
  @specialized(where Scalar == UInt64)
  mutating func decode<Scalar: VoxelScalar>(
    _ words: Span<UInt32>, into values: inout MutableSpan<Scalar>, at start: Int
  ) throws(CodecError) {
    let (headers, overflows) = checkedHeaders()
    guard !overflows, words.count >= headers else {
      throw CompressedSegmentation.corrupt("the chunk ends within its block headers")
    }
    // All 256 entries are always there, so that any index of up to 8 bits finds one.
    var table = [Scalar](repeating: .zero, count: 256)
    var header = 0
    for z in 0..<counts.z {
      for y in 0..<counts.y {
        for x in 0..<counts.x {
          let part = VoxelBox(
            origin: VoxelPosition(z: z * block.z, y: y * block.y, x: x * block.x), extent: block
          ).intersection(VoxelBox(extent: extent))
          try decodeBlock(
            words, header: header, part, table: &table, into: &values, at: start)
          header += 2
        }
      }
    }
  }

  private func checkedHeaders() -> (Int, Bool) {
    let (count, overflows) = counts.voxelCount.multipliedReportingOverflow(by: 2)
    return (count, overflows)
  }

  @inline(__always)
  private func decodeBlock<Scalar: VoxelScalar>(
    _ words: Span<UInt32>, header: Int, _ part: VoxelBox, table: inout [Scalar],
    into values: inout MutableSpan<Scalar>, at start: Int
  ) throws(CodecError) {
    let bits = Int(words[header] >> 24)
    let tableStart = Int(words[header] & 0xFF_FFFF)
    let indices = Int(words[header + 1])
    let width = MemoryLayout<Scalar>.size / 4
    let entries = (words.count - tableStart) / width
    guard tableStart <= words.count, entries > 0 else {
      throw CompressedSegmentation.corrupt("a block's table lies outside the chunk")
    }
    let first = (part.origin.z * extent.y + part.origin.y) * extent.x + part.origin.x + start
    let size = part.extent
    if bits == 0 {
      let label = entry(0, of: words, at: tableStart, Scalar.self)
      for z in 0..<size.z {
        for y in 0..<size.y {
          let row = first + (z * extent.y + y) * extent.x
          for index in row..<row + size.x { values[index] = label }
        }
      }
      return
    }
    guard bits <= 32, bits & (bits - 1) == 0 else {
      throw CompressedSegmentation.corrupt("a block's indices have \(bits) bits")
    }
    let last = ((size.z - 1) * block.y + size.y - 1) * block.x
    guard (((last + size.x) * bits + 31) / 32) <= words.count - indices else {
      throw CompressedSegmentation.corrupt("a block's indices lie outside the chunk")
    }
    if bits <= 8 {
      let count = min(entries, 1 << bits)
      for index in 0..<count {
        table[index] = entry(index, of: words, at: tableStart, Scalar.self)
      }
      if count < 1 << bits {
        try check(words, from: indices, bits: bits, size, below: count)
      }
      let wholeRows = ((last + block.x) * bits + 31) / 32 <= words.count - indices
      if block.x == 8, wholeRows {
        decodeRows(words, from: indices, bits: bits, size, table.span, into: &values, at: first)
      } else {
        decodeAny(words, from: indices, bits: bits, size, into: &values, at: first) {
          table[Int($0)]
        }
      }
    } else {
      try check(words, from: indices, bits: bits, size, below: entries)
      decodeAny(words, from: indices, bits: bits, size, into: &values, at: first) {
        entry(Int($0), of: words, at: tableStart, Scalar.self)
      }
    }
  }

  /// Rows of eight: at most 64 bits of indices each.
  @inline(__always)
  private func decodeRows<Scalar: VoxelScalar>(
    _ words: Span<UInt32>, from start: Int, bits: Int, _ size: VoxelExtent, _ table: Span<Scalar>,
    into values: inout MutableSpan<Scalar>, at first: Int
  ) {
    let mask: UInt64 = 1 << UInt64(bits) - 1
    let shift = UInt64(bits)
    for z in 0..<size.z {
      for y in 0..<size.y {
        let bit = (z * block.y + y) * 8 * bits
        let word = start + bit / 32
        var row = UInt64(words[word]) >> UInt64(bit % 32)
        if bits == 8 { row |= UInt64(words[word + 1]) << 32 }
        let target = first + (z * extent.y + y) * extent.x
        for x in target..<target + size.x {
          values[x] = table[Int(truncatingIfNeeded: row & mask)]
          row >>= shift
        }
      }
    }
  }

  @inline(__always)
  private func decodeAny<Scalar: VoxelScalar>(
    _ words: Span<UInt32>, from start: Int, bits: Int, _ size: VoxelExtent,
    into values: inout MutableSpan<Scalar>, at first: Int, _ label: (UInt32) -> Scalar
  ) {
    for z in 0..<size.z {
      for y in 0..<size.y {
        let target = first + (z * extent.y + y) * extent.x
        let source = (z * block.y + y) * block.x
        for x in 0..<size.x {
          values[target + x] = label(index(source + x, of: words, from: start, bits: bits))
        }
      }
    }
  }

  /// Checks that every index of a block names an entry of its table.
  private func check(
    _ words: Span<UInt32>, from start: Int, bits: Int, _ size: VoxelExtent, below count: Int
  ) throws(CodecError) {
    var largest: UInt32 = 0
    for z in 0..<size.z {
      for y in 0..<size.y {
        let source = (z * block.y + y) * block.x
        for x in 0..<size.x {
          largest = max(largest, index(source + x, of: words, from: start, bits: bits))
        }
      }
    }
    guard Int(largest) < count else {
      throw CompressedSegmentation.corrupt("an index lies outside its block's table")
    }
  }

  @inline(__always)
  private func index(
    _ voxel: Int, of words: Span<UInt32>, from start: Int, bits: Int
  ) -> UInt32 {
    let bit = voxel * bits
    let mask = UInt32(truncatingIfNeeded: (1 as UInt64) << UInt64(bits) - 1)
    return words[start + bit / 32] >> UInt32(bit % 32) & mask
  }

  @inline(__always)
  private func entry<Scalar: VoxelScalar>(
    _ index: Int, of words: Span<UInt32>, at start: Int, _ type: Scalar.Type
  ) -> Scalar {
    guard MemoryLayout<Scalar>.size == 8 else {
      return Scalar(nearest: UInt64(words[start + index]))
    }
    let place = start + 2 * index
    return Scalar(nearest: UInt64(words[place]) | UInt64(words[place + 1]) << 32)
  }
}
