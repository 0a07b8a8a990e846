public import Codecs
import Glibc
public import Voxels

/// How deep a voxel lies in its object, or how far outside of any.
///
/// With *d* the distance to the nearest voxel that is not of the same object, or from background to
/// the nearest object and then negative, the value is ½ + ½ tanh(*d* / scale).
///
/// Source: the signed distances of Heinrich et al. 2018, "Synaptic cleft segmentation in
/// non-isotropic volume electron microscopy"; the exact transform is that of Felzenszwalb &
/// Huttenlocher 2012, "Distance transforms of sampled functions".
public struct DistanceTarget: TrainingTarget {
  /// `distance`.
  public static let name = "distance"

  private let selection: LabelSelection
  private let scale: Double

  /// Reads `scale` (50 nm), `labels` and `ids` as ``MaskTarget`` does.
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    selection = try LabelSelection(&settings)
    scale = try settings.number("scale", default: 50, in: 1e-3...1e6)
  }

  /// One.
  public var channels: Int { 1 }

  /// The further label volume, where one is named.
  public var labelNames: [String] { selection.labelNames }

  /// Three times the scale: the distances beyond are given as that.
  public func halo(for voxelSize: VoxelSize) -> VoxelExtent {
    let size = voxelSize.converted(to: .nanometer)
    return VoxelExtent(
      z: Int((3 * scale / size.z).rounded(.up)), y: Int((3 * scale / size.y).rounded(.up)),
      x: Int((3 * scale / size.x).rounded(.up)))
  }

  /// Makes the distances of a box.
  public func make(
    from sample: TrainingSample, in box: VoxelBox
  ) -> (values: Volume<Float>, weights: Volume<Float>) {
    var labels = selection.labels(of: sample)
    var span = labels.mutableSpan
    for index in span.indices where !selection.contains(span[index]) { span[index] = 0 }
    let distances = squaredDistances(toOther: labels, voxelSize: sample.voxelSize).cropped(to: box)
    let inside = labels.cropped(to: box)
    var values = Volume<Float>(box: box)
    var value = values.mutableSpan
    let label = inside.span
    let squared = distances.span
    for index in value.indices {
      let distance = min(Double(squared[index]).squareRoot(), 3 * scale)
      value[index] = Float(0.5 + 0.5 * tanh((label[index] == 0 ? -distance : distance) / scale))
    }
    let known = KnownWindow(halo(for: sample.voxelSize)).known(sample.mask).cropped(to: box)
    return (values, known.mapped { $0 == 0 ? 0 : 1 })
  }

  /// The squared distance, in nm², from each voxel to the nearest one of another label; infinite
  /// where there is none.
  private func squaredDistances(
    toOther labels: Volume<UInt64>, voxelSize: VoxelSize
  ) -> Volume<Float> {
    let size = voxelSize.converted(to: .nanometer)
    let extent = labels.extent
    var distances = Volume<Float>(box: labels.box, fill: .infinity)
    let lengths = [extent.x, extent.y, extent.z]
    let strides = [1, extent.x, extent.x * extent.y]
    let steps = [size.x, size.y, size.z]
    var line = DistanceLine(count: max(extent.x, extent.y, extent.z))
    for axis in 0..<3 {
      let others = (0..<3).filter { $0 != axis }
      for outer in 0..<lengths[others[1]] {
        for inner in 0..<lengths[others[0]] {
          line.transform(
            labels.span, distances: &distances,
            from: outer * strides[others[1]] + inner * strides[others[0]], stride: strides[axis],
            count: lengths[axis], step: Float(steps[axis]))
        }
      }
    }
    return distances
  }
}
