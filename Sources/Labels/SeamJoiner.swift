public import Voxels

/// Joins the labels of blocks that tile a region into components of the whole region.
///
/// A component of a block that names a voxel of the overlap is joined with the component that
/// names the same voxel in the block that owns it.
///
/// Blocks are asked for by index, up to six times each; no more than eight are held at once.
public struct SeamJoiner {
  /// The region that the blocks' own boxes tile.
  public let region: VoxelBox
  /// The number of blocks along each axis; blocks are numbered in raster order.
  public let gridExtent: VoxelExtent

  /// Creates a joiner.
  public init(region: VoxelBox, gridExtent: VoxelExtent) {
    precondition(!region.isEmpty, "a region has at least one voxel")
    precondition(
      gridExtent.z > 0 && gridExtent.y > 0 && gridExtent.x > 0, "a grid has at least one block")
    self.region = region
    self.gridExtent = gridExtent
  }

  /// Joins all blocks.
  ///
  /// - Parameters:
  ///   - filter: Which components are kept and numbered.
  ///   - memory: The bytes that the components of all blocks may take in memory while they are
  ///     joined; what does not fit waits in `pages`. Nil sets no bound.
  ///   - pages: Where it waits, and where the resulting map finds its numbers.
  ///   - seams: The seams of a block, by its index.
  /// - Returns: The region's components, and the number of each block's.
  /// - Throws: ``SeamError`` where the blocks do not tile the region, and whatever `seams` and
  ///   `pages` throw.
  /// - Complexity: O(*s*) time in the voxels of the seams; 32 bytes, in memory or in pages, for
  ///   each component of each block. Beside these and eight blocks' seams, memory holds two sizes
  ///   for each of the largest components asked for, and the components that start in one plane.
  public func join(
    keeping filter: ComponentFilter = .everything, memory: Int? = nil,
    pages: any NumberPages = MemoryPages(), seams: (Int) throws -> BlockSeams
  ) throws -> ComponentMap {
    let offsets = try offsets(seams)
    let memberCount = offsets[offsets.count - 1]
    let pagesHeld = memory.map { max(1, $0 / (PagedNumbers.pageLength * 8 * 4)) } ?? .max
    var sets = try PagedDisjointSet(
      count: memberCount, limit: pagesHeld, in: pages, firstPage: 0)
    var held: [Int: BlockSeams] = [:]
    for index in 0..<gridExtent.voxelCount {
      let neighbours = forwardNeighbours(of: index)
      var holding: [Int: BlockSeams] = [:]
      for wanted in [index] + neighbours.map(\.index) {
        let block = try held[wanted] ?? seams(wanted)
        guard block.components.count == offsets[wanted + 1] - offsets[wanted] else {
          throw SeamError("the seams of block \(wanted) changed while blocks were joined")
        }
        holding[wanted] = block
      }
      held = holding
      try join(index, with: neighbours, held, offsets, &sets)
    }
    held = [:]
    var numbering = try ComponentNumbering(
      joiner: self, offsets: offsets, sets: consume sets, filter: filter, pagesHeld: pagesHeld,
      pages: pages)
    return try numbering.map(seams)
  }

  /// Checks that every block lies in the region, and gives where its components start.
  private func offsets(_ seams: (Int) throws -> BlockSeams) throws -> [Int] {
    var offsets = [0]
    var voxelCount = 0
    for index in 0..<gridExtent.voxelCount {
      let block = try seams(index)
      guard block.region == region else {
        throw SeamError("block \(index) was labelled as part of another region")
      }
      voxelCount += block.ownBox.extent.voxelCount
      let end = offsets[index] + block.components.count
      offsets.append(end)
    }
    guard voxelCount == region.extent.voxelCount else {
      throw SeamError("the blocks do not tile the region")
    }
    return offsets
  }

  /// The blocks that own a part of a block's overlap, with the step to each.
  private func forwardNeighbours(of index: Int) -> [(step: VoxelExtent, index: Int)] {
    let x = index % gridExtent.x
    let y = index / gridExtent.x % gridExtent.y
    let z = index / gridExtent.x / gridExtent.y
    var neighbours: [(step: VoxelExtent, index: Int)] = []
    for dz in 0...1 where z + dz < gridExtent.z {
      for dy in 0...1 where y + dy < gridExtent.y {
        for dx in 0...1 where x + dx < gridExtent.x && dz + dy + dx > 0 {
          neighbours.append(
            (
              VoxelExtent(z: dz, y: dy, x: dx),
              ((z + dz) * gridExtent.y + y + dy) * gridExtent.x + x + dx
            ))
        }
      }
    }
    return neighbours
  }

  private func join(
    _ index: Int, with neighbours: [(step: VoxelExtent, index: Int)], _ held: [Int: BlockSeams],
    _ offsets: [Int], _ sets: inout PagedDisjointSet
  ) throws {
    guard let block = held[index] else { return }
    for (axis, far) in block.farPlanes.enumerated() where !far.box.isEmpty {
      let labels = far.expanded()
      var matched = 0
      for neighbour in neighbours {
        guard let other = held[neighbour.index], axis == firstAxis(of: neighbour.step) else {
          continue
        }
        let near = other.nearPlanes[axis]
        let shared = far.box.intersection(near.box)
        guard !shared.isEmpty else { continue }
        matched += shared.extent.voxelCount
        try joinLabels(
          labels, offsets[index], near.expanded(), offsets[neighbour.index], in: shared, &sets)
      }
      guard matched == far.box.extent.voxelCount else {
        throw SeamError("block \(index) and its neighbours do not tile the region")
      }
    }
  }

  /// The axis of the overlap plane that a neighbour owns part of.
  private func firstAxis(of step: VoxelExtent) -> Int {
    step.z > 0 ? 0 : step.y > 0 ? 1 : 2
  }
}

/// Joins the labels that two blocks give to the same voxels; background joins nothing.
private func joinLabels(
  _ first: borrowing Volume<UInt32>, _ firstOffset: Int, _ second: borrowing Volume<UInt32>,
  _ secondOffset: Int, in shared: VoxelBox, _ sets: inout PagedDisjointSet
) throws {
  let firstStep = shared.origin - first.box.origin
  let secondStep = shared.origin - second.box.origin
  var previous = (UInt32(0), UInt32(0))
  for z in 0..<shared.extent.z {
    for y in 0..<shared.extent.y {
      let firstRow = first.row(z: firstStep.z + z, y: firstStep.y + y)
        .extracting(firstStep.x..<firstStep.x + shared.extent.x)
      let secondRow = second.row(z: secondStep.z + z, y: secondStep.y + y)
        .extracting(secondStep.x..<secondStep.x + shared.extent.x)
      for x in firstRow.indices {
        let pair = (firstRow[x], secondRow[x])
        if pair == previous { continue }
        previous = pair
        if pair.0 != 0 && pair.1 != 0 {
          try sets.join(firstOffset + Int(pair.0) - 1, secondOffset + Int(pair.1) - 1)
        }
      }
    }
  }
}
