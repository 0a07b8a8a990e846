/// One minus the F-score of "these two voxels belong together" over all pairs of voxels; 0 is
/// perfect.
///
/// A voxel makes a pair with itself too, as in the challenges' scripts; leaving such pairs out, as
/// scikit-image does, changes the score by about one over the objects' size.
///
/// Source: Arganda-Carreras et al. 2015, doi:10.3389/fnana.2015.00142, §"Evaluation metrics".
public struct AdaptedRandError: Hashable, Sendable {
  /// The share of pairs in one segment that are in one object: merges lower it.
  public let precision: Double
  /// The share of pairs in one object that are in one segment: splits lower it.
  public let recall: Double
  /// The voxels counted.
  public let voxelCount: Int
  /// What was done with label 0.
  public let convention: BackgroundConvention

  /// The error, `1 − 2 · precision · recall / (precision + recall)`, in [0, 1].
  public var error: Double { 1 - 2 * precision * recall / (precision + recall) }

  /// Scores a table; nil where the convention leaves no voxel to count.
  ///
  /// - Complexity: O(*n* log *n*) in the overlaps.
  public init?(of table: ContingencyTable, convention: BackgroundConvention = .cremi) {
    self.init(CountedOverlaps(table, convention), convention)
  }

  init?(_ counted: CountedOverlaps, _ convention: BackgroundConvention) {
    guard counted.voxelCount > 0 else { return nil }
    // Whole numbers: exact, and no order of adding matters. A voxel of its own pairs with itself.
    let alone = counted.singletons.reduce(UInt128(0)) { $0 + UInt128($1.voxelCount) }
    let both = alone + Self.pairs(counted.overlaps.map(\.voxelCount))
    precision = Double(both) / Double(alone + Self.pairs(Array(counted.segments.values)))
    recall = Double(both) / Double(Self.pairs(Array(counted.objects.values)))
    voxelCount = counted.voxelCount
    self.convention = convention
  }

  private static func pairs(_ counts: [Int]) -> UInt128 {
    counts.reduce(0) { $0 + UInt128($1) * UInt128($1) }
  }
}
