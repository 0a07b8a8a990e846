import Codecs
import CommandLineInterface
import Networks
import VolumeStore
import Voxels

/// How a volume's grey values become a network's input, and what was measured to know it.
struct MeasuredInput {
  let normalization: InputNormalization
  /// What was measured, for the output's attributes; nil where nothing was.
  let record: JSONObject?

  /// Finds the normalisation of a volume, reading it once where its statistics are wanted.
  ///
  /// - Throws: ``VolumeError`` where values are infinite; what reading throws.
  init(
    of reader: any VolumeReader, by method: ModelDescription.Normalization,
    for description: ModelDescription, runner: StageRunner
  ) throws {
    func map(_ mean: Double, _ deviation: Double, _ place: String) throws -> InputNormalization.Map
    {
      guard mean.isFinite, deviation.isFinite else {
        throw VolumeError(
          .unsupportedFeature, path: reader.path, "values that are infinite have no mean",
          found: place, remedy: "use --normalize model, or clip the values")
      }
      return description.inputMap(mean: mean, standardDeviation: deviation)
    }
    switch method {
    case .scale:
      normalization = InputNormalization(description.inputMap(for: reader.metadata.dataType))
      record = nil
    case .volume:
      let found = try VolumeStatistics(of: reader, countsDistinct: false, runner: runner)
      normalization = InputNormalization(try map(found.mean, found.standardDeviation, "the volume"))
      record = [
        "mean": .number(found.mean), "standard_deviation": .number(found.standardDeviation),
      ]
    case .section:
      let sections = try sectionMoments(of: reader, runner: runner)
      normalization = InputNormalization(
        sections: try sections.enumerated().map { z, moments in
          try map(moments.mean, moments.standardDeviation, "section \(z)")
        })
      record = [
        "section_means": .array(sections.map { .number($0.mean) }),
        "section_standard_deviations": .array(sections.map { .number($0.standardDeviation) }),
      ]
    }
  }
}

/// What the values of each section of a volume are like, from the first section on.
///
/// The result does not depend on memory or threads.
private func sectionMoments(
  of reader: any VolumeReader, runner: StageRunner
) throws -> [ValueMoments] {
  // A section of a block beside the block.
  let walk = VolumeWalk(
    reader: reader, runner: runner, label: "statistics",
    bytesPerVoxel: reader.metadata.dataType.byteCount)
  let parts = try walk.results { box in
    func moments<Scalar: VoxelScalar>(
      _ type: Scalar.Type, _ measure: (borrowing Volume<Scalar>) -> ValueMoments
    ) throws -> (first: Int, moments: [ValueMoments]) {
      let volume = try reader.read(box, as: type)
      let sections = (0..<box.extent.z).map { z in
        measure(
          volume.cropped(
            to: VoxelBox(
              origin: box.origin + VoxelExtent(z: z, y: 0, x: 0),
              extent: VoxelExtent(z: 1, y: box.extent.y, x: box.extent.x))))
      }
      return (box.origin.z, sections)
    }
    func integers<Scalar: VoxelScalar & FixedWidthInteger>(
      _ type: Scalar.Type
    ) throws -> (first: Int, moments: [ValueMoments]) {
      try moments(type) { momentsOf(integers: $0) }
    }
    func reals<Scalar: VoxelScalar & BinaryFloatingPoint>(
      _ type: Scalar.Type
    ) throws -> (first: Int, moments: [ValueMoments]) {
      try moments(type) { momentsOf(reals: $0) }
    }
    let type = reader.metadata.dataType.scalarType
    if let type = type as? any (VoxelScalar & FixedWidthInteger).Type { return try integers(type) }
    if let type = type as? any (VoxelScalar & BinaryFloatingPoint).Type { return try reals(type) }
    preconditionFailure("values are whole numbers or fractions")
  }
  var sections = [ValueMoments](repeating: ValueMoments(), count: reader.metadata.extent.z)
  for part in parts {
    for (index, moments) in part.moments.enumerated() {
      sections[part.first - reader.metadata.box.origin.z + index].merge(moments)
    }
  }
  return sections
}
