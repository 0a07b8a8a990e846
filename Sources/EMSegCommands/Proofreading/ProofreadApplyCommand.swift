import Blockwise
import Codecs
import CommandLineInterface
import Labels
import Proofreading
import SQLite
import VolumeStore
import Voxels

/// The command `emseg proofread apply`.
struct ProofreadApplyCommand: Command {
  var project = ProjectArgument()
  var moment: MomentArgument?
  var minimumVoxels: Int?
  var output = OutputOptions()
  var isJSON = false
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "proofread apply",
    summary: "Write the edited segmentation as a volume of labels.",
    discussion: """
      Every voxel gets its segment's root, the smallest supervoxel of the segment, as it was after \
      an operation or at a time, or as it is now. The project's own labels stay as they are. A run \
      that was stopped goes on where it was when the same line is run again.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .option("--at", \.moment, "As it was after an operation, or at a time."),
      .option(
        "--minimum-voxels", \.minimumVoxels, accepting: .ifGiven(.atLeast(0)),
        "Make segments with fewer voxels background; as the project does when left out."),
      .flag("--json", \.isJSON, "Print JSON."),
      .group("Output", \.output, OutputOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg proofread apply fib25.fascicle --output edited.zarr",
        "Write the labels after all edits."),
      Example(
        "emseg proofread apply fib25.fascicle --at 12 --output after-12.zarr",
        "Write them as they were after operation 12."),
    ])

  func run(_ context: CommandContext) throws {
    if output.isReplacing { try ExistingOutput.checkApart(output.path, from: [project.path]) }
    let edited = try EditedProject(project, .read, context)
    let state = try edited.log.state(at: moment?.moment ?? .latest)
    let minimum =
      try minimumVoxels ?? EditedProject.setting("minimum_voxels", of: edited.project)?.int
      ?? AgglomerateCommand.standardMinimumVoxels
    let labels = EditedLabels(
      source: edited.fragments, state: state, minimumVoxels: UInt64(max(0, minimum)))
    try FilterStep(
      filter: labels, input: try InputVolume.stored(edited.project.fragments), output: output,
      command: "proofread apply"
    ).run(context, options: blockwise)
    if isJSON {
      try context.print(["segments": .integer(Int64(labels.segmentCount))])
    } else {
      try context.print("segments\t\(labels.segmentCount)")
    }
  }
}

/// Gives every voxel the root of its segment.
private struct EditedLabels: VolumeFilter {
  let source: any VolumeReader
  /// The root of every supervoxel, by id; 0 for what becomes background.
  private let table: [UInt64]
  private let partitions: [SupervoxelPartition]
  private let digest: ContentDigest
  let segmentCount: Int

  init(source: any VolumeReader, state: SegmentState, minimumVoxels: UInt64) {
    self.source = source
    partitions = state.partitions
    var sizes = [UInt64](repeating: 0, count: state.roots.count)
    for (supervoxel, root) in state.roots.enumerated() where root != 0 {
      sizes[Int(root)] += state.voxelCount(of: UInt64(supervoxel))
    }
    table = state.roots.map { $0 != 0 && sizes[Int($0)] >= minimumVoxels ? $0 : 0 }
    segmentCount = Set(table).subtracting([0]).count
    var bytes: [UInt8] = []
    bytes.appendColumn(table)
    for partition in partitions {
      bytes.appendColumn([partition.supervoxel] + partition.parts.map(\.supervoxel))
    }
    digest = ContentDigest(of: bytes)
  }

  let name = "apply"
  let kind = VolumeKind.labels
  // Ids of parts are never given twice, so that the ids tell which voxels they have.
  var method: String { "apply edits 1, \(digest)" }
  var metadata: VolumeMetadata {
    var metadata = source.metadata
    metadata.dataType = .uint64
    return metadata
  }
  var workingSet: WorkingSet { WorkingSet(filtering: source, resultBytes: 2 * 8) }

  func write(_ box: VoxelBox, to target: any VolumeWriter) throws -> [ChunkRecord] {
    var supervoxels = try source.readConverting(box, to: UInt64.self)
    for partition in partitions { partition.lay(over: &supervoxels) }
    let largest = largestLabel(of: supervoxels)
    guard largest < UInt64(table.count) else {
      throw VolumeError(
        .malformedMetadata, path: source.path, "a supervoxel is not in the graph",
        found: "\(largest)", expected: "at most \(table.count - 1)",
        remedy: "run emseg verify on the project")
    }
    return try target.write(relabelled(supervoxels, by: table))
  }

  private func largestLabel(of volume: borrowing Volume<UInt64>) -> UInt64 {
    let values = volume.span
    var largest: UInt64 = 0
    for index in values.indices { largest = max(largest, values[index]) }
    return largest
  }
}
