package import Codecs
import VolumeStore
package import Voxels

extension CompressedSegmentation {
  /// The most voxels of a block that is written.
  static let maximalWrittenBlock = 1 << 16

  /// Encodes a chunk of (channel, z, y, x) labels.
  ///
  /// Tables are sorted, and blocks of the same labels share one. Equal labels give equal bytes.
  ///
  /// - Throws: ``CodecError`` with `tooLarge` where a table would lie beyond 64 MiB, which the
  ///   format cannot say.
  package static func encode<Scalar: VoxelScalar>(
    _ values: [Scalar], extent: VoxelExtent, channels: Int, block: VoxelExtent
  ) throws(CodecError) -> [UInt8] {
    precondition(
      Scalar.dataType == .uint32 || Scalar.dataType == .uint64, "labels are uint32 or uint64")
    precondition(values.count == channels * extent.voxelCount, "the chunk has another size")
    precondition(block.voxelCount <= maximalWrittenBlock, "the blocks are too large")
    var words = [UInt32](repeating: 0, count: channels)
    for channel in 0..<channels {
      guard let start = UInt32(exactly: words.count) else { throw tooLarge }
      words[channel] = start
      var encoder = LabelBlockEncoder<Scalar>(extent: extent, block: block)
      try encoder.encode(values.span, from: channel * extent.voxelCount, to: &words)
    }
    var bytes: [UInt8] = []
    bytes.appendColumn(words)
    return bytes
  }

  static var tooLarge: CodecError {
    CodecError(.tooLarge, codec: name, "the chunk has too many labels for the format")
  }
}

/// Writes the blocks of one channel of a chunk.
private struct LabelBlockEncoder<Scalar: VoxelScalar> {
  let extent: VoxelExtent
  let block: VoxelExtent
  let counts: VoxelExtent
  /// Where each table written so far starts.
  var tables: [[Scalar]: Int] = [:]
  /// Where the tables of one label start, of the last few that occurred.
  var single: (label: Scalar, start: Int)?
  /// The labels of the block, in the order found, and the index of each voxel's.
  var labels: [Scalar] = []
  var indices: [UInt16]
  /// The place of each label found among the sorted ones.
  var ranks: [UInt32] = []
  /// Where labels lie in `labels`, by hash, where there are many; 0 is nowhere.
  var places: [UInt32]
  var usesPlaces = false
  /// What of a label's hash is not its place.
  let shift: UInt64

  init(extent: VoxelExtent, block: VoxelExtent) {
    self.extent = extent
    self.block = block
    counts = extent.blockCounts(block)
    indices = Array(repeating: 0, count: (block.voxelCount + 31) / 32 * 32)
    // At most half full, a power of two.
    let bits = Int.bitWidth - (2 * block.voxelCount - 1).leadingZeroBitCount
    places = Array(repeating: 0, count: 1 << bits)
    shift = UInt64(64 - bits)
  }

  @specialized(where Scalar == UInt32)
  @specialized(where Scalar == UInt64)
  mutating func encode(
    _ values: Span<Scalar>, from first: Int, to words: inout [UInt32]
  ) throws(CodecError) {
    let start = words.count
    words.append(contentsOf: repeatElement(0, count: 2 * counts.voxelCount))
    var header = start
    for z in 0..<counts.z {
      for y in 0..<counts.y {
        for x in 0..<counts.x {
          let part = VoxelBox(
            origin: VoxelPosition(z: z * block.z, y: y * block.y, x: x * block.x), extent: block
          ).intersection(VoxelBox(extent: extent))
          try encodeBlock(values, part, from: first, header: header, start: start, to: &words)
          header += 2
        }
      }
    }
  }

  @inline(__always)
  private mutating func encodeBlock(
    _ values: Span<Scalar>, _ part: VoxelBox, from first: Int, header: Int, start: Int,
    to words: inout [UInt32]
  ) throws(CodecError) {
    let size = part.extent
    let origin =
      first + (part.origin.z * extent.y + part.origin.y) * extent.x + part.origin.x
    let label = values[origin]
    if isUniform(values, size, from: origin, label) {
      let table = try singleTable(label, start, &words)
      try write(0, table: table, indices: words.count - start, at: header, to: &words)
      return
    }
    find(values, size, from: origin)
    let bits = bitCount(labels.count)
    rank()
    let indexStart = words.count - start
    pack(bits, to: &words)
    let table = try sortedTable(start, &words)
    try write(bits, table: table, indices: indexStart, at: header, to: &words)
  }

  private func write(
    _ bits: Int, table: Int, indices: Int, at header: Int, to words: inout [UInt32]
  ) throws(CodecError) {
    guard table < 1 << 24, let indices = UInt32(exactly: indices) else {
      throw CompressedSegmentation.tooLarge
    }
    words[header] = UInt32(table) | UInt32(bits) << 24
    words[header + 1] = indices
  }

  @inline(__always)
  private func isUniform(
    _ values: Span<Scalar>, _ size: VoxelExtent, from origin: Int, _ label: Scalar
  ) -> Bool {
    for z in 0..<size.z {
      for y in 0..<size.y {
        let row = origin + (z * extent.y + y) * extent.x
        for index in row..<row + size.x where values[index] != label { return false }
      }
    }
    return true
  }

  /// Finds the labels of a block; voxels past the volume's end count as the first label.
  @inline(__always)
  private mutating func find(_ values: Span<Scalar>, _ size: VoxelExtent, from origin: Int) {
    labels.removeAll(keepingCapacity: true)
    clearPlaces()
    var last = values[origin]
    var lastIndex: UInt16 = 0
    labels.append(last)
    let isWhole = size == block
    if !isWhole {
      for index in indices.indices { indices[index] = 0 }
    }
    for z in 0..<size.z {
      for y in 0..<size.y {
        let row = origin + (z * extent.y + y) * extent.x
        let target = (z * block.y + y) * block.x
        for x in 0..<size.x {
          let label = values[row + x]
          if label != last {
            last = label
            lastIndex = index(of: label)
          }
          indices[target + x] = lastIndex
        }
      }
    }
  }

  /// The index of a label among those found; it is one of them afterwards.
  @inline(__always)
  private mutating func index(of label: Scalar) -> UInt16 {
    if !usesPlaces {
      let count = labels.count
      for index in 0..<count where labels[index] == label {
        return UInt16(truncatingIfNeeded: index)
      }
      labels.append(label)
      if count >= 16 { fillPlaces() }
      return UInt16(truncatingIfNeeded: count)
    }
    var slot = self.slot(of: label)
    while places[slot] != 0 {
      let index = Int(places[slot]) - 1
      if labels[index] == label { return UInt16(truncatingIfNeeded: index) }
      slot = (slot + 1) & (places.count - 1)
    }
    labels.append(label)
    places[slot] = UInt32(labels.count)
    return UInt16(truncatingIfNeeded: labels.count - 1)
  }

  private func slot(of label: Scalar) -> Int {
    let word = label.nearest(UInt64.self) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: word >> shift)
  }

  private mutating func fillPlaces() {
    usesPlaces = true
    for (index, label) in labels.enumerated() {
      var slot = self.slot(of: label)
      while places[slot] != 0 { slot = (slot + 1) & (places.count - 1) }
      places[slot] = UInt32(index + 1)
    }
  }

  private mutating func clearPlaces() {
    guard usesPlaces else { return }
    usesPlaces = false
    for index in places.indices { places[index] = 0 }
  }

  private func bitCount(_ count: Int) -> Int {
    var bits = 1
    while bits < 16, count > 1 << bits { bits *= 2 }
    return bits
  }

  /// Sorts the labels, and gives the place of each.
  private mutating func rank() {
    let count = labels.count
    let order = (0..<count).sorted { labels[$0] < labels[$1] }
    ranks.removeAll(keepingCapacity: true)
    ranks.append(contentsOf: repeatElement(0, count: count))
    for (place, index) in order.enumerated() { ranks[index] = UInt32(place) }
    labels = order.map { labels[$0] }
  }

  /// Appends the indices of a block, the lowest bits first.
  @inline(__always)
  private func pack(_ bits: Int, to words: inout [UInt32]) {
    let perWord = 32 / bits
    let ranks = ranks.span
    let indices = indices.span
    let count = block.voxelCount
    for first in stride(from: 0, to: count, by: perWord) {
      var packed: UInt32 = 0
      for step in 0..<min(perWord, count - first) {
        packed |= ranks[Int(indices[first + step])] << UInt32(truncatingIfNeeded: step * bits)
      }
      words.append(packed)
    }
  }

  private mutating func singleTable(
    _ label: Scalar, _ start: Int, _ words: inout [UInt32]
  ) throws(CodecError) -> Int {
    if let single, single.label == label { return single.start }
    labels.removeAll(keepingCapacity: true)
    labels.append(label)
    let table = try sortedTable(start, &words)
    single = (label, table)
    return table
  }

  /// Where the table of the labels starts; it is appended where it is not there yet.
  private mutating func sortedTable(
    _ start: Int, _ words: inout [UInt32]
  ) throws(CodecError) -> Int {
    if let table = tables[labels] { return table }
    let table = words.count - start
    for label in labels {
      let word = label.nearest(UInt64.self)
      words.append(UInt32(truncatingIfNeeded: word))
      if MemoryLayout<Scalar>.size == 8 { words.append(UInt32(truncatingIfNeeded: word >> 32)) }
    }
    tables[labels] = table
    return table
  }
}
