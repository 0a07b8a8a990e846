public import Skeletons
import Voxels

/// A true skeleton and the segment that each of its nodes lies in.
public struct TracedSkeleton: Sendable {
  /// What it is called.
  public var name: String
  /// The skeleton.
  public var skeleton: Skeleton
  /// The segment of each node: 0 where there is none, nil where the node lies outside the volume.
  public var segments: [UInt64?]

  /// Creates a traced skeleton.
  public init(name: String, skeleton: Skeleton, segments: [UInt64?]) {
    precondition(segments.count == skeleton.nodes.count, "every node has its segment")
    self.name = name
    self.skeleton = skeleton
    self.segments = segments
  }
}

/// How far one can follow a neuron through a segmentation before an error, on average.
///
/// From a point drawn evenly from all true cable, the run is the length of its skeleton's cable in
/// the same segment. Runs in a segment that merges skeletons are 0. Cable of which one end lies
/// outside the volume is left out.
///
/// An edge is *omitted* where an end lies in no segment, *split* where its ends lie in two, *merged*
/// where both lie in one that merges skeletons, else *correct*. No segment, 0, is never a merging
/// one.
///
/// Source: Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4, Methods, "Expected run length".
public struct ExpectedRunLength: Sendable {
  /// What happened to one skeleton.
  public struct SkeletonScore: Hashable, Sendable {
    /// What it is called.
    public let name: String
    /// The cable that counts, in nanometres.
    public let length: Double
    /// The expected run length of a point of this skeleton, in nanometres.
    public let expectedRunLength: Double
    /// The numbers of edges.
    public let correct: Int, split: Int, merged: Int, omitted: Int
    /// The edges that were left out, since they leave the volume.
    public let outside: Int
    /// The number of segments on it.
    public let segmentCount: Int
  }

  /// A segment over several skeletons.
  public struct Merge: Hashable, Sendable {
    /// The segment.
    public let segment: UInt64
    /// The places, in the list of skeletons, of those with more nodes in it than are tolerated.
    public let skeletons: [Int]
  }

  /// The skeletons, in the order given.
  public let skeletons: [SkeletonScore]
  /// The segments that merge skeletons, by label.
  public let merges: [Merge]
  /// How many nodes of a skeleton a segment may hold without counting as on it.
  public let mergeTolerance: Int
  /// The expected run length, in nanometres.
  public let value: Double
  /// That of a segmentation without error.
  public let perfect: Double
  /// The cable that counts, in nanometres.
  public let length: Double

  /// The share of what a segmentation without error has, in [0, 1].
  public var normalized: Double { perfect > 0 ? value / perfect : 0 }

  /// Scores skeletons; nil where no cable lies within the volume.
  ///
  /// - Parameters:
  ///   - traced: The skeletons.
  ///   - mergeTolerance: A segment merges where more than so many nodes of each of two skeletons
  ///     lie in it; 0 as in the paper.
  ///   - forbidden: Segments that merge whatever skeletons lie in them, since they hold tissue that
  ///     no skeleton follows.
  /// - Complexity: O(*n* log *n*) in the nodes.
  public init?(
    of traced: [TracedSkeleton], mergeTolerance: Int = 0, forbidden: Set<UInt64> = []
  ) {
    precondition(mergeTolerance >= 0, "a tolerance is not negative")
    var holders: [UInt64: [Int]] = [:]
    for (index, skeleton) in traced.enumerated() {
      var counts: [UInt64: Int] = [:]
      for case .some(let segment) in skeleton.segments where segment != 0 {
        counts[segment, default: 0] += 1
      }
      for (segment, count) in counts where count > mergeTolerance {
        holders[segment, default: []].append(index)
      }
    }
    merges = holders.filter { $0.value.count > 1 || forbidden.contains($0.key) }
      .map { Merge(segment: $0.key, skeletons: $0.value) }.sorted { $0.segment < $1.segment }
    let merging = Set(merges.map(\.segment))
    skeletons = traced.map { Self.score($0, merging: merging) }
    self.mergeTolerance = mergeTolerance
    let length = skeletons.reduce(0) { $0 + $1.length }
    guard length > 0 else { return nil }
    self.length = length
    value = skeletons.reduce(0) { $0 + $1.length / length * $1.expectedRunLength }
    perfect = skeletons.reduce(0) { $0 + $1.length / length * $1.length }
  }

  private static func score(_ traced: TracedSkeleton, merging: Set<UInt64>) -> SkeletonScore {
    var runs: [UInt64: Double] = [:]
    var (length, correct, split, merged, omitted, outside) = (0.0, 0, 0, 0, 0, 0)
    for edge in traced.skeleton.edges {
      guard let first = traced.segments[edge.node], let second = traced.segments[edge.parent]
      else {
        outside += 1
        continue
      }
      length += edge.length
      if first == 0 || second == 0 {
        omitted += 1
      } else if first != second {
        split += 1
      } else if merging.contains(first) {
        merged += 1
      } else {
        correct += 1
        runs[first, default: 0] += edge.length
      }
    }
    // In a fixed order, so that the sum is the same bits every time.
    let squares = runs.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value * $1.value }
    let segments = Set(traced.segments.compactMap { $0 }).subtracting([0])
    return SkeletonScore(
      name: traced.name, length: length, expectedRunLength: length > 0 ? squares / length : 0,
      correct: correct, split: split, merged: merged, omitted: omitted, outside: outside,
      segmentCount: segments.count)
  }
}

extension VariationOfInformation {
  /// Scores the nodes of skeletons within the volume; nil where there is none.
  ///
  /// Every node counts alike, so that densely traced neurons weigh more. Nodes in no segment are
  /// in one segment together, as in CREMI's convention.
  public init?(ofNodes traced: [TracedSkeleton]) {
    var table = ContingencyTable()
    for (index, skeleton) in traced.enumerated() {
      for case .some(let segment) in skeleton.segments {
        table.add(segmentation: segment, truth: UInt64(index + 1), first: .zero)
      }
    }
    self.init(of: table, convention: .cremi)
  }
}
