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
    let labels = sample.labels.cropped(to: box)
    let scale = DescriptorScale(sigma: sigma, voxelSize: sample.voxelSize, downsample: downsample)
    var values = Volume<Float>(channels: channels, box: box)
    for object in grid.objects(of: sample.labels) {
      let first = object.cells.origin.x
      var rows = Array(
        repeating: Array(repeating: Float(0), count: (object.cells.extent.x + 7) / 8 * 8),
        count: channels)
      statistics.forEachRow(of: object) { z, y, moments in
        for (block, lanes) in moments.enumerated() {
          scale.describe(lanes, block: block, into: &rows)
        }
        for channel in rows.indices {
          grid.spread(
            rows[channel], from: first, z: z, y: y, over: object.label, labels: labels,
            channel: channel, to: &values)
        }
      }
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
}

/// How moments in voxels become descriptors in [0, 1].
private struct DescriptorScale {
  /// The length of a cell along each axis, in nanometres.
  private let step: [Float]
  private let sigma: [Float]

  init(sigma: [Double], voxelSize: VoxelSize, downsample: Int) {
    let size = voxelSize.converted(to: .nanometer)
    step = [size.z, size.y, size.x].map { Float($0 * Double(downsample)) }
    self.sigma = sigma.map { Float($0) }
  }

  /// Sets eight values of each channel's row.
  func describe(_ moments: MomentLanes, block: Int, into rows: inout [[Float]]) {
    let none = moments.mass .<= 0
    let inverse = (1 / moments.mass).replacing(with: 0, where: none)
    let means = [moments.z, moments.y, moments.x]
    let squares = [moments.zz, moments.yy, moments.xx]
    let products = [(0, 1, moments.zy), (0, 2, moments.zx), (1, 2, moments.yx)]
    // In nanometres and their squares; variances below 10⁻³ nm² are rounding.
    var offsets: [SIMD8<Float>] = []
    var variances: [SIMD8<Float>] = []
    for axis in 0..<3 {
      let mean = means[axis] * inverse
      let variance = (squares[axis] * inverse - mean * mean) * (step[axis] * step[axis])
      offsets.append(mean * step[axis])
      variances.append(pointwiseMax(variance, SIMD8(repeating: 1e-3)))
    }
    for axis in 0..<3 {
      set(axis, offsets[axis] / sigma[axis] * 0.5 + 0.5, block, &rows)
      set(3 + axis, variances[axis] / (sigma[axis] * sigma[axis]), block, &rows)
      let (first, second, product) = products[axis]
      let covariance =
        product * inverse * (step[first] * step[second]) - offsets[first] * offsets[second]
      let correlation = covariance / (variances[first] * variances[second]).squareRoot()
      set(6 + axis, correlation * 0.5 + 0.5, block, &rows)
    }
    set(9, moments.mass, block, &rows)
  }

  private func set(
    _ channel: Int, _ values: SIMD8<Float>, _ block: Int, _ rows: inout [[Float]]
  ) {
    let clamped = pointwiseMin(pointwiseMax(values, SIMD8(repeating: 0)), SIMD8(repeating: 1))
    for lane in 0..<8 { rows[channel][block * 8 + lane] = clamped[lane] }
  }
}
