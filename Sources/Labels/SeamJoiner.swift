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
  ///   - seams: The seams of a block, by its index.
  /// - Returns: The region's components, and the number of each block's.
  /// - Throws: ``SeamError`` where the blocks do not tile the region or are too many to number,
  ///   and whatever `seams` throws.
  /// - Complexity: O(*s*) time in the voxels of the seams; 4 bytes of memory for each component
  ///   of each block and 48 for each component of the region.
  public func join(
    keeping filter: ComponentFilter = .everything, seams: (Int) throws -> BlockSeams
  ) throws -> ComponentMap {
    let offsets = try offsets(seams)
    var sets = DisjointSet<UInt32>(count: offsets[offsets.count - 1])
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
    return try map(sets.representatives(), offsets, filter, seams)
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
      guard end < Int(UInt32.max) else {
        throw SeamError(
          "the blocks have more than 2³² components in all; use larger blocks or drop small"
            + " components first")
      }
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
    _ offsets: [Int], _ sets: inout DisjointSet<UInt32>
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
        joinLabels(
          labels, UInt32(truncatingIfNeeded: offsets[index]), near.expanded(),
          UInt32(truncatingIfNeeded: offsets[neighbour.index]), in: shared, &sets)
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

  /// Sums up the blocks' components by set, and numbers the sets.
  private func map(
    _ representatives: [UInt32], _ offsets: [Int], _ filter: ComponentFilter,
    _ seams: (Int) throws -> BlockSeams
  ) throws -> ComponentMap {
    var members = representatives
    var count = 0
    for index in members.indices {
      let representative = Int(members[index])
      if representative == index {
        members[index] = UInt32(truncatingIfNeeded: count)
        count += 1
      } else {
        members[index] = members[representative]
      }
    }
    var sums = [BlockSeams.Component](repeating: .outside, count: count)
    for block in 0..<gridExtent.voxelCount {
      for (local, component) in try seams(block).components.enumerated() {
        let set = Int(members[offsets[block] + local])
        sums[set].voxelCount += component.voxelCount
        sums[set].touchesBorder = sums[set].touchesBorder || component.touchesBorder
        if let first = component.firstIndex {
          sums[set].firstIndex = min(first, sums[set].firstIndex ?? first)
        }
      }
    }
    var order: [(firstIndex: Int, set: Int)] = []
    for (set, sum) in sums.enumerated() {
      if let first = sum.firstIndex { order.append((first, set)) }
    }
    order.sort { $0.firstIndex < $1.firstIndex }
    // A set without a voxel of any block's own gets the place after the last.
    var places = [UInt32](repeating: UInt32(truncatingIfNeeded: order.count), count: count)
    for (place, entry) in order.enumerated() {
      places[entry.set] = UInt32(truncatingIfNeeded: place)
    }
    for index in members.indices { members[index] = places[Int(members[index])] }
    let joined = order.map { entry in
      JoinedComponent(
        firstIndex: entry.firstIndex, voxelCount: sums[entry.set].voxelCount,
        touchesBorder: sums[entry.set].touchesBorder)
    }
    return ComponentMap(joined: joined, offsets: offsets, members: members, filter: filter)
  }
}

/// Joins the labels that two blocks give to the same voxels; background joins nothing.
private func joinLabels(
  _ first: borrowing Volume<UInt32>, _ firstOffset: UInt32, _ second: borrowing Volume<UInt32>,
  _ secondOffset: UInt32, in shared: VoxelBox, _ sets: inout DisjointSet<UInt32>
) {
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
          sets.join(firstOffset + pair.0 - 1, secondOffset + pair.1 - 1)
        }
      }
    }
  }
}
