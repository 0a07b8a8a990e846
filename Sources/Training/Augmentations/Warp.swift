import Glibc
import Voxels

/// A drawn deformation: where each voxel of the result comes from.
struct Warp {
  /// The size of the result.
  let extent: VoxelExtent
  /// Whether stretching goes across sections as well.
  let isCubic: Bool
  /// The length of a voxel along x over that along y.
  let squash: Double
  /// The turn within sections, in radians.
  let angle: Double
  /// How much larger the source is than the result.
  let scale: Double
  let sections: [SectionMove]
  let grid: ControlGrid

  /// The largest size of a source that a result of a size needs.
  func sourceExtent(for extent: VoxelExtent) -> VoxelExtent {
    let half = (y: Double(extent.y - 1) / 2, x: Double(extent.x - 1) / 2)
    let scaleZ = isCubic ? scale : 1
    var (reachY, reachX) = (0.0, 0.0)
    for section in sections {
      let turn = turned(by: angle + section.angle)
      reachY = max(reachY, abs(turn.yy) * half.y + abs(turn.yx) * half.x + abs(section.y))
      reachX = max(reachX, abs(turn.xy) * half.y + abs(turn.xx) * half.x + abs(section.x))
    }
    func grown(_ length: Int, _ reach: Double, _ bend: Double) -> Int {
      // Between nodes the interpolation exceeds their values by a quarter at most, along one axis.
      let margin = (reach + 1.25 * bend - Double(length - 1) / 2).rounded(.up)
      return max(length + 2 * Int(margin), length % 2 == 0 ? 2 : 1)
    }
    return VoxelExtent(
      z: grown(extent.z, scaleZ * Double(extent.z - 1) / 2, grid.reach[0]),
      y: grown(extent.y, reachY, grid.reach[1]), x: grown(extent.x, reachX, grid.reach[2]))
  }

  func apply(to sample: inout TrainingSample) {
    let source = sample.labels.extent
    let box = VoxelBox(origin: sample.labels.box.origin, extent: extent)
    var image = Volume<Float>(channels: sample.image.channels, box: box)
    var labels = Volume<UInt64>(box: box)
    var mask = Volume<UInt8>(box: box)
    var further = sample.furtherLabels.mapValues { _ in labels }
    let names = further.keys.sorted()
    var places = RowPlaces(count: extent.x)
    var nearest = Array(repeating: 0, count: extent.x)
    let taps = (
      z: grid.taps(axis: 0, count: extent.z), y: grid.taps(axis: 1, count: extent.y),
      x: grid.taps(axis: 2, count: extent.x)
    )
    var nodes = Array(repeating: Float(0), count: extent.x + 4)
    for z in 0..<extent.z {
      let bends = grid.section(z, taps: taps.z)
      if let count = bends.compactMap({ $0?.extent.x }).max(), count > nodes.count {
        nodes = Array(repeating: 0, count: count)
      }
      for y in 0..<extent.y {
        place(z: z, y: y, in: source, &places)
        if let bend = bends[0] {
          ControlGrid.add(
            bend, y: y, tapsY: taps.y, tapsX: taps.x, to: &places.z, nodes: &nodes)
        }
        if let bend = bends[1] {
          ControlGrid.add(
            bend, y: y, tapsY: taps.y, tapsX: taps.x, to: &places.y, nodes: &nodes)
        }
        if let bend = bends[2] {
          ControlGrid.add(
            bend, y: y, tapsY: taps.y, tapsX: taps.x, to: &places.x, nodes: &nodes)
        }
        places.clamp(to: source)
        places.nearest(extent: source, into: &nearest)
        for channel in 0..<image.channels {
          var row = image.mutableRow(channel: channel, z: z, y: y)
          let count = source.voxelCount
          places.interpolated(
            sample.image.span.extracting(channel * count..<(channel + 1) * count), extent: source,
            into: &row)
        }
        labels.gather(sample.labels, nearest, z: z, y: y)
        mask.gather(sample.mask, nearest, z: z, y: y)
        for name in names {
          guard let from = sample.furtherLabels[name] else { continue }
          further[name]?.gather(from, nearest, z: z, y: y)
        }
      }
    }
    sample.image = image
    sample.labels = labels
    sample.mask = mask
    sample.furtherLabels = further
  }

  /// Where a row comes from but for the bends: turned and stretched about the common centre.
  private func place(z: Int, y: Int, in source: VoxelExtent, _ places: inout RowPlaces) {
    let section = sections[z]
    let turn = turned(by: angle + section.angle)
    let fromY = Double(y) - Double(extent.y - 1) / 2
    let halfX = Double(extent.x - 1) / 2
    let scaleZ = isCubic ? scale : 1
    let atZ = (Double(z) - Double(extent.z - 1) / 2) * scaleZ + Double(source.z - 1) / 2
    let startY = turn.yy * fromY - turn.yx * halfX + section.y + Double(source.y - 1) / 2
    let startX = turn.xy * fromY - turn.xx * halfX + section.x + Double(source.x - 1) / 2
    for x in 0..<extent.x {
      places.z[x] = Float(atZ)
      places.y[x] = Float(startY + turn.yx * Double(x))
      places.x[x] = Float(startX + turn.xx * Double(x))
    }
  }

  /// A turn and stretch within sections, in voxels.
  private func turned(by angle: Double) -> (yy: Double, yx: Double, xy: Double, xx: Double) {
    let (cosine, sine) = (cos(angle) * scale, sin(angle) * scale)
    return (cosine, -sine * squash, sine / squash, cosine)
  }
}

extension Volume {
  /// Fills a row with the values at indices of a source.
  fileprivate mutating func gather(_ source: Volume, _ indices: [Int], z: Int, y: Int) {
    let values = source.span
    var row = mutableRow(z: z, y: y)
    for x in indices.indices { row[x] = values[indices[x]] }
  }
}
