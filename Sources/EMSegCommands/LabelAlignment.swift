import VolumeStore
import Voxels

/// Where two volumes of the same tissue lie to each other.
enum LabelAlignment {
  /// Checks that a volume holds labels.
  ///
  /// - Throws: ``VolumeError`` with `dataTypeMismatch` where it has several channels or fractions.
  static func checkLabels(_ reader: any VolumeReader) throws(VolumeError) {
    guard reader.metadata.dataType.isInteger, reader.metadata.channels == 1 else {
      throw VolumeError(
        .dataTypeMismatch, path: reader.path, "not a label volume",
        found: "\(reader.metadata.channels) channels of \(reader.metadata.dataType.rawValue)",
        expected: "one channel of integers")
    }
  }

  /// The voxel of a base volume at which another starts, by the offsets that they state.
  ///
  /// Where one of them states no voxel size, both start at the same voxel.
  ///
  /// - Throws: ``VolumeError`` where the voxel sizes differ.
  static func shift(
    of other: any VolumeReader, within base: any VolumeReader
  ) throws(VolumeError) -> VoxelExtent {
    guard let size = base.metadata.voxelSize?.converted(to: .nanometer),
      let otherSize = other.metadata.voxelSize?.converted(to: .nanometer)
    else { return .zero }
    guard size.isClose(to: otherSize) else {
      throw VolumeError(
        .unsupportedFeature, path: other.path, "the voxel sizes differ",
        found: "\(otherSize.text) nm", expected: "\(size.text) nm, as in \(base.path)",
        remedy: "import both at the same resolution, or correct the voxel size of one")
    }
    let (near, far) = (base.metadata, other.metadata)
    let units = (
      near.voxelSize?.unit.nanometers ?? 1, far.voxelSize?.unit.nanometers ?? 1
    )
    func steps(_ from: Double, _ to: Double, _ length: Double) -> Int {
      Int(((to * units.1 - from * units.0) / length).rounded())
    }
    return VoxelExtent(
      z: steps(near.offset.z, far.offset.z, size.z), y: steps(near.offset.y, far.offset.y, size.y),
      x: steps(near.offset.x, far.offset.x, size.x))
  }
}
