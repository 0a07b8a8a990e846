import Labels
import VolumeStore
import Voxels

/// Connected components of a stored volume, block by block.
struct ComponentsLabelling: BlockLabelling {
  let name = "components"
  let source: any VolumeReader
  let sourceIdentity: String
  let neighbourhood: Neighbourhood
  /// Voxels at or above it are one kind of foreground; nil where values are labels.
  let threshold: Double?

  var fingerprint: String {
    let foreground = threshold.map { "at least \($0)" } ?? "labels"
    return "method=components 1\nconnectivity=\(neighbourhood.rawValue)\nforeground=\(foreground)\n"
      + "source=\(sourceIdentity)"
  }
  var halo: VoxelExtent { VoxelExtent(cube: 1) }
  var volume: VoxelBox { source.metadata.box }
  // Values, a mask, local labels, and runs where every few voxels start a new one.
  var bytesPerVoxel: Int { source.metadata.dataType.byteCount + 1 + 4 + 8 }

  func label(_ ownBox: VoxelBox) throws -> LabelledBlock {
    let box = BlockSeams.grownBox(of: ownBox, in: volume)
    let type = source.metadata.dataType.scalarType
    let found: LocalComponents
    if let threshold {
      found = connectedComponents(
        of: try mask(box, of: type, atLeast: threshold), neighbourhood: neighbourhood)
    } else if let type = type as? any (VoxelScalar & FixedWidthInteger).Type {
      found = try components(box, of: type)
    } else {
      throw VolumeError(
        .dataTypeMismatch, path: source.path, "components of equal value need whole numbers",
        found: source.metadata.dataType.rawValue, expected: "an integer type",
        remedy: "say what is foreground with --threshold")
    }
    return LabelledBlock(labels: found.labels, count: found.count)
  }

  private func mask<Scalar: VoxelScalar>(
    _ box: VoxelBox, of type: Scalar.Type, atLeast threshold: Double
  ) throws -> Volume<UInt8> {
    let volume = try source.read(box, as: type)
    if !Scalar.dataType.isInteger, let place = firstNaN(in: volume) {
      throw VolumeError(
        .dataTypeMismatch, path: source.path, "a value is not a number",
        found: "nan at \(place.z),\(place.y),\(place.x)", expected: "numbers to compare",
        remedy: "replace these values before")
    }
    let bound = Scalar.dataType.isInteger ? threshold.rounded(.up) : threshold
    return thresholded(volume, atLeast: Scalar(nearest: bound))
  }

  private func components<Scalar: VoxelScalar & FixedWidthInteger>(
    _ box: VoxelBox, of type: Scalar.Type
  ) throws -> LocalComponents {
    connectedComponents(of: try source.read(box, as: type), neighbourhood: neighbourhood)
  }
}
