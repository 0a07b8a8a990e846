import Segmentation
import Voxels

/// The watershed's rule applied to a whole volume, one voxel at a time and with nothing clever.
struct ReferenceWatershed {
  private let box: VoxelBox
  private let link: (VoxelPosition, VoxelPosition) -> Double?
  private let high: Double
  private let low: Double

  private static let steps = [
    VoxelExtent(z: -1, y: 0, x: 0), VoxelExtent(z: 0, y: -1, x: 0), VoxelExtent(z: 0, y: 0, x: -1),
    VoxelExtent(z: 0, y: 0, x: 1), VoxelExtent(z: 0, y: 1, x: 0), VoxelExtent(z: 1, y: 0, x: 0),
  ]

  init<Affinity: AffinityScalar>(
    _ affinities: Volume<Affinity>, low: Double, high: Double
  ) {
    let box = affinities.box
    let unit: Double = Affinity.dataType == .uint8 ? 255 : 1
    self.box = box
    self.low = low
    self.high = high
    link = { voxel, other in
      guard box.contains(voxel), box.contains(other) else { return nil }
      // The link is stored at whichever voxel comes later.
      let step = voxel - other
      let channel = step.z != 0 ? 0 : step.y != 0 ? 1 : 2
      let isLater = step.z + step.y + step.x > 0
      let value = affinities[isLater ? voxel : other, channel: channel].doubleValue / unit
      return value > low ? min(value, high) : nil
    }
  }

  private func neighbours(_ voxel: VoxelPosition) -> [(voxel: VoxelPosition, link: Double)] {
    Self.steps.compactMap { step in
      link(voxel, voxel + step).map { (voxel + step, $0) }
    }
  }

  /// The partition, numbered by first appearance, with plateaus followed `reach` voxels deep.
  func partition(reach: Int) -> [Int] {
    let strongest = Dictionary(
      uniqueKeysWithValues: box.positions.map { voxel in
        (voxel, neighbours(voxel).map(\.link).max() ?? 0)
      })
    func height(_ voxel: VoxelPosition) -> Double { strongest[voxel, default: 0] }
    func steepest(_ voxel: VoxelPosition) -> [VoxelPosition] {
      neighbours(voxel).filter { $0.link == height(voxel) }.map(\.voxel)
    }
    func wayUp(_ voxel: VoxelPosition) -> VoxelPosition? {
      steepest(voxel).first { height($0) > height(voxel) }
    }
    // Distances along plateaus from the exits.
    var distance: [VoxelPosition: Int] = [:]
    var front = box.positions.filter { wayUp($0) != nil }
    for voxel in front { distance[voxel] = 0 }
    var depth = 0
    while !front.isEmpty && depth < reach {
      depth += 1
      var next: [VoxelPosition] = []
      for voxel in front {
        for other in steepest(voxel)
        where height(other) == height(voxel) && distance[other] == nil {
          distance[other] = depth
          next.append(other)
        }
      }
      front = next
    }
    var joined = Joining<VoxelPosition>()
    for voxel in box.positions where height(voxel) > 0 {
      if let way = wayUp(voxel) {
        joined.join(voxel, way)
      } else if let depth = distance[voxel] {
        let way = steepest(voxel).first {
          height($0) == height(voxel) && distance[$0] == depth - 1
        }
        if let way { joined.join(voxel, way) }
      } else {
        for other in steepest(voxel) where distance[other] == nil { joined.join(voxel, other) }
      }
    }
    var names: [VoxelPosition: Int] = [:]
    return box.positions.map { voxel in
      guard height(voxel) > 0 else { return 0 }
      let root = joined.root(of: voxel)
      if let name = names[root] { return name }
      names[root] = names.count + 1
      return names.count
    }
  }
}
