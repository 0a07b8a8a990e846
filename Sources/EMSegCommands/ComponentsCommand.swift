import Blockwise
import Codecs
import CommandLineInterface
import FoundationEssentials
import Labels
import VolumeStore
import Voxels

/// The command `emseg components`.
struct ComponentsCommand: Command {
  /// Which voxels count as neighbours, by their number.
  enum Connectivity: Int, CaseIterable, ArgumentValue {
    case faces = 6
    case edges = 18
    case corners = 26

    var neighbourhood: Neighbourhood {
      switch self {
      case .faces: .faces
      case .edges: .edges
      case .corners: .corners
      }
    }
  }

  var source = ""
  var output = ""
  var connectivity = Connectivity.corners
  var threshold: Double?
  var minimumVoxels = 0
  var keepLargest: Int?
  var force = false
  var selection = SourceOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "components",
    summary: "Label connected components, the same for any block shape.",
    discussion: """
      Neighbouring voxels of the same non-zero value belong together; with --threshold, \
      neighbouring voxels at or above it do. Components are numbered from 1 in raster order of \
      their first voxel. The size filter counts whole components, never their parts in a block.
      """,
    arguments: [
      .positional("SOURCE", \.source, "A label volume, or an image with --threshold."),
      .option(
        "--output", \.output, .required, placeholder: "Z2", "OME-Zarr of uint64 labels to create."),
      .option(
        "--connectivity", \.connectivity, "Neighbours share a face, an edge too, or a corner too."),
      .option("--threshold", \.threshold, "Voxels at or above it are foreground."),
      .option(
        "--minimum-voxels", \.minimumVoxels, accepting: .atLeast(0),
        "Drop components with fewer voxels in the whole volume."),
      .option(
        "--keep-largest", \.keepLargest, accepting: .ifGiven(.atLeast(1)),
        "Keep only so many of the largest components."),
      .flag("--force", \.force, "Replace the output if it exists."),
      .group("Source", \.selection, SourceOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg components labels.zarr --connectivity 6 --output components.zarr",
        "Split labels into parts that are connected through faces.")
    ])

  func run(_ context: CommandContext) throws {
    if force { try ExistingOutput.checkApart(output, from: [source]) }
    let input = try selection.open(source, context: context)
    let metadata = input.reader.metadata
    try check(metadata)
    if threshold == nil, metadata.dataType.byteCount == 1 {
      context.warn(
        "\(source) has values of 8 bits: if they are grey values, say what is foreground with "
          + "--threshold")
    }
    let labelling = ComponentsLabelling(
      source: input.reader, sourceIdentity: input.identity,
      neighbourhood: connectivity.neighbourhood, threshold: threshold)
    let step = LabellingStep(
      labelling: labelling, name: "components", output: output,
      voxelSize: input.voxelSize(context), offset: metadata.offset,
      filter: ComponentFilter(minimumVoxelCount: minimumVoxels, largestCount: keepLargest))
    let summary = try step.run(
      StageRunner(context: context, options: blockwise), policy: force ? .replace : .new)
    try context.print("components\t\(summary.count)")
    try context.print("voxels\t\(summary.voxelCount)")
    if summary.droppedCount > 0 { try context.print("dropped\t\(summary.droppedCount)") }
  }

  private func check(_ metadata: VolumeMetadata) throws {
    guard metadata.channels == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: source, "components need one value per voxel",
        found: "\(metadata.channels) channels", remedy: "choose a volume with one channel")
    }
    if let threshold {
      let bound = metadata.dataType.isInteger ? threshold.rounded(.up) : threshold
      let type = metadata.dataType.scalarType
      guard !metadata.dataType.isInteger || type.init(nearest: bound).doubleValue == bound else {
        throw UsageError(
          "--threshold", "no voxel, or every voxel, is at or above the threshold",
          found: shortText(threshold), expected: "a value that \(metadata.dataType.rawValue) holds")
      }
    } else if !metadata.dataType.isInteger {
      throw UsageError(
        "--threshold", "a volume of \(metadata.dataType.rawValue) has no labels",
        remedy: "say what is foreground with --threshold")
    }
  }
}
