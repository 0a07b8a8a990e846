public import Codecs
public import Voxels

/// What a network learns to answer, made from a sample's annotations.
public protocol TrainingTarget: Sendable {
  /// What a configuration calls it.
  static var name: String { get }
  /// Reads the target from a configuration.
  init(_ settings: inout SettingsReader) throws(SettingsError)
  /// The number of values per voxel.
  var channels: Int { get }
  /// The further label volumes that the target needs.
  var labelNames: [String] { get }
  /// How far the annotations that a voxel's values depend on may lie from it.
  func halo(for voxelSize: VoxelSize) -> VoxelExtent
  /// Makes the values of a box and how much each counts, (channel, z, y, x) both.
  ///
  /// Values lie in [0, 1]; a weight is 0 where the value depends on what is not annotated, or lies
  /// outside the sample. The sample's annotations cover the box grown by the halo.
  func make(
    from sample: TrainingSample, in box: VoxelBox
  ) -> (values: Volume<Float>, weights: Volume<Float>)
}

extension TrainingTarget {
  /// None.
  public var labelNames: [String] { [] }
}

/// Every target, in the order in which manuals list them.
public let trainingTargetTypes: [any TrainingTarget.Type] = [
  AffinityTarget.self,
  BoundaryTarget.self,
  ShapeDescriptorTarget.self,
  MaskTarget.self,
  DistanceTarget.self,
]

extension SettingsReader {
  /// The targets that a list of objects with a `name` each describes, in their order.
  ///
  /// - Throws: `SettingsError` for an unknown name, key or value.
  public mutating func targets(
    _ name: String = "targets"
  ) throws(SettingsError) -> [any TrainingTarget] {
    try members(name, of: trainingTargetTypes.map { ($0.name, $0) }) {
      (type, settings) throws(SettingsError) in try type.init(&settings)
    }
  }
}
