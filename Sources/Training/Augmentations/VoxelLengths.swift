import Codecs
import Voxels

/// Lengths along each axis as a configuration gives them: one for each, in voxels along it, or one
/// for all, in voxels along x.
struct VoxelLengths: Hashable, Sendable {
  /// What one length for all means across sections, where voxels are not cubic.
  enum Across {
    /// The same physical length.
    case scaled
    /// Nothing: sections are not interpolated where they are far apart.
    case onlyCubic
  }

  /// z, y, x; or one.
  let values: [Double]

  /// The lengths along z, y, x, in voxels.
  func along(_ voxelSize: VoxelSize, acrossSections across: Across) -> [Double] {
    if values.count == 3 { return values }
    let z =
      switch across {
      case .scaled: max(values[0] * voxelSize.x / voxelSize.z, 1)
      case .onlyCubic: voxelSize.isCubic ? values[0] : 0
      }
    return [z, values[0] * voxelSize.x / voxelSize.y, values[0]]
  }
}

extension SettingsReader {
  /// One number, or three for z, y, x.
  mutating func lengths(
    _ name: String, default length: Double, in range: ClosedRange<Double>
  ) throws(SettingsError) -> VoxelLengths {
    guard case .array = value(name) else {
      return VoxelLengths(values: [try number(name, default: length, in: range)])
    }
    return VoxelLengths(values: try numbers(name, count: 3, in: range) ?? [length])
  }
}
