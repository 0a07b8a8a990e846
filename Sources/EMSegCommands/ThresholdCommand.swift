import Blockwise
import CommandLineInterface
import Labels
import VolumeStore
import Voxels

/// The command `emseg threshold`.
struct ThresholdCommand: Command {
  var source = ""
  var lowest: Double?
  var highest: Double?
  var selection = SourceOptions()
  var output = OutputOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "threshold",
    summary: "Mark the voxels whose values lie within a range.",
    discussion: """
      Voxels from --at-least to --at-most become 1, all others 0, in an OME-Zarr of uint8 that \
      mask and components take. Values that are not numbers (NaN) become 0.
      """,
    arguments: [
      .positional("SOURCE", \.source, "The volume to threshold."),
      .option("--at-least", \.lowest, "The lowest value marked; no bound when left out."),
      .option("--at-most", \.highest, "The highest value marked; no bound when left out."),
      .group("Output", \.output, OutputOptions.arguments),
      .group("Source", \.selection, SourceOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg threshold raw.zarr --at-least 1 --at-most 254 --output tissue.zarr",
        "Mark what is neither empty nor saturated.")
    ])

  func run(_ context: CommandContext) throws {
    if output.isReplacing { try ExistingOutput.checkApart(output.path, from: [source]) }
    guard lowest != nil || highest != nil else {
      throw UsageError(
        "--at-least", "there is no bound", expected: "--at-least, --at-most or both")
    }
    let (low, high) = (lowest ?? -.infinity, highest ?? .infinity)
    guard low <= high else {
      throw UsageError(
        "--at-most", "the range is empty", found: shortText(high),
        expected: "\(shortText(low)) or above")
    }
    let input = try selection.open(source, context: context)
    try checkHits(low, high, input.reader.metadata.dataType)
    try FilterStep(
      filter: ThresholdFilter(source: input.reader, low: low, high: high), input: input,
      output: output, command: "threshold"
    ).run(context, options: blockwise)
  }

  /// Checks that the source's type has a value within the bounds.
  private func checkHits(_ low: Double, _ high: Double, _ dataType: DataType) throws {
    func hits<Scalar: VoxelScalar>(_ type: Scalar.Type) -> Bool {
      ThresholdFilter.range(low, high, type) != nil
    }
    guard hits(dataType.scalarType) else {
      throw UsageError(
        lowest == nil ? "--at-most" : "--at-least", "no voxel can lie within the range",
        found: "\(shortText(low)) to \(shortText(high))",
        expected: "a range with values that \(dataType.rawValue) holds")
    }
  }
}

/// Marks the values of a range.
private struct ThresholdFilter: VolumeFilter {
  let source: any VolumeReader
  let low: Double
  let high: Double

  let name = "threshold"
  let kind = VolumeKind.labels
  var method: String { "threshold 1, \(low) to \(high)" }
  var metadata: VolumeMetadata {
    var metadata = source.metadata
    metadata.dataType = .uint8
    return metadata
  }
  var workingSet: WorkingSet {
    WorkingSet(filtering: source, resultBytes: metadata.channels)
  }

  /// The values of a type within the bounds; nil where there are none.
  static func range<Scalar: VoxelScalar>(
    _ low: Double, _ high: Double, _ type: Scalar.Type
  ) -> ClosedRange<Scalar>? {
    let isInteger = Scalar.dataType.isInteger
    let first = Scalar(nearest: isInteger ? low.rounded(.up) : low)
    let last = Scalar(nearest: isInteger ? high.rounded(.down) : high)
    // The nearest value that a type holds may lie outside the bounds.
    guard first <= last, first.doubleValue <= high, last.doubleValue >= low else { return nil }
    return first...last
  }

  func write(_ box: VoxelBox, to target: any VolumeWriter) throws -> [ChunkRecord] {
    func write<Scalar: VoxelScalar>(_ type: Scalar.Type) throws -> [ChunkRecord] {
      guard let range = Self.range(low, high, type) else {
        preconditionFailure("the bounds were checked against the type")
      }
      let volume = try source.read(box, as: type)
      return try target.write(thresholded(volume, within: range))
    }
    return try write(source.metadata.dataType.scalarType)
  }
}
