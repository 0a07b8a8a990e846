/// Which components of a whole region are kept, by size.
public struct ComponentFilter: Hashable, Sendable {
  /// The number of voxels below which a component is dropped.
  public var minimumVoxelCount: Int
  /// Whether components on the region's outer faces, which may be cut off, are kept however small.
  public var keepsTouchingBorder: Bool
  /// How many components are kept of those that pass, the largest first and of equal ones the
  /// first in raster order; nil keeps all.
  public var largestCount: Int?

  /// Creates a filter; without arguments it keeps everything.
  public init(
    minimumVoxelCount: Int = 0, keepsTouchingBorder: Bool = false, largestCount: Int? = nil
  ) {
    precondition(
      minimumVoxelCount >= 0 && (largestCount ?? 0) >= 0, "a filter counts from zero up")
    self.minimumVoxelCount = minimumVoxelCount
    self.keepsTouchingBorder = keepsTouchingBorder
    self.largestCount = largestCount
  }

  /// Keeps everything.
  public static let everything = ComponentFilter()

  /// The indices of the components kept, increasing.
  func kept(of components: [JoinedComponent]) -> [Int] {
    let passing = components.indices.filter { index in
      components[index].voxelCount >= minimumVoxelCount
        || (keepsTouchingBorder && components[index].touchesBorder)
    }
    guard let largestCount, largestCount < passing.count else { return passing }
    // Components stand in raster order, so of equal sizes the smaller index comes first.
    return passing.sorted { first, second in
      let (a, b) = (components[first].voxelCount, components[second].voxelCount)
      return a != b ? a > b : first < second
    }.prefix(largestCount).sorted()
  }
}
