/// The cheapest ways from voxels of a part to those that a skeleton has reached.
///
/// A step costs what the voxel costs that it leads to. Each search begins anew, but only at the
/// voxels that the last one touched.
struct PenaltySearch {
  /// What a step to each voxel costs.
  private let penalties: [Float]
  private var costs: [Float]
  /// The directions of the steps that led to voxels, by which they are gone back.
  private var directions: [UInt8]
  private var touched: [UInt32] = []
  private var queue = CostQueue()

  init(penalties: [Float]) {
    self.penalties = penalties
    costs = Array(repeating: .infinity, count: penalties.count)
    directions = Array(repeating: 0, count: penalties.count)
  }

  /// Finds the cheapest way from a voxel to any that is reached.
  ///
  /// - Parameters:
  ///   - target: The voxel.
  ///   - graph: The part.
  ///   - ranks: The places of voxels in the part.
  ///   - isReached: Whether a voxel is reached; one is.
  /// - Returns: The voxels on the way, the reached one first and the target last.
  /// - Complexity: O(*n* log *n*) for *n* voxels that are no costlier to reach.
  mutating func path(
    from target: Int, in graph: borrowing VoxelGraph, ranks: Span<UInt32>, to isReached: [Int32]
  ) -> [Int] {
    for voxel in touched { costs[Int(voxel)] = .infinity }
    touched.removeAll(keepingCapacity: true)
    queue.removeAll()
    costs[target] = 0
    touched.append(UInt32(target))
    queue.insert(cost: 0, UInt32(target))
    while let (cost, entry) = queue.removeFirst() {
      let voxel = Int(entry)
      guard cost == costs[voxel] else { continue }
      if isReached[voxel] >= 0 { return way(back: voxel, to: target, graph, ranks) }
      let index = Int(graph.indices[voxel])
      var bits = graph.neighbours[voxel]
      while bits != 0 {
        let direction = bits.trailingZeroBitCount
        bits &= bits &- 1
        let next = Int(ranks[index &+ graph.steps[direction]])
        let known = costs[next]
        let way = cost + penalties[next]
        guard way < known else { continue }
        costs[next] = way
        directions[next] = UInt8(truncatingIfNeeded: direction)
        let entry = UInt32(truncatingIfNeeded: next)
        if known == .infinity { touched.append(entry) }
        queue.insert(cost: way, entry)
      }
    }
    preconditionFailure("a part is connected, and one of its voxels is reached")
  }

  private func way(
    back start: Int, to target: Int, _ graph: borrowing VoxelGraph, _ ranks: Span<UInt32>
  ) -> [Int] {
    var path = [start]
    var voxel = start
    while voxel != target {
      // The opposite step.
      voxel = Int(ranks[Int(graph.indices[voxel]) - graph.steps[Int(directions[voxel])]])
      path.append(voxel)
    }
    return path
  }
}

/// Voxels in the order of their costs; of the same cost, the first of the part comes first.
private struct CostQueue {
  /// A binary heap of costs, their bits above those of the voxels: numbers that are not negative
  /// are ordered as their bits.
  private var keys: [UInt64] = []

  mutating func removeAll() { keys.removeAll(keepingCapacity: true) }

  mutating func insert(cost: Float, _ voxel: UInt32) {
    let key = UInt64(cost.bitPattern) << 32 | UInt64(voxel)
    keys.append(key)
    var place = keys.count &- 1
    while place > 0 {
      let parent = (place &- 1) / 2
      guard keys[parent] > key else { break }
      keys[place] = keys[parent]
      place = parent
    }
    keys[place] = key
  }

  mutating func removeFirst() -> (cost: Float, voxel: UInt32)? {
    guard let first = keys.first, let key = keys.popLast() else { return nil }
    let count = keys.count
    if count > 0 {
      var place = 0
      while true {
        var child = 2 &* place &+ 1
        guard child < count else { break }
        if child &+ 1 < count, keys[child &+ 1] < keys[child] { child &+= 1 }
        guard keys[child] < key else { break }
        keys[place] = keys[child]
        place = child
      }
      keys[place] = key
    }
    return (
      Float(bitPattern: UInt32(truncatingIfNeeded: first >> 32)),
      UInt32(truncatingIfNeeded: first)
    )
  }
}
