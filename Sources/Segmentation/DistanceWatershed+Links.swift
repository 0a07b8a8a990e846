import Voxels

// What the distance watershed makes of affinities and of distances.
extension DistanceWatershedParameters {
  /// Marks the voxels of a box whose links to those before them are above the threshold.
  @specialized(where Affinity == UInt8)
  @specialized(where Affinity == Float)
  func inside<Affinity: AffinityScalar>(
    _ affinities: borrowing Volume<Affinity>, box: VoxelBox, volume: VoxelBox
  ) -> Volume<UInt8> {
    let unit: Double = Affinity.dataType == .uint8 ? 255 : 1
    let corner = box.origin - affinities.box.origin
    let columns = corner.x..<corner.x + box.extent.x
    let step = box.origin - volume.origin
    var mask = Volume<UInt8>(box: box)
    var values = [Float](repeating: 0, count: box.extent.x)
    for z in 0..<box.extent.z {
      for y in 0..<box.extent.y {
        let (linkZ, linkY) = (z + corner.z, y + corner.y)
        // Links that leave the volume, or the section, do not exist.
        var channels: [Int] = []
        if dimensions == .volume && step.z + z > 0 { channels.append(0) }
        if step.y + y > 0 { channels.append(1) }
        var row = values.mutableSpan
        let links = affinities.row(channel: 2, z: linkZ, y: linkY).extracting(columns)
        for x in 0..<min(row.count, links.count) { row[x] = links[x].nearest(Float.self) }
        for channel in channels {
          let links = affinities.row(channel: channel, z: linkZ, y: linkY).extracting(columns)
          gather(links, into: &row)
        }
        let bound = Float(threshold * unit * (statistic == .mean ? Double(channels.count + 1) : 1))
        var target = mask.mutableRow(z: z, y: y)
        for x in 0..<min(row.count, target.count) { target[x] = row[x] > bound ? 1 : 0 }
        guard step.x == 0 else { continue }
        let existing = channels.map {
          affinities.row(channel: $0, z: linkZ, y: linkY)[corner.x].doubleValue / unit
        }
        // The first voxel of all, which has none, counts as the next.
        target[0] =
          existing.isEmpty ? (target.count > 1 ? target[1] : 0) : isInside(existing) ? 1 : 0
      }
    }
    return mask
  }

  @inline(__always)
  private func gather<Affinity: AffinityScalar>(
    _ links: Span<Affinity>, into row: inout MutableSpan<Float>
  ) {
    let count = min(row.count, links.count)
    switch statistic {
    case .mean:
      for x in 0..<count { row[x] += links[x].nearest(Float.self) }
    case .minimum:
      for x in 0..<count {
        let link = links[x].nearest(Float.self)
        let weakest = row[x]
        row[x] = link < weakest ? link : weakest
      }
    }
  }

  private func isInside(_ links: [Double]) -> Bool {
    guard let weakest = links.min() else { return false }
    switch statistic {
    case .mean: return links.reduce(0, +) > threshold * Double(links.count)
    case .minimum: return weakest > threshold
    }
  }

  /// Links between voxels inside, the stronger the further both are from boundaries; 1 where both
  /// are as far as distances are told apart.
  ///
  /// The strongest link of a voxel leads to its neighbour furthest inside, so that climbing over
  /// strongest links is steepest ascent on the distance.
  func climbingLinks(_ distances: borrowing Volume<Float>) -> Volume<Float> {
    let extent = distances.extent
    var links = Volume<Float>(channels: 3, box: distances.box)
    let furthest = 2 * Float(reach * reach)
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        let own = distances.row(z: z, y: y)
        if z > 0 && dimensions == .volume {
          var target = links.mutableRow(channel: 0, z: z, y: y)
          join(own, distances.row(z: z - 1, y: y), of: furthest, into: &target)
        }
        if y > 0 {
          var target = links.mutableRow(channel: 1, z: z, y: y)
          join(own, distances.row(z: z, y: y - 1), of: furthest, into: &target)
        }
        var target = links.mutableRow(channel: 2, z: z, y: y)
        for x in 1..<max(1, own.count) {
          let (left, right) = (own[x - 1], own[x])
          target[x] = left > 0 && right > 0 ? (left + right) / furthest : 0
        }
      }
    }
    return links
  }

  private func join(
    _ own: Span<Float>, _ other: Span<Float>, of furthest: Float,
    into target: inout MutableSpan<Float>
  ) {
    for x in 0..<min(target.count, min(own.count, other.count)) {
      let (left, right) = (own[x], other[x])
      let link = (left + right) / furthest
      target[x] = left > 0 && right > 0 ? link : 0
    }
  }

  /// Adds links with an end that is not inside: as strong as their affinities, but weaker than every
  /// link between voxels inside.
  @specialized(where Affinity == UInt8)
  @specialized(where Affinity == Float)
  func addBoundaryLinks<Affinity: AffinityScalar>(
    to links: inout Volume<Float>, _ affinities: borrowing Volume<Affinity>,
    _ distances: borrowing Volume<Float>, above low: Affinity
  ) {
    let extent = distances.extent
    let corner = distances.box.origin - affinities.box.origin
    let columns = corner.x..<corner.x + extent.x
    // Two voxels inside are 1 at least from boundaries, so their link is 1 / reach² at least.
    let scale = 0.5 / Float(reach * reach) / (Affinity.dataType == .uint8 ? 255 : 1)
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        let own = distances.row(z: z, y: y)
        for channel in 0..<3 {
          var target = links.mutableRow(channel: channel, z: z, y: y)
          let values = affinities.row(channel: channel, z: z + corner.z, y: y + corner.y)
            .extracting(columns)
          switch channel {
          case 0 where z > 0 && dimensions == .volume:
            flood(&target, values, own, distances.row(z: z - 1, y: y), above: low, scale: scale)
          case 1 where y > 0:
            flood(&target, values, own, distances.row(z: z, y: y - 1), above: low, scale: scale)
          case 2:
            for x in 1..<max(1, own.count) {
              let isBoundary = !(own[x - 1] > 0 && own[x] > 0)
              if isBoundary && values[x] > low { target[x] = values[x].nearest(Float.self) * scale }
            }
          default: break
          }
        }
      }
    }
  }

  @inline(__always)
  private func flood<Affinity: AffinityScalar>(
    _ target: inout MutableSpan<Float>, _ values: Span<Affinity>, _ own: Span<Float>,
    _ other: Span<Float>, above low: Affinity, scale: Float
  ) {
    for x in 0..<min(min(target.count, values.count), min(own.count, other.count)) {
      let isBoundary = !(own[x] > 0 && other[x] > 0)
      if isBoundary && values[x] > low { target[x] = values[x].nearest(Float.self) * scale }
    }
  }

  /// The voxels of each basin's own part that no voxel in the seed window around them exceeds: one
  /// where there are any.
  func seedCounts(
    of basins: borrowing Fragments, _ distances: borrowing Volume<Float>, ownBox: VoxelBox
  ) -> [UInt64] {
    var counts = [UInt64](repeating: 0, count: basins.count + 1)
    let corner = ownBox.origin - distances.box.origin
    let own = ownBox.extent
    let limit = Float(reach * reach)
    for z in 0..<own.z {
      for y in 0..<own.y {
        let labels = basins.labels.row(z: z, y: y)
        let row = distances.row(z: z + corner.z, y: y + corner.y)
        for x in 0..<own.x {
          let label = Int(labels[x])
          let place = x + corner.x
          let distance = row[place]
          guard label != 0, distance > 0, counts[label] == 0 else { continue }
          if distance < limit {
            // Most voxels have a neighbour in their row that is further inside.
            if place > 0 && row[place - 1] > distance { continue }
            if place + 1 < row.count && row[place + 1] > distance { continue }
            guard
              isHighest(
                distance, in: distances,
                around: VoxelPosition(z: z + corner.z, y: y + corner.y, x: place))
            else { continue }
          }
          counts[label] = 1
        }
      }
    }
    return counts
  }

  /// Whether no distance in the seed window around a voxel, by its indices, exceeds its own.
  private func isHighest(
    _ distance: Float, in distances: borrowing Volume<Float>, around voxel: VoxelPosition
  ) -> Bool {
    let extent = distances.extent
    let reach = windowReach
    // From the voxel outwards: what exceeds it is near as a rule.
    let columns = max(0, voxel.x - reach.x)..<min(extent.x, voxel.x + reach.x + 1)
    for stepZ in 0...2 * reach.z {
      let z = voxel.z + (stepZ & 1 == 0 ? stepZ / 2 : -(stepZ + 1) / 2)
      guard z >= 0 && z < extent.z else { continue }
      for stepY in 0...2 * reach.y {
        let y = voxel.y + (stepY & 1 == 0 ? stepY / 2 : -(stepY + 1) / 2)
        guard y >= 0 && y < extent.y else { continue }
        let row = distances.row(z: z, y: y).extracting(columns)
        for x in 0..<row.count where row[x] > distance { return false }
      }
    }
    return true
  }
}
