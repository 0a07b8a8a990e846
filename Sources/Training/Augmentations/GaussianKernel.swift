import Glibc
import Voxels

/// A Gaussian in steps of one voxel, cut off at three standard deviations, of sum 1.
///
/// Source: as `scipy.ndimage.gaussian_filter` with `truncate=3`.
struct GaussianKernel {
  /// The weights of the distances 0, 1, … voxels.
  let weights: [Float]

  /// The largest distance with a weight.
  var radius: Int { weights.count - 1 }

  /// The largest distance with a weight, for a standard deviation in voxels.
  static func radius(sigma: Double) -> Int { Int(3 * sigma + 0.5) }

  init(sigma: Double) {
    let radius = Self.radius(sigma: sigma)
    let values = (0...radius).map { distance in
      distance == 0 ? 1 : exp(-Double(distance * distance) / (2 * sigma * sigma))
    }
    let sum = values.reduce(-1) { $0 + 2 * $1 }
    weights = values.map { Float($0 / sum) }
  }

  /// The volume blurred across sections; its faces are mirrored.
  func alongZ(_ volume: Volume<Float>) -> Volume<Float> {
    guard radius > 0 else { return volume }
    let extent = volume.extent
    var result = Volume<Float>(channels: volume.channels, box: volume.box)
    for channel in 0..<volume.channels {
      for z in 0..<extent.z {
        for y in 0..<extent.y {
          var row = result.mutableRow(channel: channel, z: z, y: y)
          for step in -radius...radius {
            let weight = weights[abs(step)]
            let source = volume.row(channel: channel, z: Self.mirrored(z + step, extent.z), y: y)
            for x in source.indices { row[x] += weight * source[x] }
          }
        }
      }
    }
    return result
  }

  /// Blurs a section along y with this kernel and along x with another; its edges are mirrored.
  func blurSection(_ z: Int, of volume: inout Volume<Float>, alongX other: GaussianKernel) {
    let extent = volume.extent
    for channel in 0..<volume.channels {
      var plane = Volume<Float>(box: VoxelBox(extent: VoxelExtent(z: 1, y: extent.y, x: extent.x)))
      for y in 0..<extent.y {
        var row = plane.mutableRow(z: 0, y: y)
        for step in -radius...radius {
          let weight = weights[abs(step)]
          let source = volume.row(channel: channel, z: z, y: Self.mirrored(y + step, extent.y))
          for x in source.indices { row[x] += weight * source[x] }
        }
      }
      for y in 0..<extent.y {
        other.blurRow(
          plane.row(z: 0, y: y), into: volume.mutableRow(channel: channel, z: z, y: y))
      }
    }
  }

  private func blurRow(_ source: Span<Float>, into target: consuming MutableSpan<Float>) {
    let count = source.count
    let padded = [Float](capacity: count + 2 * radius) { output in
      for x in -radius..<count + radius { output.append(source[Self.mirrored(x, count)]) }
    }
    for x in 0..<count { target[x] = 0 }
    for step in 0...2 * radius {
      let weight = weights[abs(step - radius)]
      let part = padded.span.extracting(step..<step + count)
      for x in 0..<count { target[x] += weight * part[x] }
    }
  }

  /// An index mirrored at the ends 0 and count − 1, which are repeated.
  private static func mirrored(_ index: Int, _ count: Int) -> Int {
    let step = (index % (2 * count) + 2 * count) % (2 * count)
    return min(step, 2 * count - 1 - step)
  }
}
