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
/// - Complexity: 8 bytes of memory for each block; the numbers are read from their pages.
public struct ComponentMap: Sendable {
  /// How many components, and how many voxels they have together.
  public struct Totals: Hashable, Sendable {
    /// The number of components.
    public private(set) var count = 0
    /// The number of their voxels.
    public private(set) var voxelCount = 0

    mutating func add(_ voxels: Int) {
      count += 1
      voxelCount += voxels
    }
  }

  /// The components that have a number.
  public let kept: Totals
  /// The components that the filter dropped.
  public let dropped: Totals
  /// Where each block's components start in the row of numbers, and its length.
  let offsets: [Int]
  let pages: any NumberPages
  let firstPage: Int
  let firstDescriptionPage: Int

  init(kept: Totals, dropped: Totals, offsets: [Int], pages: any NumberPages) {
    self.kept = kept
    self.dropped = dropped
    self.offsets = offsets
    self.pages = pages
    let pageCount = PagedNumbers.pageCount(offsets[offsets.count - 1])
    firstPage = 3 * pageCount
    firstDescriptionPage = 4 * pageCount
  }

  /// The number of blocks.
  public var blockCount: Int { offsets.count - 1 }

  /// What each label of a block becomes, for ``relabelled(_:by:in:)``.
  ///
  /// Background and dropped components become 0, others their component's number.
  ///
  /// - Throws: What the pages throw.
  public func table(ofBlock index: Int) throws -> [UInt64] {
    [0] + (try numbers(offsets[index]..<offsets[index + 1], from: firstPage))
  }

  /// The components kept: the one numbered *n* stands at index *n* − 1.
  ///
  /// - Throws: What the pages throw.
  /// - Complexity: O(*n*) time and memory in the components.
  public func components() throws -> [JoinedComponent] {
    let words = try numbers(0..<2 * kept.count, from: firstDescriptionPage)
    return (0..<kept.count).map { index in
      JoinedComponent(
        firstIndex: Int(words[2 * index + 1]), voxelCount: Int(words[2 * index] >> 1),
        touchesBorder: words[2 * index] & 1 == 1)
    }
  }

  private func numbers(_ range: Range<Int>, from firstPage: Int) throws -> [UInt64] {
    var numbers: [UInt64] = []
    numbers.reserveCapacity(range.count)
    var index = range.lowerBound
    while index < range.upperBound {
      let (page, place) = index.quotientAndRemainder(dividingBy: PagedNumbers.pageLength)
      let count = min(PagedNumbers.pageLength - place, range.upperBound - index)
      let values = try pages.page(firstPage + page)
      guard values.count >= place + count else {
        throw SeamError("page \(firstPage + page) is cut short")
      }
      numbers += values[place..<place + count]
      index += count
    }
    return numbers
  }
}
