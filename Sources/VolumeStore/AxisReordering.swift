import Voxels

// The reordering of axes. The unsafe code of this is all here.

/// How the values of a block whose axes are stored in any order come into the order
/// (time point, channel, z, y, x).
///
/// Axes of one value, and axes that follow each other in both orders, count as one. Where the
/// fastest axis is the same in both orders, whole rows are copied; where it is not, the plane of the
/// two fastest axes is transposed in blocks of a cache line by a cache line, each of which is read
/// and written once, and these in tiles of one 64-bit word's values by as many.
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
  /// Nil where the values are in order already and lie in one piece.
  ///
  /// - Parameters:
  ///   - axes: The block's axes.
  ///   - lengths: The block's lengths along them.
  ///   - whole: The lengths, along the same axes, of the values that the block is a part of; nil
  ///     where it is all of them.
  package init?(of axes: [VolumeAxis], lengths: [Int], within whole: [Int]? = nil) {
    let whole = whole ?? lengths
    precondition(
      axes.count == lengths.count && whole.count == lengths.count
        && Set(axes).count == axes.count, "axes differ")
    var parts: [VolumeAxis: Dimension] = [:]
    var step = 1
    for (axis, length) in zip(axes, lengths).reversed() {
      if length != 1 { parts[axis] = Dimension(length: length, sourceStride: step) }
      step *= length
    }
    count = step
    step = 1
    for axis in VolumeAxis.allCases.reversed() {
      guard let index = axes.firstIndex(of: axis) else { continue }
      parts[axis]?.targetStride = step
      step *= whole[index]
    }
    for axis in VolumeAxis.allCases {
      guard let next = parts[axis] else { continue }
      if let last = dimensions.last, last.sourceStride == next.sourceStride * next.length,
        last.targetStride == next.targetStride * next.length
      {
        dimensions[dimensions.count - 1] = next
        dimensions[dimensions.count - 1].length *= last.length
      } else {
        dimensions.append(next)
      }
    }
    guard let last = dimensions.last else { return nil }
    if last.targetStride != 1 {
      // Rows of one value each.
      dimensions.append(Dimension(length: 1, sourceStride: count))
    }
    guard dimensions.count > 1 else { return nil }
  }

  /// Puts a block's values, of `width` bytes each, in order, the first one at the place `start`.
  package func reorder(
    _ values: RawSpan, into target: inout MutableRawSpan, at start: Int, width: Int
  ) {
    let last = dimensions.reduce(start) { $0 + ($1.length - 1) * $1.targetStride }
    precondition(
      values.byteCount == count * width && start >= 0 && last < target.byteCount / width,
      "a block does not fit its target")
    values.withUnsafeBytes { source in
      target.withUnsafeMutableBytes { target in
        // Sound: the block's last value lies in the target, see above.
        reorder(source, to: UnsafeMutableRawBufferPointer(rebasing: target[(start * width)...]))
      }
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
    // Sound: the source holds `count` values of one width, and the strides and lengths, which are
    // those of a block of `count` values in either order, reach each of them once; the callers
    // checked that the target holds the last of them, and so all.
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

  /// The values of a cache line, and the side of a block.
  private static var line: Int { 64 / MemoryLayout<Word>.size }

  /// Sets `target[column * targetStride + row]` to `source[row * sourceStride + column]`.
  static func run(
    _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, rows: Int, columns: Int,
    sourceStride: Int, targetStride: Int
  ) {
    let (line, side) = (line, side)
    let width = MemoryLayout<Word>.size
    guard columns >= 8 else {
      return move(
        source, target, 0..<rows, 0..<columns, sourceStride: sourceStride,
        targetStride: targetStride)
    }
    withUnsafeTemporaryAllocation(byteCount: 64 * line, alignment: 64) { room in
      guard let block = room.baseAddress else { return }
      for row in stride(from: 0, to: rows, by: line) {
        let height = min(line, rows - row)
        for column in stride(from: 0, to: columns, by: line) {
          let length = min(line, columns - column)
          let from = source + (row &* sourceStride &+ column) &* width
          let to = target + (column &* targetStride &+ row) &* width
          guard height >= side, length >= side else {
            move(
              from, to, 0..<height, 0..<length, sourceStride: sourceStride,
              targetStride: targetStride)
            continue
          }
          if side == 1, height == line, length == line {
            moveLines(
              from, to, sourceStride: sourceStride &* width, targetStride: targetStride &* width)
            continue
          }
          // Through a block in one piece: lines that are a power of two apart, as those of chunks
          // are, drive each other out of the cache when they are come back to.
          transpose(from, block, rows: height, columns: length, sourceStride: sourceStride)
          for index in 0..<length {
            let written = to + index &* targetStride &* width
            if height == line {
              written.copyLine(from: block + index &* 64)
            } else {
              written.copyMemory(from: block + index &* 64, byteCount: height &* width)
            }
          }
        }
      }
    }
  }

  /// Transposes a line of 64-bit values by a line.
  private static func moveLines(
    _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, sourceStride: Int,
    targetStride: Int
  ) {
    // Sound: the lines lie within the plane.
    for column in 0..<8 {
      let from = source + column &* 8
      var line = SIMD8<UInt64>()
      for row in 0..<8 {
        line[row] = (from + row &* sourceStride).loadUnaligned(as: UInt64.self)
      }
      (target + column &* targetStride).storeBytes(of: line, as: SIMD8<UInt64>.self)
    }
  }

  /// Transposes at most a line by a line into a block of 64 bytes a row.
  private static func transpose(
    _ source: UnsafeRawPointer, _ block: UnsafeMutableRawPointer, rows: Int, columns: Int,
    sourceStride: Int
  ) {
    let (line, side) = (line, side)
    let width = MemoryLayout<Word>.size
    guard side > 1 else {
      return move(
        source, block, 0..<rows, 0..<columns, sourceStride: sourceStride, targetStride: line)
    }
    let (fullRows, fullColumns) = (rows / side * side, columns / side * side)
    for row in stride(from: 0, to: fullRows, by: side) {
      for column in stride(from: 0, to: fullColumns, by: side) {
        moveTile(
          source + (row &* sourceStride &+ column) &* width,
          block + (column &* line &+ row) &* width, sourceStride: sourceStride &* width,
          targetStride: 64)
      }
    }
    // What is left at the far sides.
    move(
      source, block, 0..<rows, fullColumns..<columns, sourceStride: sourceStride,
      targetStride: line)
    move(
      source, block, fullRows..<rows, 0..<fullColumns, sourceStride: sourceStride,
      targetStride: line)
  }

  /// Moves a part value by value, by columns of as many rows as the cache holds.
  private static func move(
    _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ rows: Range<Int>,
    _ columns: Range<Int>, sourceStride: Int, targetStride: Int
  ) {
    // Sound: see `reorder(_:to:)`; the tiles cover the part once.
    guard !rows.isEmpty, !columns.isEmpty else { return }
    let from = source.assumingMemoryBound(to: Word.self)
    let to = target.assumingMemoryBound(to: Word.self)
    let height = max(16, 8192 / (columns.count * MemoryLayout<Word>.size))
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: height) {
      let end = min(start &+ height, rows.upperBound)
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

extension UnsafeMutableRawPointer {
  /// Copies the 64 bytes of a cache line.
  fileprivate func copyLine(from source: UnsafeMutableRawPointer) {
    // Sound: both places hold 64 bytes, see `Transposition.run`.
    storeBytes(of: source.loadUnaligned(as: SIMD8<UInt64>.self), as: SIMD8<UInt64>.self)
  }
}
