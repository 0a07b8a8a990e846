/// What a score does with voxels that carry label 0.
///
/// Scores under different conventions must not be compared.
public struct BackgroundConvention: Hashable, Sendable, CustomStringConvertible {
  /// What happens to voxels without a true object.
  public enum TruthBackground: Hashable, Sendable, CaseIterable {
    /// They are not counted.
    case ignored
    /// They are counted as one object.
    case oneObject
  }

  /// What happens to voxels without a segment, where the truth is counted.
  public enum SegmentationBackground: Hashable, Sendable, CaseIterable {
    /// They are counted as one segment.
    case oneSegment
    /// Each is counted as a segment of its own.
    case singletons
    /// They are not counted.
    case ignored
  }

  /// What happens to voxels without a true object.
  public var truth: TruthBackground
  /// What happens to voxels without a segment, where the truth is counted.
  public var segmentation: SegmentationBackground

  /// Creates a convention.
  public init(truth: TruthBackground, segmentation: SegmentationBackground) {
    self.truth = truth
    self.segmentation = segmentation
  }

  /// CREMI's for the variation of information: truth 0 ignored, segmentation 0 one segment.
  ///
  /// Source: cremi.org, evaluation metrics.
  public static let cremi = BackgroundConvention(truth: .ignored, segmentation: .oneSegment)

  /// SNEMI3D's for the Rand error: truth 0 ignored, each voxel of segmentation 0 its own segment.
  ///
  /// Its term Σ*c*/*n* is such voxels' part in the sum of squared shares. Translations that count
  /// voxels, rather than shares of them, and add the same term give these voxels next to no weight;
  /// for objects of many voxels the scores agree.
  ///
  /// Source: Arganda-Carreras et al. 2015, doi:10.3389/fnana.2015.00142, and SNEMI3D's script.
  public static let snemi = BackgroundConvention(truth: .ignored, segmentation: .singletons)

  /// Only voxels with both an object and a segment are counted.
  ///
  /// What the segmentation leaves out costs nothing: say how much that is beside such a score.
  public static let labelled = BackgroundConvention(truth: .ignored, segmentation: .ignored)

  /// Every voxel is counted, background as one object and as one segment.
  public static let whole = BackgroundConvention(truth: .oneObject, segmentation: .oneSegment)

  /// The conventions that have a name.
  public static let named: [(name: String, convention: BackgroundConvention)] = [
    ("cremi", .cremi), ("snemi", .snemi), ("labelled", .labelled), ("whole", .whole),
  ]

  /// The convention in words.
  public var description: String {
    let truthPart =
      switch truth {
      case .ignored: "truth 0 ignored"
      case .oneObject: "truth 0 counted as one object"
      }
    let segmentationPart =
      switch segmentation {
      case .oneSegment: "segmentation 0 counted as one segment"
      case .singletons: "every voxel of segmentation 0 counted as its own segment"
      case .ignored: "segmentation 0 ignored"
      }
    return "\(truthPart), \(segmentationPart)"
  }
}
