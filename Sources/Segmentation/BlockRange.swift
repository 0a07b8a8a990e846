import Voxels

/// A box of blocks in a grid.
struct BlockRange: Hashable, Sendable {
  var z: Range<Int>, y: Range<Int>, x: Range<Int>

  /// The range cut in two across its longest axis; nil for one block.
  var halves: (near: BlockRange, far: BlockRange)? {
    let longest = max(z.count, y.count, x.count)
    guard longest > 1 else { return nil }
    var (near, far) = (self, self)
    let axis: WritableKeyPath<BlockRange, Range<Int>> =
      z.count == longest ? \.z : y.count == longest ? \.y : \.x
    let range = self[keyPath: axis]
    let middle = range.lowerBound + longest / 2
    near[keyPath: axis] = range.lowerBound..<middle
    far[keyPath: axis] = middle..<range.upperBound
    return (near, far)
  }

  /// The range halved again and again, to so many parts or down to single blocks.
  func parts(atLeast count: Int) -> [BlockRange] {
    var parts = [self]
    while parts.count < count {
      let halved = parts.flatMap { part in
        part.halves.map { [$0.near, $0.far] } ?? [part]
      }
      if halved.count == parts.count { break }
      parts = halved
    }
    return parts
  }
}
