import Glibc

/// How much a segmentation and the truth say about each other, in bits; 0 is perfect.
///
/// Source: Meilă 2007, "Comparing clusterings", J. Multivariate Anal. 98(5); split and merge as in
/// Nunez-Iglesias et al. 2013, doi:10.1371/journal.pone.0071715.
public struct VariationOfInformation: Hashable, Sendable {
  /// H(segmentation | truth): what objects cut into several segments cost.
  public let split: Double
  /// H(truth | segmentation): what segments over several objects cost.
  public let merge: Double
  /// The voxels counted.
  public let voxelCount: Int
  /// What was done with label 0.
  public let convention: BackgroundConvention

  /// Both costs.
  public var sum: Double { split + merge }

  /// Scores a table; nil where the convention leaves no voxel to count.
  ///
  /// - Complexity: O(*n* log *n*) in the overlaps.
  public init?(of table: ContingencyTable, convention: BackgroundConvention = .cremi) {
    self.init(CountedOverlaps(table, convention), convention)
  }

  init?(_ counted: CountedOverlaps, _ convention: BackgroundConvention) {
    guard counted.voxelCount > 0 else { return nil }
    // −Σ p(s,t) log₂ p(s,t)/p(t), with the number of voxels taken out of the logarithm. The
    // overlaps come in a fixed order, so the sums are the same bits every time.
    var split = 0.0
    var merge = 0.0
    for overlap in counted.overlaps {
      let count = Double(overlap.voxelCount)
      let object = Double(counted.objects[overlap.truth] ?? 0)
      let segment = Double(counted.segments[overlap.segmentation] ?? 0)
      split += count * log2(object / count)
      merge += count * log2(segment / count)
    }
    for overlap in counted.singletons {
      split += Double(overlap.voxelCount) * log2(Double(counted.objects[overlap.truth] ?? 0))
    }
    self.split = split / Double(counted.voxelCount)
    self.merge = merge / Double(counted.voxelCount)
    voxelCount = counted.voxelCount
    self.convention = convention
  }
}
