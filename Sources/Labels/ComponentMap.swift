/// A component of a whole region, joined over its blocks.
public struct JoinedComponent: Hashable, Sendable {
  /// The index of its first voxel in the region's raster order.
  public let firstIndex: Int
  /// The number of its voxels.
  public let voxelCount: Int
  /// Whether it reaches the region's outer faces.
  public let touchesBorder: Bool

  /// Creates a component's description.
  public init(firstIndex: Int, voxelCount: Int, touchesBorder: Bool) {
    self.firstIndex = firstIndex
    self.voxelCount = voxelCount
    self.touchesBorder = touchesBorder
  }
}

/// The components of a whole region, and which labels of its blocks name each of them.
///
/// Components are numbered from 1 in raster order of their first voxel in the region: the same
/// for any way of cutting it into blocks.
///
/// - Complexity: 4 bytes for each component of each block, 24 for each component of the region.
public struct ComponentMap: Sendable, Equatable {
  /// The components kept: the one numbered *n* stands at index *n* − 1.
  public let components: [JoinedComponent]
  /// The number of components that the filter dropped.
  public let droppedCount: Int
  /// The voxels of the components that the filter dropped.
  public let droppedVoxelCount: Int
  /// Where each block's components start in `numbers`, and its count.
  private let offsets: [Int]
  /// The number of the component that each block's component belongs to; 0 where it was dropped.
  private let numbers: [UInt32]

  init(joined: [JoinedComponent], offsets: [Int], members: [UInt32], filter: ComponentFilter) {
    // `members` gives for each block's component the region's component by index, or the index
    // after the last where no voxel of it is a block's own.
    let kept = filter.kept(of: joined)
    var numbers = [UInt32](repeating: 0, count: joined.count + 1)
    for (number, index) in kept.enumerated() {
      numbers[index] = UInt32(truncatingIfNeeded: number + 1)
    }
    let total = joined.reduce(0) { $0 + $1.voxelCount }
    components = kept.map { joined[$0] }
    droppedCount = joined.count - kept.count
    droppedVoxelCount = total - components.reduce(0) { $0 + $1.voxelCount }
    self.offsets = offsets
    self.numbers = members.map { numbers[Int($0)] }
  }

  /// The map after components were joined further, and those dropped that a filter does not keep.
  ///
  /// - Parameters:
  ///   - numbers: The new number of every component, by its number, dense from 1 in the order of
  ///     the smallest members; nil where each stays by itself.
  ///   - filter: Which of the joined components are kept.
  /// - Returns: The map of what is left.
  /// - Complexity: O(*n*) in the components of the region and of the blocks.
  public consuming func joined(
    by numbers: [UInt32]?, keeping filter: ComponentFilter
  ) -> ComponentMap {
    precondition(droppedCount == 0, "what was dropped cannot be joined")
    guard numbers != nil || filter != .everything else { return self }
    let numbers = numbers ?? (0...UInt32(components.count)).map { $0 }
    precondition(numbers.count == components.count + 1, "every component has a new number")
    var sums: [JoinedComponent] = []
    for (index, component) in components.enumerated() {
      let place = Int(numbers[index + 1]) - 1
      if place == sums.count {
        sums.append(component)
      } else {
        sums[place] = JoinedComponent(
          firstIndex: sums[place].firstIndex,
          voxelCount: sums[place].voxelCount + component.voxelCount,
          touchesBorder: sums[place].touchesBorder || component.touchesBorder)
      }
    }
    let none = UInt32(truncatingIfNeeded: sums.count)
    return ComponentMap(
      joined: sums, offsets: offsets,
      members: self.numbers.map { $0 == 0 ? none : numbers[Int($0)] - 1 }, filter: filter)
  }

  /// The number of blocks.
  public var blockCount: Int { offsets.count - 1 }

  /// What each label of a block becomes, for ``relabelled(_:by:in:)``.
  ///
  /// Background and dropped components become 0, others their component's number.
  public func table(ofBlock index: Int) -> [UInt64] {
    [0] + numbers[offsets[index]..<offsets[index + 1]].map { UInt64($0) }
  }
}
