package import Voxels

extension VolumeMetadata {
  /// Checks that a region of the given type can be read.
  package func checkRead<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type, path: String
  ) throws(VolumeError) {
    guard Scalar.dataType == dataType else {
      throw VolumeError(
        .dataTypeMismatch, path: path, "the voxels have another type", found: dataType.rawValue,
        expected: Scalar.dataType.rawValue)
    }
    guard !box.isEmpty, self.box.contains(box) else {
      throw VolumeError(
        .outOfBounds, path: path, "the region reaches outside the volume",
        found: "\(box.rangesDescription)", expected: "within \(self.box.rangesDescription)")
    }
  }

  /// Whether the whole volume's size in bytes can be counted at all.
  package var isCountable: Bool {
    guard let voxels = extent.checkedVoxelCount, voxels > 0, channels > 0 else { return false }
    let (values, overflows) = voxels.multipliedReportingOverflow(by: channels)
    return !overflows && !values.multipliedReportingOverflow(by: dataType.byteCount).overflow
  }
}

extension VoxelBox {
  /// The region as index ranges, slowest axis first.
  package var rangesDescription: String {
    "z \(origin.z)..<\(end.z), y \(origin.y)..<\(end.y), x \(origin.x)..<\(end.x)"
  }
}

extension VoxelExtent {
  /// The extent as `z × y × x`.
  package var sizesDescription: String { "\(z) × \(y) × \(x)" }
}
