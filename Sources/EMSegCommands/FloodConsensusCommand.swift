import CommandLineInterface
import FloodFilling
import VolumeStore
import Voxels

/// The command `emseg floodfill consensus`.
struct FloodConsensusCommand: Command {
  var first = ""
  var second = ""
  var minimumVoxels = 1000
  var output = OutputOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "floodfill consensus",
    summary: "Keep of two segmentations what both agree belongs together.",
    discussion: """
      Every piece of the result lies within one segment of A and one of B, or of B's background. \
      A merge error that only one of them makes is undone, at the price of splits. The largest \
      piece of each segment of A keeps its number; the others get new ones after A's largest. \
      Usually A and B are runs of emseg floodfill with --seed-order forward and reverse.
      """,
    arguments: [
      .positional("A", \.first, "A segmentation."),
      .positional("B", \.second, "Another one of the same voxels."),
      .option(
        "--minimum-voxels", \.minimumVoxels, accepting: .atLeast(1),
        "Make pieces with fewer voxels background."),
      .group("Output", \.output, OutputOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg floodfill consensus forward.zarr reverse.zarr --output consensus.zarr",
        "Undo merges that the order of seeds made.")
    ],
    references: ["Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4"])

  func run(_ context: CommandContext) throws {
    if output.isReplacing { try ExistingOutput.checkApart(output.path, from: [first, second]) }
    let (a, b) = (
      try LabelSource(first, context: context), try LabelSource(second, context: context)
    )
    guard a.reader.metadata.extent == b.reader.metadata.extent else {
      throw UsageError(
        "B", "the segmentations have other sizes", found: b.reader.metadata.extent.text,
        expected: a.reader.metadata.extent.text)
    }
    let runner = StageRunner(context: context, options: blockwise)
    var consensus = SplitConsensus()
    let extent = a.reader.metadata.extent
    let slab = try depth(for: a.reader, b.reader)
    let line = context.progress("count", total: extent.voxelCount, unit: .voxels)
    for z in stride(from: 0, to: extent.z, by: slab) {
      try context.checkCancellation()
      let box = VoxelBox(
        origin: VoxelPosition(z: z, y: 0, x: 0),
        extent: VoxelExtent(z: min(slab, extent.z - z), y: extent.y, x: extent.x))
      let (left, right) = (try a.labels(in: box), try b.labels(in: box))
      consensus.add(left.span, right.span)
      line.update(completed: (z + box.extent.z) * extent.y * extent.x)
    }
    line.finish()
    let pieces = consensus.pieces(minimum: minimumVoxels)
    var metadata = a.reader.metadata
    metadata.dataType = .uint64
    metadata.axes = .zyx
    let reader = ConsensusVolume(
      path: "consensus of \(first) and \(second)", metadata: metadata, first: a, second: b,
      pieces: pieces)
    try ConversionStep(
      input: InputVolume(
        reader: reader, formatName: "consensus",
        identity: "\(a.input.identity) \(b.input.identity) \(minimumVoxels)"),
      kind: .labels, voxelSize: a.input.voxelSize(context), output: output,
      command: "floodfill consensus"
    ).run(runner)
    for (name, value) in [
      ("pieces", pieces.kept), ("dropped", pieces.dropped),
      ("dropped_voxels", pieces.droppedVoxels),
    ] { try context.print("\(name)\t\(value)") }
  }

  /// The sections that are counted at a time.
  private func depth(for a: any VolumeReader, _ b: any VolumeReader) throws -> Int {
    let extent = a.metadata.extent
    let perVoxel = a.readingMemory.perVoxel + b.readingMemory.perVoxel + 16
    let section = extent.y * extent.x * perVoxel
    let depth = blockwise.memory.bytes / 2 / max(section, 1)
    guard depth > 0 else {
      throw VolumeError(
        .limitExceeded, path: first, "a section of both does not fit the memory",
        found: "\(ByteCount(2 * section)) needed", expected: "at most \(blockwise.memory)",
        remedy: "raise --memory")
    }
    let unit = max(a.metadata.storageUnit.z, 1)
    return depth >= unit ? depth / unit * unit : depth
  }
}

/// A segmentation, read as 64-bit numbers.
struct LabelSource: Sendable {
  let input: InputVolume

  var reader: any VolumeReader { input.reader }

  /// Opens a segmentation.
  ///
  /// - Throws: ``VolumeError`` where it cannot be opened or holds no whole numbers.
  init(_ path: String, context: CommandContext) throws {
    input = try SourceOptions().open(path, context: context)
    let metadata = input.reader.metadata
    guard metadata.channels == 1, metadata.dataType.isInteger else {
      throw VolumeError(
        .dataTypeMismatch, path: path, "labels are one whole number for each voxel",
        found: "\(metadata.channels) of \(metadata.dataType.rawValue)")
    }
  }

  /// The labels in a box.
  func labels(in box: VoxelBox) throws(VolumeError) -> Volume<UInt64> {
    try reader.readConverting(box, to: UInt64.self)
  }
}

/// The consensus of two segmentations as a volume to read from.
private struct ConsensusVolume: VolumeReader {
  let path: String
  let metadata: VolumeMetadata
  let first: LabelSource
  let second: LabelSource
  let pieces: SplitConsensus.Pieces

  var readingMemory: ReadingMemory {
    let (a, b) = (first.reader.readingMemory, second.reader.readingMemory)
    return ReadingMemory(
      held: a.held + b.held, perVoxel: a.perVoxel + b.perVoxel + 16,
      perRead: a.perRead + b.perRead)
  }

  func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    var labels = try first.labels(in: box)
    let others = try second.labels(in: box)
    var values = labels.mutableSpan
    pieces.apply(others.span, to: &values)
    return labels.converted(to: Scalar.self)
  }
}
