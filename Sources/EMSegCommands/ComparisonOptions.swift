import CommandLineInterface
import Evaluation
import VolumeStore
import Voxels

/// The options of every command that compares a segmentation with true labels.
struct ComparisonOptions {
  /// Which voxels of the background count, by the name of the convention that says so.
  enum Convention: String, CaseIterable, ArgumentValue {
    case cremi, snemi, labelled, whole

    var background: BackgroundConvention {
      switch self {
      case .cremi: .cremi
      case .snemi: .snemi
      case .labelled: .labelled
      case .whole: .whole
      }
    }
  }

  enum TruthBackground: String, CaseIterable, ArgumentValue {
    case ignored
    case oneObject = "one-object"
  }

  enum SegmentationBackground: String, CaseIterable, ArgumentValue {
    case oneSegment = "one-segment"
    case singletons, ignored
  }

  var truthDataset: String?
  var convention = Convention.cremi
  var truthBackground: TruthBackground?
  var segmentationBackground: SegmentationBackground?
  var ignoredLabels: [UInt64] = []
  var mask: String?
  var borderThreshold: Double?
  var region: RegionArgument?

  static let arguments: [Argument<ComparisonOptions>] = [
    .option(
      "--truth-dataset", \.truthDataset, placeholder: "PATH",
      "The dataset of LABELS in an HDF5 file."),
    .option(
      "--convention", \.convention,
      "What background counts for. cremi: truth 0 is ignored, segmentation 0 is one segment; "
        + "snemi: each voxel of segmentation 0 is a segment of its own; labelled: only voxels "
        + "with both labels count; whole: truth 0 is one object, segmentation 0 one segment."),
    .option(
      "--truth-background", \.truthBackground,
      "What voxels of truth 0 count for, whatever the convention says."),
    .option(
      "--segmentation-background", \.segmentationBackground,
      "What voxels of segmentation 0 count for, whatever the convention says."),
    .option(
      "--ignore-label", \.ignoredLabels,
      "Labels of the truth whose voxels are not counted, as 18446744073709551615, which CREMI's "
        + "files mark unlabelled voxels with."),
    .option(
      "--mask", \.mask, placeholder: "MASK",
      "Count only voxels where this volume, in the segmentation's voxels or fewer by whole "
        + "numbers, is not 0."),
    .option(
      "--border-threshold", \.borderThreshold, placeholder: "NM", accepting: .ifGiven(.atLeast(0)),
      "Leave out voxels up to this far, in nanometres and within their section, from where true "
        + "labels meet; CREMI's border mask."),
    .option(
      "--region", \.region,
      "The part to compare, in the segmentation's voxels; all that both "
        + "cover when left out."),
  ]

  /// What background counts for.
  var background: BackgroundConvention {
    var background = convention.background
    switch truthBackground {
    case .ignored: background.truth = .ignored
    case .oneObject: background.truth = .oneObject
    case nil: break
    }
    switch segmentationBackground {
    case .oneSegment: background.segmentation = .oneSegment
    case .singletons: background.segmentation = .singletons
    case .ignored: background.segmentation = .ignored
    case nil: break
    }
    return background
  }

  /// The convention's name, where it has one, and what it says.
  var backgroundText: String {
    let name = BackgroundConvention.named.first { $0.convention == background }?.name
    return (name.map { "\($0): " } ?? "") + background.description
  }

  /// Opens the true labels.
  func labels(_ truth: String, context: CommandContext) throws -> any VolumeReader {
    try SourceOptions(dataset: truthDataset).open(truth, context: context).reader
  }

  /// The part that is to be compared, in the voxels of the segmentation, or of what it will be
  /// made from.
  ///
  /// - Throws: ``VolumeError`` where the volumes do not overlap; `UsageError` where the region
  ///   reaches outside.
  func part(of base: any VolumeReader, with labels: any VolumeReader) throws -> VoxelBox {
    let shared = try LabelComparison.overlap(of: base, with: labels).shared
    return try region.map { try $0.box(in: base.metadata.extent) } ?? shared
  }

  /// Puts true labels beside a segmentation.
  ///
  /// - Throws: ``VolumeError`` where they do not go together; `UsageError` where an option does not
  ///   go with them.
  func comparison(
    of segmentation: any VolumeReader, with labels: any VolumeReader, context: CommandContext
  ) throws -> LabelComparison {
    var comparison = try LabelComparison(
      of: segmentation, with: labels, part: try part(of: segmentation, with: labels))
    if let mask {
      comparison.mask = try MaskVolume(
        SourceOptions().open(mask, context: context).reader, over: segmentation.metadata.extent)
    }
    if let distance = borderThreshold {
      guard let size = comparison.voxelSize else {
        throw UsageError(
          "--border-threshold", "the volumes do not state their voxel size",
          remedy: "import one of them with --voxel-size")
      }
      comparison.border = BorderMask(distance: distance, voxelSize: size)
    }
    return comparison
  }

  /// The overlaps that count.
  ///
  /// - Throws: ``VolumeError`` where none does.
  func table(
    of comparison: LabelComparison, truth: String, _ runner: StageRunner
  ) throws -> ContingencyTable {
    let table = try comparison.table(runner)
    let counted = ignoredLabels.isEmpty ? table : table.removing(truth: Set(ignoredLabels))
    guard SegmentationScores(of: counted, convention: background) != nil else {
      throw VolumeError(
        .unsupportedFeature, path: truth, "nothing can be scored: no voxel counts",
        found: "\(table.voxelCount) voxels compared",
        expected: "some of which count under \(background)",
        remedy: "correct the region, the mask or the convention, or choose another dataset")
    }
    if !ignoredLabels.contains(.max), counted.overlaps.last?.truth == .max {
      runner.context.warn(
        "the truth holds the label 2^64 − 1, which CREMI's files mark unlabelled voxels with; it "
          + "is counted as an object (--ignore-label \(UInt64.max))")
    }
    return counted
  }
}
