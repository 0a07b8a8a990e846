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
  var minimumVolume = 0.0
  var keepBorder = false
  var fillHoles = false
  var tables = false
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
      their first voxel. The size filter counts whole components, never their parts in a block; \
      of the two minima the larger one counts. Holes are filled after small components were \
      dropped: parts of the background (joined by corners with --connectivity 6, else by faces) \
      that do not reach the volume's outer faces and touch one component only.
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
        "--minimum-volume", \.minimumVolume, placeholder: "UM3", accepting: .atLeast(0),
        "Drop components of less than so many cubic micrometres."),
      .flag(
        "--keep-border", \.keepBorder,
        "Keep components on the volume's outer faces, which may be cut off, however small."),
      .option(
        "--keep-largest", \.keepLargest, accepting: .ifGiven(.atLeast(1)),
        "Keep only so many of the largest components."),
      .flag(
        "--fill-holes", \.fillHoles,
        "Give background that one component encloses, wherever the blocks' borders are, to it."),
      .flag(
        "--tables", \.tables,
        "Keep sizes, boxes, centroids and contacts in the output: components.csv, contacts.csv."),
      .flag("--force", \.force, "Replace the output if it exists."),
      .group("Source", \.selection, SourceOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg components labels.zarr --connectivity 6 --output components.zarr",
        "Split labels into parts that are connected through faces."),
      Example(
        "emseg components probability.zarr --threshold 0.5 --minimum-volume 0.01 --keep-border "
          + "--fill-holes --tables --output mitochondria.zarr",
        "Make objects of a probability, without crumbs and holes, with tables of them."),
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
    let voxelSize = input.voxelSize(context)
    let voxelVolume = voxelSize.z * voxelSize.y * voxelSize.x * 1e-9
    let minimum = (minimumVolume / voxelVolume).rounded(.up)
    guard minimum < 0x1p62 else {
      throw UsageError(
        "--minimum-volume", "no volume has so many voxels", found: shortText(minimumVolume),
        expected: "cubic micrometres")
    }
    let neighbourhood = connectivity.neighbourhood
    let step = LabellingStep(
      labelling: labelling, name: "components", output: output, voxelSize: voxelSize,
      offset: metadata.offset,
      filter: ComponentFilter(
        minimumVoxelCount: max(minimumVoxels, Int(minimum)),
        touchingBorder: keepBorder ? .kept : .asOthers, largestCount: keepLargest),
      holes: fillHoles ? neighbourhood.ofBackground : nil, keepsTables: tables)
    let summary = try step.run(
      StageRunner(context: context, options: blockwise), policy: force ? .replace : .new)
    try context.print("components\t\(summary.count)")
    try context.print("voxels\t\(summary.voxelCount)")
    if fillHoles { try context.print("filled_voxels\t\(summary.filledVoxelCount)") }
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
