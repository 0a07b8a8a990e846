import Synchronization
import Voxels

/// What a body gives for every index below a count, in the order of the indices.
///
/// - Parameters:
///   - count: How many indices there are.
///   - threads: At most how many threads work at once.
///   - body: Gives an index's value; called once for each, in any order.
/// - Returns: The values.
func concurrentMap<Value: Sendable>(
  _ count: Int, threads: Int, _ body: @Sendable (Int) -> Value
) -> [Value] {
  let slots = Mutex([Value?](repeating: nil, count: count))
  concurrentForEach(0..<count, threads: threads) { index in
    let value = body(index)
    slots.withLock { $0[index] = value }
  }
  return slots.withLock { $0 }.compactMap { $0 }
}

/// Sums over all nodes whose terms are vectors, the same for any number of threads.
///
/// Nodes are summed in blocks of a size that depends on their number alone, blocks in their order.
func concurrentSums(
  nodeCount: Int, threads: Int,
  _ add: @Sendable (_ nodes: Range<Int>, _ sums: inout [Double]) -> Void
) -> [Double] {
  let blocks = min(64, max(1, (nodeCount + 7) / 8))
  let parts = concurrentMap(blocks, threads: threads) { block in
    var sums = [Double](repeating: 0, count: nodeCount)
    add(nodeCount * block / blocks..<nodeCount * (block + 1) / blocks, &sums)
    return sums
  }
  var total = [Double](repeating: 0, count: nodeCount)
  for part in parts {
    for node in 0..<nodeCount { total[node] += part[node] }
  }
  return total
}
