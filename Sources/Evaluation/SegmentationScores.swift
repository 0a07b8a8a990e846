/// Every score of a segmentation under one background convention.
public struct SegmentationScores: Hashable, Sendable {
  /// What objects and segments say about each other.
  public let information: VariationOfInformation
  /// How far pairs of voxels agree.
  public let rand: AdaptedRandError

  /// CREMI's score, the geometric mean of VOI sum and adapted Rand error; 0 is perfect.
  ///
  /// Source: cremi.org, "CREMI score".
  public var cremiScore: Double { (information.sum * max(0, rand.error)).squareRoot() }

  /// Scores a table; nil where the convention leaves no voxel to count.
  ///
  /// - Complexity: O(*n* log *n*) in the overlaps.
  public init?(of table: ContingencyTable, convention: BackgroundConvention = .cremi) {
    let counted = CountedOverlaps(table, convention)
    guard let information = VariationOfInformation(counted, convention),
      let rand = AdaptedRandError(counted, convention)
    else { return nil }
    self.information = information
    self.rand = rand
  }
}
