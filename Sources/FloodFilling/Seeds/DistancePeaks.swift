import Voxels

/// Seeds are this far from the next, and from the image's faces.
private let distance = 3
/// What the noise that breaks ties is at most.
let seedNoise = 1e-4

/// The positions that lie farthest from all marked voxels, within 7³ voxels each, in raster order.
///
/// Ties are broken by the noise that the reference adds, so that the list is the same.
///
/// - Parameters:
///   - marks: (1, z, y, x): 1 where something is to be kept away from.
///   - margin: The voxels that must lie on each side of a seed.
///   - least: What the distance with its noise must exceed; 0 takes marked voxels too where all
///     around are marked, as the reference does.
/// - Returns: The positions.
/// - Complexity: O(*n*); about 24 bytes for each voxel.
func distancePeaks(
  from marks: borrowing Volume<UInt8>, margin: VoxelExtent, above least: Double
) -> [VoxelPosition] {
  let (box, extent) = (marks.box, marks.extent)
  let heights = noisyDistances(to: marks)
  let highest = maxima(of: heights, extent, reach: distance)
  let border = VoxelExtent(cube: distance)
  let inner = box.shrunk(by: border).intersection(box.shrunk(by: margin))
  guard !inner.isEmpty else { return [] }
  var seeds: [VoxelPosition] = []
  let start = inner.origin - box.origin
  for z in start.z..<start.z + inner.extent.z {
    for y in start.y..<start.y + inner.extent.y {
      let row = (z * extent.y + y) * extent.x
      for x in start.x..<start.x + inner.extent.x
      where heights[row + x] > least && heights[row + x] == highest[row + x] {
        seeds.append(box.origin + VoxelExtent(z: z, y: y, x: x))
      }
    }
  }
  return seeds
}

/// The distance of every voxel to the nearest marked one, in voxels, with noise.
private func noisyDistances(to marks: borrowing Volume<UInt8>) -> [Double] {
  var random = LegacyRandom(seed: 42)
  return squaredDistances(to: marks).map { squared in
    Double(Float(Double(squared).squareRoot())) + random.uniform() * seedNoise
  }
}

/// The largest value within a cube around each voxel, cut off at the volume's faces.
///
/// - Complexity: O(*n* · *reach*).
private func maxima(of values: [Double], _ extent: VoxelExtent, reach: Int) -> [Double] {
  var current = values
  for (count, step) in [
    (extent.x, 1), (extent.y, extent.x), (extent.z, extent.x * extent.y),
  ] {
    var next = current
    for distance in 1...reach {
      let (source, shift) = (current.span, distance * step)
      var target = next.mutableSpan
      // Lines along the axis: what lies `shift` away is on the same line, unless beyond its end.
      let period = step * count
      for start in stride(from: 0, to: source.count, by: period) where distance < count {
        for index in start..<start + period - shift {
          target[index] = max(target[index], source[index + shift])
          target[index + shift] = max(target[index + shift], source[index])
        }
      }
    }
    current = next
  }
  return current
}
