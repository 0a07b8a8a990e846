/// Which components of a whole region are kept, by size.
public struct ComponentFilter: Hashable, Sendable {
  /// The number of voxels below which a component is dropped.
  public var minimumVoxelCount: Int
  /// What becomes of components on the region's outer faces, which may be cut off there.
  public enum BorderRule: String, Hashable, Sendable {
    /// They are treated as any other.
    case asOthers
    /// They are kept however small.
    case kept
    /// They are dropped however large.
    case dropped
  }

  /// What becomes of components on the region's outer faces.
  public var touchingBorder: BorderRule
  /// How many components are kept of those that pass, the largest first and of equal ones the
  /// first in raster order; nil keeps all.
  public var largestCount: Int?

  /// Creates a filter; without arguments it keeps everything.
  public init(
    minimumVoxelCount: Int = 0, touchingBorder: BorderRule = .asOthers, largestCount: Int? = nil
  ) {
    precondition(
      minimumVoxelCount >= 0 && (largestCount ?? 0) >= 0, "a filter counts from zero up")
    self.minimumVoxelCount = minimumVoxelCount
    self.touchingBorder = touchingBorder
    self.largestCount = largestCount
  }

  /// Keeps everything.
  public static let everything = ComponentFilter()

  /// Whether a component is kept as far as its own size and place go.
  func passes(_ component: JoinedComponent) -> Bool {
    component.touchesBorder && touchingBorder != .asOthers
      ? touchingBorder == .kept : component.voxelCount >= minimumVoxelCount
  }
}
