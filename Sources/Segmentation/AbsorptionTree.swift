import Labels
public import Voxels

/// Decides what the blocks of a volume have left undecided.
///
/// Blocks are joined two by two, and at each step everything merges that the joined box decides
/// alone, so that only what is undecided is ever in memory. The result does not depend on the
/// blocks or their order.
///
/// - Parameters:
///   - blockCounts: The number of blocks along each axis.
///   - fragmentCount: The number of fragments of the volume, whose ids are 1 ... `fragmentCount`.
///   - needed: What a fragment must have to be grown.
///   - graph: Gives what a block has left, with the ids of the volume, by its place in the grid's
///     raster order.
/// - Returns: The number of every fragment, by its id, after all merges: dense from 1, in the order
///   of the smallest ids. Background, at 0, stays 0.
/// - Throws: ``MalformedGraphError`` where the graphs are not of blocks that tile a volume with
///   these fragments, and what `graph` throws.
/// - Complexity: O(*m* log *m*) for *m* undecided links; 4 bytes for each fragment.
public func absorb(
  blockCounts: VoxelExtent, fragmentCount: Int, until needed: RegionGrowth,
  graph: (Int) throws -> AbsorptionGraph
) throws -> (numbers: [UInt32], count: Int) {
  precondition(
    blockCounts.z > 0 && blockCounts.y > 0 && blockCounts.x > 0, "a grid needs at least one block")
  guard fragmentCount < Int(UInt32.max) else {
    throw MalformedGraphError("there are more fragments than can be numbered")
  }
  var sets = DisjointSet<UInt32>(count: fragmentCount + 1)
  func residual(of range: BlockRange) throws -> (graph: AbsorptionGraph, voxelCount: Int) {
    var joined: (graph: AbsorptionGraph, voxelCount: Int)
    if let halves = range.halves {
      let near = try residual(of: halves.near)
      let far = try residual(of: halves.far)
      joined = (
        AbsorptionGraph(joining: [near.graph, far.graph]), near.voxelCount + far.voxelCount
      )
    } else {
      let index =
        (range.z.lowerBound * blockCounts.y + range.y.lowerBound) * blockCounts.x
        + range.x.lowerBound
      let block = try graph(index)
      guard block.regions.allSatisfy({ $0.id > 0 && $0.id <= UInt64(fragmentCount) }) else {
        throw MalformedGraphError("block \(index) has a fragment that the volume has not")
      }
      joined = (block, block.box.extent.voxelCount)
    }
    let (merges, left) = joined.graph.absorbed(until: needed)
    for merge in merges { sets.join(UInt32(merge.first), UInt32(merge.second)) }
    return (left, joined.voxelCount)
  }
  let root = try residual(
    of: BlockRange(z: 0..<blockCounts.z, y: 0..<blockCounts.y, x: 0..<blockCounts.x))
  guard root.voxelCount == root.graph.box.extent.voxelCount, root.graph.regions.isEmpty else {
    throw MalformedGraphError(
      "what is undecided is not of blocks that tile a volume",
      found: "\(root.voxelCount) voxels in blocks that span \(root.graph.box)")
  }
  return sets.numbered()
}
