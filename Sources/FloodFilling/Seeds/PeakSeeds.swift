import Glibc
public import Voxels

func exponential(_ value: Double) -> Double { exp(value) }

/// Seeds in the middle of what lies between edges: the maxima of the distance to strong gradients.
///
/// Edges are voxels whose Sobel gradient exceeds its Gaussian mean around them; seeds are the largest
/// distances from edges within 7³ voxels, in raster order. Ties are broken by the noise that the
/// reference adds, so that the list is the same.
///
/// Source: Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4; google/ffn, `PolicyPeaks`.
public struct PeakSeeds: SeedPolicy {
  /// The standard deviation, in voxels, of the mean that gradients are compared with.
  private static let sigma = 49.0 / 6
  /// Seeds are this far from the next, and from the image's faces.
  private static let distance = 3
  /// What the noise is at most.
  private static let noise = 1e-4

  /// Creates the policy.
  public init() {}

  /// The maxima whose margin lies within the image, in raster order.
  ///
  /// - Complexity: O(*n*) in voxels, times some hundred; about 30 bytes for each voxel.
  public func seeds(in image: borrowing Volume<Float>, margin: VoxelExtent) -> [VoxelPosition] {
    let heights = noisyDistances(to: edges(of: image))
    let highest = maxima(of: heights, image.extent, reach: Self.distance)
    let border = VoxelExtent(cube: Self.distance)
    let inner = image.box.shrunk(by: border).intersection(image.box.shrunk(by: margin))
    guard !inner.isEmpty else { return [] }
    var seeds: [VoxelPosition] = []
    let start = inner.origin - image.box.origin
    for z in start.z..<start.z + inner.extent.z {
      for y in start.y..<start.y + inner.extent.y {
        let row = (z * image.extent.y + y) * image.extent.x
        for x in start.x..<start.x + inner.extent.x
        where heights[row + x] > 0 && heights[row + x] == highest[row + x] {
          seeds.append(image.box.origin + VoxelExtent(z: z, y: y, x: x))
        }
      }
    }
    return seeds
  }

  /// 1 where the gradient is stronger than around, else 0.
  package func edges(of image: borrowing Volume<Float>) -> Volume<UInt8> {
    var gradient = Volume<Float>(box: image.box)
    for axis in 0..<3 {
      var derivative = ReflectedCorrelation.difference.applied(to: image, axis: axis)
      for other in 0..<3 where other != axis {
        derivative = ReflectedCorrelation.smoothing.applied(to: derivative, axis: other)
      }
      let values = derivative.span
      var sums = gradient.mutableSpan
      for index in values.indices { sums[index] += values[index] * values[index] }
    }
    var roots = gradient.mutableSpan
    for index in roots.indices { roots[index] = roots[index].squareRoot() }
    var mean = ReflectedCorrelation.gaussian(Self.sigma).applied(to: gradient, axis: 0)
    for axis in 1..<3 {
      mean = ReflectedCorrelation.gaussian(Self.sigma).applied(to: mean, axis: axis)
    }
    let (strengths, means) = (gradient.span, mean.span)
    return Volume(
      box: image.box,
      values: [UInt8](capacity: strengths.count) { output in
        for index in strengths.indices { output.append(strengths[index] > means[index] ? 1 : 0) }
      })
  }

  /// The distance of every voxel to the nearest edge, in voxels, with noise.
  private func noisyDistances(to edges: Volume<UInt8>) -> [Double] {
    var random = LegacyRandom(seed: 42)
    return squaredDistances(to: edges).map { squared in
      Double(Float(Double(squared).squareRoot())) + random.uniform() * Self.noise
    }
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
