extension FragmentLinks {
  /// Joins fragments into segments by the mutex watershed of their mean affinities.
  ///
  /// A pair of touching fragments has an edge by the mean of its near links, and any pair an edge
  /// by the mean of its far ones. Edges are taken by strength, the distance of the mean from the
  /// bias: above it an edge attracts, below it repels. Strengths are compared as fractions of whole
  /// numbers, without rounding; of equal ones those that attract come first, then near ones, then
  /// by fragments. So the result does not depend on the blocks that the links were gathered in.
  ///
  /// - Parameters:
  ///   - fragmentCount: The number of fragments, which is the largest label; below 2³² − 1.
  ///   - nearBias: The mean of near links at which they do nothing, in [0, 1]; with 0 all attract.
  ///   - farBias: That of far links; with 1 all repel.
  ///   - mutexMemory: What the clusters to keep apart may take, in bytes.
  /// - Returns: The segments, indexed by fragment label, counted from 1 in the order of their
  ///   smallest fragments; background, at 0, stays 0.
  /// - Throws: ``MutexMemoryError``.
  /// - Complexity: O(*m* log *m*) for *m* pairs.
  ///
  /// Source: Wolf et al. 2020, doi:10.1109/TPAMI.2020.2980827, §3, on the graph of fragments.
  public func mutexSegments(
    fragmentCount: Int, nearBias: Double = 0, farBias: Double = 1, mutexMemory: Int
  ) throws(MutexMemoryError) -> [UInt64] {
    precondition(fragmentCount < UInt32.max, "the fragments do not fit 32 bits")
    precondition(near.count + far.count <= UInt32.max, "the pairs do not fit 32 bits")
    let edges =
      near.indices.compactMap { Edge(near[$0], bias: nearBias, isNear: true) }
      + far.indices.compactMap { Edge(far[$0], bias: farBias, isNear: false) }
    var order = edges.indices.map {
      KeyedNumber(key: edges[$0].strength.costOrder, number: UInt32($0))
    }
    order.sortByKey()
    // The key rounds strengths; what is alike in it is compared in full.
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, order[end].key == order[start].key { end += 1 }
      if end > start + 1 {
        order[start..<end].sort { edges[Int($0.number)].precedes(edges[Int($1.number)]) }
      }
      start = end
    }
    var members = (0...UInt32(fragmentCount)).map { $0 }
    var sets = MutexSets(count: fragmentCount + 1, memoryLimit: mutexMemory)
    var parents = members.mutableSpan
    for entry in order {
      let edge = edges[Int(entry.number)]
      try settle(
        UInt32(edge.first), UInt32(edge.second), attracts: edge.attracts, outside: 0,
        parents: &parents, sets: &sets)
    }
    var numbers = [UInt64](repeating: 0, count: fragmentCount + 1)
    var segments = numbers
    var count: UInt64 = 0
    for fragment in segments.indices.dropFirst() {
      let cluster = Int(parents.cluster(of: UInt32(fragment)))
      if numbers[cluster] == 0 {
        count += 1
        numbers[cluster] = count
      }
      segments[fragment] = numbers[cluster]
    }
    return segments
  }
}

/// What attracts or repels two fragments.
private struct Edge {
  let first: UInt64
  let second: UInt64
  let attracts: Bool
  let isNear: Bool
  /// The distance of the mean affinity from the bias.
  let strength: MeanAffinity

  /// Nil where the mean is the bias.
  init?(_ pair: FragmentLinks.Pair, bias: Double, isNear: Bool) {
    let unit = UInt64((bias * Double(fixedPointOne)).rounded())
    let (sum, balance) = (pair.affinity.sum, unit * pair.affinity.count)
    guard sum != balance,
      let strength = MeanAffinity(
        count: pair.affinity.count, sum: sum > balance ? sum - balance : balance - sum)
    else { return nil }
    first = pair.first
    second = pair.second
    attracts = sum > balance
    self.isNear = isNear
    self.strength = strength
  }

  func precedes(_ other: Edge) -> Bool {
    if strength.isCheaper(than: other.strength) { return true }
    if other.strength.isCheaper(than: strength) { return false }
    if attracts != other.attracts { return attracts }
    if isNear != other.isNear { return isNear }
    return (first, second) < (other.first, other.second)
  }
}
