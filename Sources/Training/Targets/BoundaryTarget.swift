public import Codecs
public import Voxels

/// Where objects end: background, and voxels near another object or background.
///
/// With one step it is what scikit-image calls the thick boundaries, and the background.
public struct BoundaryTarget: TrainingTarget {
  /// `boundary`.
  public static let name = "boundary"

  private let erosion: LabelErosion

  /// Reads `width` (1 voxel of each object) and `width_axes`.
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    erosion = try LabelErosion("width", default: 1, &settings)
  }

  /// One.
  public var channels: Int { 1 }

  /// The width.
  public func halo(for voxelSize: VoxelSize) -> VoxelExtent { erosion.halo(for: voxelSize) }

  /// Makes the boundaries of a box: 1 on a boundary, 0 inside an object.
  public func make(
    from sample: TrainingSample, in box: VoxelBox
  ) -> (values: Volume<Float>, weights: Volume<Float>) {
    let inside = erosion.thinned(sample.labels, voxelSize: sample.voxelSize).cropped(to: box)
    let known = erosion.known(sample.mask, voxelSize: sample.voxelSize).cropped(to: box)
    return (inside.mapped { $0 == 0 ? 1 : 0 }, known.mapped { $0 == 0 ? 0 : 1 })
  }
}

extension Volume {
  /// A number for each value.
  func mapped(_ number: (Scalar) -> Float) -> Volume<Float> {
    let source = span
    return Volume<Float>(
      channels: channels, box: box,
      values: [Float](capacity: source.count) { output in
        for index in source.indices { output.append(number(source[index])) }
      })
  }
}
