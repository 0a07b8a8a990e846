public import Voxels

/// What a network sees past a volume's faces.
public enum BorderContext: String, CaseIterable, Hashable, Sendable {
  /// The volume's mirror image, as wide as the margin.
  case mirror
  /// Its own padding, mostly zeros.
  case padding
}

/// What a caller asks of the patches; what it leaves open is chosen.
public struct Tiling: Hashable, Sendable {
  /// The patch, rounded up to what the model's strides allow.
  public var patch: VoxelExtent?
  /// The voxels thrown away at each face of a patch.
  public var margin: VoxelExtent?
  /// The voxels over which neighbouring patches are blended.
  public var overlap: VoxelExtent?
  /// How overlapping patches are put together.
  public var blending: Blending
  /// What the network sees past the volume's faces.
  public var border: BorderContext
  /// The ways in which the network is shown every patch.
  public var augmentation: TestTimeAugmentation

  /// The margin along each axis, where the caller does not choose.
  ///
  /// A U-Net's receptive field is far larger than what its output depends on noticeably; the
  /// margin is a compromise between context and work, not a bound on the error.
  public static let standardMargin = 8
  /// The overlap over which neighbouring patches are blended, where the caller does not choose.
  public static let standardOverlap = 8

  /// Creates what a caller asks for.
  public init(
    patch: VoxelExtent? = nil, margin: VoxelExtent? = nil, overlap: VoxelExtent? = nil,
    blending: Blending = .crop,
    border: BorderContext = .mirror, augmentation: TestTimeAugmentation = .none
  ) {
    self.patch = patch
    self.margin = margin
    self.overlap = overlap
    self.blending = blending
    self.border = border
    self.augmentation = augmentation
  }

  /// The margin for a network of a receptive field.
  func margin(for radius: VoxelExtent) -> VoxelExtent {
    margin ?? radius.clipped(to: VoxelExtent(cube: Self.standardMargin))
  }

  /// The overlap for a network of a receptive field; none where each voxel is of one patch.
  func overlap(for radius: VoxelExtent) -> VoxelExtent {
    if let overlap { return overlap }
    return blending == .crop ? .zero : radius.clipped(to: VoxelExtent(cube: Self.standardOverlap))
  }
}

extension VoxelExtent {
  fileprivate func clipped(to other: VoxelExtent) -> VoxelExtent {
    VoxelExtent(z: min(z, other.z), y: min(y, other.y), x: min(x, other.x))
  }
}
