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
  private let domain: Volume<UInt8>?

  /// Creates the policy.
  ///
  /// - Parameter domain: (1, z, y, x) over the image's box: where seeds may lie, not 0; what is
  ///   outside counts as an edge, as in the reference. Nil for everywhere.
  public init(domain: Volume<UInt8>? = nil) { self.domain = domain }

  /// The maxima whose margin lies within the image, in raster order.
  ///
  /// - Complexity: O(*n*) in voxels, times some hundred; about 30 bytes for each voxel.
  public func seeds(in image: borrowing Volume<Float>, margin: VoxelExtent) -> [VoxelPosition] {
    var edges = edges(of: image)
    if let domain {
      precondition(domain.box == image.box, "the domain covers the image")
      let allowed = domain.span
      var marks = edges.mutableSpan
      for index in marks.indices where allowed[index] == 0 { marks[index] = 1 }
    }
    let seeds = distancePeaks(from: edges, margin: margin, above: 0)
    return seeds.filter { domain?[$0] != 0 }
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
}
