import VolumeStore
import Voxels

/// Where a volume lies, to tell points of another unit from points of another place.
struct VolumeFrame {
  private let size: VoxelSize
  private let extent: VoxelExtent
  private let offset: PhysicalPosition

  init(_ reader: any VolumeReader) {
    let metadata = reader.metadata
    let stated = metadata.voxelSize ?? VoxelSize(z: 1, y: 1, x: 1)
    size = stated.converted(to: .nanometer)
    extent = metadata.extent
    let unit = stated.unit.nanometers
    offset = PhysicalPosition(
      z: metadata.offset.z * unit, y: metadata.offset.y * unit, x: metadata.offset.x * unit)
  }

  /// Whether a point in nanometres lies within half a voxel of voxels' centres.
  private func contains(_ place: PhysicalPosition) -> Bool {
    func isIn(_ value: Double, _ first: Double, _ length: Double, _ count: Int) -> Bool {
      let index = ((value - first) / length).rounded()
      return index >= 0 && index < Double(count)
    }
    return isIn(place.z, offset.z, size.z, extent.z) && isIn(place.y, offset.y, size.y, extent.y)
      && isIn(place.x, offset.x, size.x, extent.x)
  }

  /// What is wrong where a point lies outside.
  ///
  /// - Parameters:
  ///   - place: The point, in nanometres.
  ///   - places: All points, to see whether another unit would place them within.
  ///   - path: The table.
  ///   - subject: What lies there.
  ///   - unit: The nanometres of one unit in the table.
  /// - Returns: An error with a remedy.
  func outside(
    _ place: PhysicalPosition, in places: [PhysicalPosition], of path: String, _ subject: String,
    unit: VoxelSize
  ) -> VolumeError {
    // One stray point says nothing of units.
    let isCommon = places.count { !contains($0) } * 2 > places.count
    let isScaled =
      isCommon
      && places.allSatisfy {
        contains(PhysicalPosition(z: $0.z / size.z, y: $0.y / size.y, x: $0.x / size.x))
      }
    let isUnit = unit.converted(to: .nanometer).isClose(to: VoxelSize(z: 1, y: 1, x: 1))
    let remedy =
      switch (isScaled, isUnit) {
      case (true, false):
        "the points fit when divided by the voxel size: units do not match; if the table is in "
          + "nanometres already, leave --unit out"
      case (true, true):
        "the points fit when divided by the voxel size: units do not match; state those of the "
          + "table with --unit, or the volume's true --voxel-size"
      default:
        "if units do not match, state those of the table with --unit z,y,x or the volume's "
          + "--voxel-size; to leave such synapses out, give --ignore-outside"
      }
    let last = PhysicalPosition(
      z: offset.z + Double(extent.z - 1) * size.z, y: offset.y + Double(extent.y - 1) * size.y,
      x: offset.x + Double(extent.x - 1) * size.x)
    return VolumeError(
      .malformedMetadata, path: path, "\(subject) lies outside the segmentation",
      found: "\(text(place)) nm (z,y,x)",
      expected: "voxels' centres from \(text(offset)) to \(text(last)) nm", remedy: remedy)
  }

  /// What is odd where all points would be voxels of the volume as well, and huddle in its corner.
  func suspicion(of places: [PhysicalPosition]) -> String? {
    guard size.z >= 2, size.y >= 2, size.x >= 2, places.count >= 20, offset == .zero else {
      return nil
    }
    let areVoxels = places.allSatisfy {
      $0.z < Double(extent.z) && $0.y < Double(extent.y) && $0.x < Double(extent.x)
    }
    guard areVoxels else { return nil }
    return "all points lie in the first corner of the segmentation; if they are voxels, give "
      + "--unit \(size.text)"
  }

  private func text(_ place: PhysicalPosition) -> String {
    [place.z, place.y, place.x].map { shortText($0) }.joined(separator: ",")
  }
}
