import Synchronization
public import Voxels

/// Agglomerates a volume from the region graphs of the blocks that tile it.
///
/// Blocks are joined two by two, and at each step everything merges that the joined box decides
/// alone, so that only residual graphs are ever in memory. The result does not depend on the
/// blocks, their order or the number of threads.
///
/// - Parameters:
///   - blockCounts: The number of blocks along each axis.
///   - fragmentCount: The number of fragments of the volume, whose ids are 1 ... `fragmentCount`.
///   - maximumCost: The cost, 1 − mean affinity, up to which regions merge; in [0, 1].
///   - threads: The number of threads.
///   - graph: Gives the graph of a block, by its place in the grid's raster order.
/// - Returns: The merges of the whole volume.
/// - Throws: ``MalformedGraphError`` where the graphs are not of blocks that tile a volume with
///   these fragments, and what `graph` throws.
public func agglomerate(
  blockCounts: VoxelExtent, fragmentCount: Int, maximumCost: Double, threads: Int,
  graph: @escaping @Sendable (Int) throws -> RegionGraph
) throws -> MergeTree {
  precondition(
    blockCounts.z > 0 && blockCounts.y > 0 && blockCounts.x > 0, "a grid needs at least one block")
  let whole = BlockRange(
    z: 0..<blockCounts.z, y: 0..<blockCounts.y, x: 0..<blockCounts.x)
  let agglomeration = BlockwiseAgglomeration(
    blockCounts: blockCounts, fragmentCount: fragmentCount, maximumCost: maximumCost, graph: graph)
  let parts = whole.parts(atLeast: threads > 1 ? 4 * threads : 1)
  let results = Mutex<[BlockRange: Result<AgglomeratedBlocks, any Error>]>([:])
  concurrentForEach(0..<parts.count, threads: threads) { index in
    let result = Result { try agglomeration.result(of: parts[index], known: [:]) }
    results.withLock { $0[parts[index]] = result }
  }
  var known: [BlockRange: AgglomeratedBlocks] = [:]
  let finished = results.withLock { $0 }
  for part in parts { known[part] = try finished[part]?.get() }
  let root = try agglomeration.result(of: whole, known: known)
  guard root.voxelCount == root.residual.box.extent.voxelCount, root.residual.regions.isEmpty else {
    throw MalformedGraphError(
      "the region graphs are not of blocks that tile a volume",
      found: "\(root.voxelCount) voxels in blocks that span \(root.residual.box)")
  }
  return try MergeTree(
    merges: root.merges, fragmentCount: fragmentCount, maximumCost: maximumCost)
}

/// What is decided, and what is not, of a range of blocks.
private struct AgglomeratedBlocks: Sendable {
  var merges: [Merge]
  var residual: ResidualGraph
  var voxelCount: Int
}

private struct BlockwiseAgglomeration: Sendable {
  let blockCounts: VoxelExtent
  let fragmentCount: Int
  let maximumCost: Double
  let graph: @Sendable (Int) throws -> RegionGraph

  func result(
    of range: BlockRange, known: [BlockRange: AgglomeratedBlocks]
  ) throws -> AgglomeratedBlocks {
    if let result = known[range] { return result }
    guard let halves = range.halves else {
      return try leaf(
        (range.z.lowerBound * blockCounts.y + range.y.lowerBound)
          * blockCounts.x + range.x.lowerBound)
    }
    let near = try result(of: halves.near, known: known)
    let far = try result(of: halves.far, known: known)
    let joined = ResidualGraph(joining: [near.residual, far.residual])
      .agglomerated(maximumCost: maximumCost)
    return AgglomeratedBlocks(
      merges: near.merges + far.merges + joined.merges, residual: joined.residual,
      voxelCount: near.voxelCount + far.voxelCount)
  }

  private func leaf(_ index: Int) throws -> AgglomeratedBlocks {
    let graph = try graph(index)
    if let last = graph.fragments.last, last.id > UInt64(fragmentCount) {
      throw MalformedGraphError(
        "block \(index) has a fragment that the volume has not", found: "\(last.id)",
        expected: "at most \(fragmentCount)")
    }
    let (merges, residual) = ResidualGraph(graph).agglomerated(maximumCost: maximumCost)
    return AgglomeratedBlocks(
      merges: merges, residual: residual, voxelCount: graph.box.extent.voxelCount)
  }
}
