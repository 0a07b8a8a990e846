public import Codecs
public import Voxels

/// Local shape descriptors: where around a voxel its object lies, how it is stretched and turned
/// there, and how much of it there is.
///
/// Ten channels in [0, 1]: the offset (z, y, x) of the object's mean from the voxel over σ, halved
/// and moved by ½; its variances (z, y, x) over σ²; its correlations (zy, zx, yx), halved and moved
/// by ½; its mass. Statistics are of the part of the object under a Gaussian about the voxel.
/// Background is 0 and does not count.
///
/// Source: Sheridan et al. 2022, "Local shape descriptors for neuron segmentation", Nature Methods;
/// in the channel order of its code.
public struct ShapeDescriptorTarget: TrainingTarget {
  /// `shape_descriptors`.
  public static let name = "shape_descriptors"

  private let sigma: [Double]
  private let downsample: Int

  /// Reads `sigma` (80 nm, or three for z, y, x) and `downsample` (1): statistics of every so many
  /// voxels along each axis.
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    let lengths = try settings.lengths("sigma", default: 80, in: 1e-3...1e6).values
    sigma = lengths.count == 3 ? lengths : Array(repeating: lengths[0], count: 3)
    downsample = try settings.int("downsample", default: 1, in: 1...16)
  }

  /// Ten.
  public var channels: Int { 10 }

  /// Three σ.
  public func halo(for voxelSize: VoxelSize) -> VoxelExtent {
    statistics(voxelSize).reach * downsample
  }

  private func statistics(_ voxelSize: VoxelSize) -> GaussianMoments {
    let size = voxelSize.converted(to: .nanometer)
    let steps = [size.z, size.y, size.x].map { $0 * Double(downsample) }
    return GaussianMoments(sigma: zip(sigma, steps).map { $0 / $1 })
  }

  /// Makes the descriptors of a box.
  ///
  /// - Returns: The weight is 0 in background, and where the Gaussian reaches what is not annotated.
  public func make(
    from sample: TrainingSample, in box: VoxelBox
  ) -> (values: Volume<Float>, weights: Volume<Float>) {
    let statistics = statistics(sample.voxelSize)
    let grid = CoarseGrid(of: box, step: downsample, margin: statistics.reach)
    let coarse = grid.sampled(sample.labels)
    let labels = sample.labels.cropped(to: box)
    var values = Volume<Float>(channels: channels, box: box)
    for (label, cells) in grid.cellBoxes(of: labels) {
      let part = cells.grown(by: statistics.reach).intersection(coarse.box)
      let object = coarse.cropped(to: part).mapped { $0 == label ? 1 : 0 }
      var descriptors = statistics.moments(of: object, in: cells)
      describe(&descriptors, voxelSize: sample.voxelSize)
      grid.spread(descriptors, over: label, labels: labels, to: &values)
    }
    let known = KnownWindow(halo(for: sample.voxelSize)).known(sample.mask).cropped(to: box)
    var weights = Volume<Float>(channels: channels, box: box)
    for channel in 0..<channels {
      for z in 0..<box.extent.z {
        for y in 0..<box.extent.y {
          let label = labels.row(z: z, y: y)
          let flags = known.row(z: z, y: y)
          var weight = weights.mutableRow(channel: channel, z: z, y: y)
          for x in label.indices { weight[x] = label[x] != 0 && flags[x] != 0 ? 1 : 0 }
        }
      }
    }
    return (values, weights)
  }

  /// Replaces moments by descriptors.
  private func describe(_ volume: inout Volume<Float>, voxelSize: VoxelSize) {
    let size = voxelSize.converted(to: .nanometer)
    let step = [size.z, size.y, size.x].map { Float($0 * Double(downsample)) }
    let width = sigma.map { Float($0) }
    let count = volume.extent.voxelCount
    var values = volume.mutableSpan
    for index in 0..<count {
      let mass = values[index]
      let inverse = mass > 0 ? 1 / mass : 0
      // In nanometres and their squares; below 10⁻³ nm² correlations mean nothing.
      var offset = SIMD3<Float>()
      var variance = SIMD3<Float>()
      for axis in 0..<3 {
        let mean = values[index &+ (1 &+ axis) &* count] * inverse
        let square = values[index &+ (4 &+ axis) &* count] * inverse
        offset[axis] = mean * step[axis]
        variance[axis] = max((square - mean * mean) * step[axis] * step[axis], 1e-3)
      }
      for (pair, (first, second)) in [(0, 1), (0, 2), (1, 2)].enumerated() {
        let product = values[index &+ (7 &+ pair) &* count] * inverse
        let covariance = product * step[first] * step[second] - offset[first] * offset[second]
        let correlation = covariance / (variance[first] * variance[second]).squareRoot()
        values[index &+ (6 &+ pair) &* count] = min(max(correlation * 0.5 + 0.5, 0), 1)
      }
      for axis in 0..<3 {
        values[index &+ axis &* count] = min(max(offset[axis] / width[axis] * 0.5 + 0.5, 0), 1)
        values[index &+ (3 &+ axis) &* count] = min(
          max(variance[axis] / (width[axis] * width[axis]), 0), 1)
      }
      values[index &+ 9 &* count] = min(max(mass, 0), 1)
    }
  }
}
