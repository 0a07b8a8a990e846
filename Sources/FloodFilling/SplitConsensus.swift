/// What two segmentations of the same voxels agree on: pieces that lie within one object of either.
///
/// Merge errors of one that the other does not make are undone, at the price of splits. Pieces are
/// the intersections of an object of the first with one of the second, or with the second's
/// background; those below a size are dropped. The largest piece of each object of the first keeps
/// its number, the others get new ones.
///
/// Count every voxel of both with ``add(_:_:)``, then give numbers with ``pieces(minimum:)``.
///
/// Source: Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4, "oversegmentation consensus".
public struct SplitConsensus: Sendable {
  /// An object of each segmentation; 0 is background.
  public struct Pair: Hashable, Sendable {
    /// The number in each.
    public var first: UInt64, second: UInt64

    /// Creates a pair.
    public init(first: UInt64, second: UInt64) {
      self.first = first
      self.second = second
    }
  }

  private var counts: [Pair: Int] = [:]

  /// Starts without voxels.
  public init() {}

  /// The intersections met so far.
  public var pairCount: Int { counts.count }

  /// Counts voxels, the same ones of both segmentations.
  ///
  /// - Complexity: O(*n*), and one look-up for each stretch of voxels of the same two objects.
  public mutating func add(_ first: Span<UInt64>, _ second: Span<UInt64>) {
    precondition(first.count == second.count, "both segmentations have the same voxels")
    var start = 0
    while start < first.count {
      let pair = Pair(first: first[start], second: second[start])
      var end = start + 1
      while end < first.count, first[end] == pair.first, second[end] == pair.second { end += 1 }
      // What has no object in the first has none in the consensus.
      if pair.first != 0 { counts[pair, default: 0] += end - start }
      start = end
    }
  }

  /// Adds what another one counted.
  public mutating func merge(_ other: SplitConsensus) {
    counts.merge(other.counts) { $0 + $1 }
  }

  /// The number of every piece.
  ///
  /// New numbers follow the first segmentation's largest, in the order of the pairs, so that they
  /// depend on the segmentations alone.
  ///
  /// - Parameter minimum: Pieces with fewer voxels are dropped.
  /// - Returns: The numbers, and how many pieces were dropped.
  /// - Complexity: O(*p* log *p*) in the pairs.
  public func pieces(minimum: Int) -> Pieces {
    let pairs = counts.keys.sorted { ($0.first, $0.second) < ($1.first, $1.second) }
    var largest: [UInt64: Pair] = [:]
    for pair in pairs {
      if let known = largest[pair.first], counts[known, default: 0] >= counts[pair, default: 0] {
        continue
      }
      largest[pair.first] = pair
    }
    var next = pairs.last?.first ?? 0
    var numbers: [Pair: UInt64] = [:]
    var result = Pieces(numbers: [:], kept: 0, dropped: 0, droppedVoxels: 0)
    for pair in pairs {
      let count = counts[pair, default: 0]
      guard count >= minimum else {
        result.dropped += 1
        result.droppedVoxels += count
        continue
      }
      result.kept += 1
      if largest[pair.first] == pair {
        numbers[pair] = pair.first
      } else {
        next += 1
        numbers[pair] = next
      }
    }
    result.numbers = numbers
    return result
  }

  /// The pieces of a consensus.
  public struct Pieces: Sendable {
    fileprivate var numbers: [Pair: UInt64]
    /// How many pieces there are, and how many were too small.
    public fileprivate(set) var kept: Int, dropped: Int
    /// The voxels of those that were too small.
    public fileprivate(set) var droppedVoxels: Int

    /// The piece of an intersection; 0 where it was dropped.
    public func number(of pair: Pair) -> UInt64 { numbers[pair] ?? 0 }

    /// Replaces the voxels of the first segmentation by their pieces.
    ///
    /// - Complexity: O(*n*), and one look-up for each stretch of voxels of the same two objects.
    public func apply(_ second: Span<UInt64>, to first: inout MutableSpan<UInt64>) {
      precondition(first.count == second.count, "both segmentations have the same voxels")
      var start = 0
      while start < first.count {
        let pair = Pair(first: first[start], second: second[start])
        let number = pair.first == 0 ? 0 : numbers[pair] ?? 0
        var end = start
        while end < first.count, first[end] == pair.first, second[end] == pair.second {
          end += 1
        }
        for index in start..<end { first[index] = number }
        start = end
      }
    }
  }
}
