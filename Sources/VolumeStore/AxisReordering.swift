import Voxels

// The reordering of axes. The unsafe code of this is all here.

/// How the values of a block whose axes are stored in any order come into the order
/// (time point, channel, z, y, x).
///
/// Axes of one value, and axes that follow each other in both orders, count as one. Where the
/// fastest axis is the same in both orders, whole rows are copied; where it is not, the plane of the
/// two fastest axes is transposed in tiles of one 64-bit word's values by as many.
package struct AxisReordering: Sendable {
  private struct Dimension: Sendable {
    var length: Int
    /// The distance between neighbours, in values.
    var sourceStride: Int
    var targetStride = 1
  }

  /// The dimensions of the result, slowest first.
  private var dimensions: [Dimension] = []
  /// The values of a block.
  package let count: Int

  /// Creates the reordering of blocks with the given axes, slowest first.
  ///
  /// - Returns: Nil where the values are in order already.
  package init?(of axes: [VolumeAxis], lengths: [Int]) {
    precondition(axes.count == lengths.count && Set(axes).count == axes.count, "axes differ")
    var strides: [VolumeAxis: Dimension] = [:]
    var step = 1
    for (axis, length) in zip(axes, lengths).reversed() {
      if length != 1 { strides[axis] = Dimension(length: length, sourceStride: step) }
      step *= length
    }
    count = step
    for axis in VolumeAxis.allCases {
      guard let next = strides[axis] else { continue }
      if let last = dimensions.last, last.sourceStride == next.sourceStride * next.length {
        dimensions[dimensions.count - 1].sourceStride = next.sourceStride
        dimensions[dimensions.count - 1].length *= next.length
      } else {
        dimensions.append(next)
      }
    }
    guard dimensions.count > 1 else { return nil }
    step = 1
    for index in dimensions.indices.reversed() {
      dimensions[index].targetStride = step
      step *= dimensions[index].length
    }
  }

  /// The values in order; `result` gives its memory where it has room for as many.
  package func reorder<Scalar: BitwiseCopyable>(_ values: [Scalar], into result: inout [Scalar]) {
    precondition(values.count == count, "a block has other values than its axes")
    if result.count != count {
      result = [Scalar](unsafeUninitializedCapacity: count) { buffer, filled in
        values.withUnsafeBytes { source in
          reorder(source, to: UnsafeMutableRawBufferPointer(buffer))
        }
        filled = count
      }
    } else {
      values.withUnsafeBytes { source in
        result.withUnsafeMutableBytes { target in reorder(source, to: target) }
      }
    }
  }

  private func reorder(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
    // Sound: both buffers hold `count` values of one width, and the strides and lengths, which
    // are those of a block of `count` values in either order, reach each of them once.
    guard let from = source.baseAddress, let to = target.baseAddress else { return }
    switch source.count / count {
    case 1: reorder(from, to, Transposition<UInt8>.self)
    case 2: reorder(from, to, Transposition<UInt16>.self)
    case 4: reorder(from, to, Transposition<UInt32>.self)
    case 8: reorder(from, to, Transposition<UInt64>.self)
    default: preconditionFailure("values are of 1, 2, 4 or 8 bytes")
    }
  }

  private func reorder<Word>(
    _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer,
    _ transposition: Transposition<Word>.Type
  ) {
    let width = MemoryLayout<Word>.size
    var outer = dimensions
    let row = outer.removeLast()
    guard row.sourceStride != 1 else {
      Self.forEach(outer[...], 0, 0) { from, to in
        (target + to * width).copyMemory(from: source + from * width, byteCount: row.length * width)
      }
      return
    }
    guard let place = outer.firstIndex(where: { $0.sourceStride == 1 }) else {
      preconditionFailure("some axis is the fastest")
    }
    let column = outer.remove(at: place)
    Self.forEach(outer[...], 0, 0) { from, to in
      Transposition<Word>.run(
        source + from * width, target + to * width, rows: row.length, columns: column.length,
        sourceStride: row.sourceStride, targetStride: column.targetStride)
    }
  }

  /// Gives where each row or plane starts in the source and in the target.
  private static func forEach(
    _ dimensions: ArraySlice<Dimension>, _ source: Int, _ target: Int, _ body: (Int, Int) -> Void
  ) {
    guard let first = dimensions.first else { return body(source, target) }
    for index in 0..<first.length {
      forEach(
        dimensions.dropFirst(), source + index * first.sourceStride,
        target + index * first.targetStride, body)
    }
  }
}

/// The transposition of a plane of values of one width.
private enum Transposition<Word: FixedWidthInteger & UnsignedInteger & BitwiseCopyable> {
  /// The values of a 64-bit word, and the side of a tile.
  private static var side: Int { 8 / MemoryLayout<Word>.size }

  /// Sets `target[column * targetStride + row]` to `source[row * sourceStride + column]`.
  static func run(
    _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, rows: Int, columns: Int,
    sourceStride: Int, targetStride: Int
  ) {
    let side = side
    let (fullRows, fullColumns) = (rows / side * side, columns / side * side)
    guard side > 1 else {
      return move(
        source, target, 0..<rows, 0..<columns, sourceStride: sourceStride,
        targetStride: targetStride)
    }
    for row in stride(from: 0, to: fullRows, by: side) {
      for column in stride(from: 0, to: fullColumns, by: side) {
        moveTile(
          source + (row &* sourceStride &+ column) &* MemoryLayout<Word>.size,
          target + (column &* targetStride &+ row) &* MemoryLayout<Word>.size,
          sourceStride: sourceStride &* MemoryLayout<Word>.size,
          targetStride: targetStride &* MemoryLayout<Word>.size)
      }
    }
    // What is left at the far sides.
    move(
      source, target, 0..<rows, fullColumns..<columns, sourceStride: sourceStride,
      targetStride: targetStride)
    move(
      source, target, fullRows..<rows, 0..<fullColumns, sourceStride: sourceStride,
      targetStride: targetStride)
  }

  /// Moves a part value by value, by columns of 16 rows.
  private static func move(
    _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ rows: Range<Int>,
    _ columns: Range<Int>, sourceStride: Int, targetStride: Int
  ) {
    // Sound: see `reorder(_:to:)`; the tiles cover the part once.
    guard !rows.isEmpty, !columns.isEmpty else { return }
    let from = source.assumingMemoryBound(to: Word.self)
    let to = target.assumingMemoryBound(to: Word.self)
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: 16) {
      let end = min(start &+ 16, rows.upperBound)
      for column in columns {
        var origin = start &* sourceStride &+ column
        let place = column &* targetStride
        for row in start..<end {
          to[place &+ row] = from[origin]
          origin &+= sourceStride
        }
      }
    }
  }
}

extension Transposition {
  /// Transposes one tile in registers: halves, quarters and eighths of words change places.
  @inline(__always)
  private static func moveTile(
    _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, sourceStride: Int,
    targetStride: Int
  ) {
    // Sound: the tile lies within the plane. Words are little-endian, as memory is.
    func load(_ row: Int) -> UInt64 {
      UInt64(
        littleEndian: (source + row &* sourceStride).loadUnaligned(as: UInt64.self))
    }
    func store(_ word: UInt64, _ column: Int) {
      (target + column &* targetStride).storeBytes(of: word.littleEndian, as: UInt64.self)
    }
    func exchange(_ low: inout UInt64, _ high: inout UInt64, _ shift: UInt64, _ mask: UInt64) {
      let difference = ((low &>> shift) ^ high) & mask
      high ^= difference
      low ^= difference &<< shift
    }
    if MemoryLayout<Word>.size == 1 {
      var (a, b, c, d) = (load(0), load(1), load(2), load(3))
      var (e, f, g, h) = (load(4), load(5), load(6), load(7))
      let halves: UInt64 = 0x0000_0000_FFFF_FFFF
      exchange(&a, &e, 32, halves)
      exchange(&b, &f, 32, halves)
      exchange(&c, &g, 32, halves)
      exchange(&d, &h, 32, halves)
      let quarters: UInt64 = 0x0000_FFFF_0000_FFFF
      exchange(&a, &c, 16, quarters)
      exchange(&b, &d, 16, quarters)
      exchange(&e, &g, 16, quarters)
      exchange(&f, &h, 16, quarters)
      let eighths: UInt64 = 0x00FF_00FF_00FF_00FF
      exchange(&a, &b, 8, eighths)
      exchange(&c, &d, 8, eighths)
      exchange(&e, &f, 8, eighths)
      exchange(&g, &h, 8, eighths)
      store(a, 0)
      store(b, 1)
      store(c, 2)
      store(d, 3)
      store(e, 4)
      store(f, 5)
      store(g, 6)
      store(h, 7)
    } else if MemoryLayout<Word>.size == 2 {
      var (a, b, c, d) = (load(0), load(1), load(2), load(3))
      exchange(&a, &c, 32, 0x0000_0000_FFFF_FFFF)
      exchange(&b, &d, 32, 0x0000_0000_FFFF_FFFF)
      exchange(&a, &b, 16, 0x0000_FFFF_0000_FFFF)
      exchange(&c, &d, 16, 0x0000_FFFF_0000_FFFF)
      store(a, 0)
      store(b, 1)
      store(c, 2)
      store(d, 3)
    } else {
      var (a, b) = (load(0), load(1))
      exchange(&a, &b, 32, 0x0000_0000_FFFF_FFFF)
      store(a, 0)
      store(b, 1)
    }
  }
}
