import Synchronization
import Voxels

/// Joins what is left undecided of blocks, two boxes at a time, up to the whole grid.
struct BlockTree<Undecided: Sendable>: Sendable {
  /// The number of blocks along each axis.
  let blockCounts: VoxelExtent
  /// Gives what a block leaves undecided, by its place in the grid.
  let leaf: @Sendable (Int) throws -> Undecided
  /// Gives what the box of two parts, which has a number of its own, leaves undecided.
  let joined: @Sendable ([Undecided], Int) throws -> Undecided

  init(
    blockCounts: VoxelExtent, leaf: @escaping @Sendable (Int) throws -> Undecided,
    joined: @escaping @Sendable ([Undecided], Int) throws -> Undecided
  ) {
    precondition(
      blockCounts.z > 0 && blockCounts.y > 0 && blockCounts.x > 0,
      "a grid needs at least one block")
    self.blockCounts = blockCounts
    self.leaf = leaf
    self.joined = joined
  }

  /// What the whole grid leaves undecided.
  func result(threads: Int) throws -> Undecided {
    let whole = BlockRange(
      z: 0..<blockCounts.z, y: 0..<blockCounts.y, x: 0..<blockCounts.x)
    let parts = whole.parts(atLeast: threads > 1 ? 4 * threads : 1)
    let results = Mutex<[BlockRange: Result<Undecided, any Error>]>([:])
    concurrentForEach(0..<parts.count, threads: threads) { index in
      let result = Result { try self.result(of: parts[index], known: [:]) }
      results.withLock { $0[parts[index]] = result }
    }
    var known: [BlockRange: Undecided] = [:]
    let finished = results.withLock { $0 }
    for part in parts { known[part] = try finished[part]?.get() }
    return try result(of: whole, known: known)
  }

  private func result(
    of range: BlockRange, known: [BlockRange: Undecided]
  ) throws -> Undecided {
    if let result = known[range] { return result }
    guard let halves = range.halves else { return try leaf(place(of: range)) }
    let near = try result(of: halves.near, known: known)
    let far = try result(of: halves.far, known: known)
    // No two boxes of several blocks have far halves that begin at the same block.
    let number = blockCounts.voxelCount + place(of: halves.far)
    return try joined([near, far], number)
  }

  /// The place of a range's first block in the grid's raster order.
  private func place(of range: BlockRange) -> Int {
    (range.z.lowerBound * blockCounts.y + range.y.lowerBound) * blockCounts.x
      + range.x.lowerBound
  }
}
