import Labels
public import Voxels

/// Fragments of a block, those absorbed that the block alone decides about.
public struct BlockFragments: Sendable, Equatable {
  /// The fragments.
  public var fragments: Fragments
  /// The fragments, by their labels in the block, that other blocks decide about.
  public var undecided: AbsorptionGraph
}

extension Fragments {
  /// Absorbs fragments that are not grown into neighbours, as far as the block decides.
  ///
  /// - Parameters:
  ///   - links: (3, z, y, x) links towards the origin along z, y, x; they hold the labels' box.
  ///   - weakest: Links at or below it never merge fragments.
  ///   - seedCounts: The seeds of each fragment in the block's own box, the one labelled *n* at
  ///     index *n*; none where no seeds are needed.
  ///   - needed: What a fragment must have to be grown.
  ///   - ownBox: The voxels that belong to the block; the labels go one beyond its far faces, where
  ///     the volume does.
  ///   - volume: The whole volume.
  /// - Returns: The fragments left, dense from 1 in raster order, and the undecided ones.
  /// - Complexity: O(*n*) in the voxels.
  @specialized(where Affinity == UInt8)
  @specialized(where Affinity == Float)
  public consuming func absorbed<Affinity: AffinityScalar>(
    links: borrowing Volume<Affinity>, weakest: Affinity, seedCounts: [UInt64] = [],
    until needed: RegionGrowth, ownBox: VoxelBox, volume: VoxelBox
  ) -> BlockFragments {
    precondition(links.box.contains(labels.box), "the links do not cover the labels")
    precondition(
      labels.box.contains(ownBox) && volume.contains(labels.box),
      "the labels do not cover the block")
    var regions = regions(ownBox: ownBox, volume: volume)
    for (label, count) in seedCounts.enumerated() where label > 0 {
      regions[label - 1].growth.seedCount = count
    }
    let edges = edges(
      links, weakest: weakest, isGrown: [true] + regions.map { $0.growth.reaches(needed) },
      volume: volume)
    let (merges, residual) = AbsorptionGraph(
      box: ownBox, ordered: regions, edges: edges
    )
    .absorbed(until: needed)
    var sets = DisjointSet<UInt32>(count: count + 1)
    for merge in merges { sets.join(UInt32(merge.first), UInt32(merge.second)) }
    let (numbers, count) = sets.numbered()
    self.count = count
    if !merges.isEmpty {
      var values = labels.mutableSpan
      let names = numbers.span
      for index in values.indices { values[index] = names[Int(truncatingIfNeeded: values[index])] }
    }
    return BlockFragments(
      fragments: self, undecided: residual.renamed(numbers.map(UInt64.init)))
  }

  /// The fragments' voxels in the block's own box, and the faces by which they go on beyond it.
  private func regions(ownBox: VoxelBox, volume: VoxelBox) -> [AbsorptionGraph.Region] {
    var regions = (0..<count).map {
      AbsorptionGraph.Region(id: UInt64($0 + 1), growth: RegionGrowth(), openFaces: [])
    }
    let open = OpenFaces.all.subtracting(OpenFaces(of: ownBox, sharedWith: volume))
    let own = ownBox.extent
    let corner = ownBox.origin - labels.box.origin
    precondition(corner == .zero, "labels and block start at the same voxel")
    for z in 0..<labels.extent.z {
      for y in 0..<labels.extent.y {
        var rowFaces: OpenFaces = []
        if z == 0 { rowFaces.insert(.nearZ) }
        if y == 0 { rowFaces.insert(.nearY) }
        if z == own.z { rowFaces.insert(.farZ) }
        if y == own.y { rowFaces.insert(.farY) }
        let isOwn = z < own.z && y < own.y
        let row = labels.row(z: z, y: y)
        var x = 0
        while x < row.count {
          let label = row[x]
          let first = x
          repeat { x &+= 1 } while x < row.count && row[x] == label
          guard label != 0 else { continue }
          let place = Int(label) &- 1
          if isOwn { regions[place].growth.voxelCount += UInt64(max(0, min(x, own.x) - first)) }
          var faces = rowFaces
          if first == 0 { faces.insert(.nearX) }
          if x > own.x { faces.insert(.farX) }
          regions[place].openFaces.formUnion(faces.intersection(open))
        }
      }
    }
    return regions
  }

  /// The first link between every two touching fragments of which one is not grown.
  @specialized(where Affinity == UInt8)
  @specialized(where Affinity == Float)
  private func edges<Affinity: AffinityScalar>(
    _ links: borrowing Volume<Affinity>, weakest: Affinity, isGrown: [Bool], volume: VoxelBox
  ) -> [AbsorptionGraph.Edge] {
    let corner = labels.box.origin - links.box.origin
    let columns = corner.x..<corner.x + labels.extent.x
    let start = labels.box.origin - volume.origin
    var table = LinkTable(isGrown: isGrown)
    for z in 0..<labels.extent.z {
      for y in 0..<labels.extent.y {
        let own = labels.row(z: z, y: y)
        let (linkZ, linkY) = (z + corner.z, y + corner.y)
        let rowStart = ((start.z + z) * volume.extent.y + start.y + y) * volume.extent.x + start.x
        let position = 3 * UInt64(rowStart)
        if z > 0 {
          table.add(
            links.row(channel: 0, z: linkZ, y: linkY).extracting(columns), own,
            labels.row(z: z - 1, y: y), above: weakest, from: position)
        }
        if y > 0 {
          table.add(
            links.row(channel: 1, z: linkZ, y: linkY).extracting(columns), own,
            labels.row(z: z, y: y - 1), above: weakest, from: position + 1)
        }
        table.add(
          links.row(channel: 2, z: linkZ, y: linkY).extracting(columns).extracting(1...),
          own.extracting(1...), own.extracting(0..<own.count - 1), above: weakest,
          from: position + 5)
      }
    }
    return table.edges
  }
}
