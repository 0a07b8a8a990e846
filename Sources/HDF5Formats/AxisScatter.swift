// Copies between orders of axes. The unsafe code of this is all here.

/// Where the values of a block belong that lies in the order of a dataset's axes.
struct AxisScatter: Sendable {
  /// The block's lengths, slowest axis first; axes that can be walked as one are one.
  private let lengths: [Int]
  /// How far apart neighbours along each axis belong, in values.
  private let strides: [Int]
  private let count: Int

  /// The bytes of a tile that both its reads and its writes should find in the cache.
  private static let tileBytes = 16 << 10

  /// Plans a copy.
  ///
  /// - Parameters:
  ///   - lengths: The block's lengths, slowest axis first.
  ///   - strides: How far apart neighbours along each axis belong, in values.
  init(lengths: [Int], strides: [Int]) {
    var merged: [(length: Int, stride: Int)] = []
    for (length, stride) in zip(lengths, strides) where length != 1 {
      if let last = merged.last, last.stride == stride * length {
        merged[merged.count - 1] = (last.length * length, stride)
      } else {
        merged.append((length, stride))
      }
    }
    if merged.isEmpty { merged = [(1, 1)] }
    self.lengths = merged.map { $0.length }
    self.strides = merged.map { $0.stride }
    count = lengths.reduce(1, *)
  }

  /// Whether the values keep their order and lie in one piece.
  var isPlain: Bool { lengths.count == 1 && strides[0] == 1 }

  /// Copies a block's values of `width` bytes, the first one to `start`.
  ///
  /// - Complexity: O(*n*) in the values; axes are exchanged tile by tile.
  func copy(
    from source: RawSpan, to target: inout MutableRawSpan, start: Int, width: Int
  ) {
    let last = zip(lengths, strides).reduce(start) { $0 + ($1.0 - 1) * $1.1 }
    precondition(
      source.byteCount == count * width && start >= 0 && strides.allSatisfy { $0 > 0 }
        && last < target.byteCount / width, "the block does not fit its target")
    source.withUnsafeBytes { source in
      target.withUnsafeMutableBytes { target in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        // Sound: the block's count and its farthest value were checked above; a span held for
        // writing overlaps no other; values are loaded and stored without regard to alignment.
        let origin = to + start * width
        if strides[strides.count - 1] == 1 {
          copyRows(from, origin, width: width)
        } else {
          switch width {
          case 1: exchange(from, origin, UInt8.self)
          case 2: exchange(from, origin, UInt16.self)
          case 4: exchange(from, origin, UInt32.self)
          default: exchange(from, origin, UInt64.self)
          }
        }
      }
    }
  }

  /// Copies rows that are rows at their target too.
  private func copyRows(
    _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, width: Int
  ) {
    let row = lengths[lengths.count - 1] * width
    var place = 0
    forEachIndex(of: Array(lengths.indices.dropLast())) { _, target in
      (to + target * width).copyMemory(from: from + place, byteCount: row)
      place += row
    }
  }

  /// Copies values whose fastest axis becomes another, tile by tile.
  private func exchange<Value: FixedWidthInteger & BitwiseCopyable>(
    _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ type: Value.Type
  ) {
    let inner = lengths.count - 1
    guard
      let outer = lengths.indices.dropLast().min(by: { strides[$0] < strides[$1] })
    else {
      for index in 0..<lengths[inner] {
        store(from, index, to, index * strides[inner], type)
      }
      return
    }
    let width = MemoryLayout<Value>.size
    let sourceStride = lengths[(outer + 1)...].reduce(1, *)
    let (innerStride, outerStride) = (strides[inner], strides[outer])
    let innerTile = min(lengths[inner], 32)
    let outerTile = max(32, AxisScatter.tileBytes / (innerTile * width))
    forEachIndex(of: lengths.indices.filter { $0 != inner && $0 != outer }) { source, target in
      var outerStart = 0
      while outerStart < lengths[outer] {
        let outerEnd = min(outerStart + outerTile, lengths[outer])
        var innerStart = 0
        while innerStart < lengths[inner] {
          let innerEnd = min(innerStart + innerTile, lengths[inner])
          for index in innerStart..<innerEnd {
            var read = source &+ outerStart &* sourceStride &+ index
            var write = target &+ index &* innerStride &+ outerStart &* outerStride
            for _ in outerStart..<outerEnd {
              store(from, read, to, write, type)
              read &+= sourceStride
              write &+= outerStride
            }
          }
          innerStart = innerEnd
        }
        outerStart = outerEnd
      }
    }
  }

  @inline(__always)
  private func store<Value: BitwiseCopyable>(
    _ from: UnsafeRawPointer, _ read: Int, _ to: UnsafeMutableRawPointer, _ write: Int,
    _ type: Value.Type
  ) {
    let width = MemoryLayout<Value>.size
    to.storeBytes(
      of: from.loadUnaligned(fromByteOffset: read &* width, as: type),
      toByteOffset: write &* width, as: type)
  }

  /// Gives the place of every index along some axes, in the block and at the target.
  private func forEachIndex(of axes: [Int], _ body: (_ source: Int, _ target: Int) -> Void) {
    let sourceStrides = axes.map { lengths[($0 + 1)...].reduce(1, *) }
    var index = [Int](repeating: 0, count: axes.count)
    var (source, target) = (0, 0)
    while true {
      body(source, target)
      var place = axes.count - 1
      while place >= 0 {
        let axis = axes[place]
        index[place] += 1
        source += sourceStrides[place]
        target += strides[axis]
        if index[place] < lengths[axis] { break }
        source -= lengths[axis] * sourceStrides[place]
        target -= lengths[axis] * strides[axis]
        index[place] = 0
        place -= 1
      }
      if place < 0 { return }
    }
  }
}
