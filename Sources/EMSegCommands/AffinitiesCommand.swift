import Blockwise
import Codecs
import CommandLineInterface
import Segmentation
import VolumeStore
import Voxels
import ZarrStore

/// The command `emseg affinities`.
struct AffinitiesCommand: Command {
  var labels = ""
  var output = ""
  var offsets = VoxelOffsets.nearest
  var force = false
  var selection = SourceOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "affinities",
    summary: "Make the affinities of a network without error from labels.",
    discussion: """
      Each channel is 255 where a voxel and the one at the channel's offset carry the same label and \
      it is not 0, else 0. What watershed and agglomerate make of them shows how much of a \
      segmentation's error is theirs, and how much is the network's.
      """,
    arguments: [
      .positional("LABELS", \.labels, "The true labels."),
      .option(
        "--output", \.output, .required, placeholder: "Z",
        "OME-Zarr of (channel, z, y, x) uint8 affinities to create."),
      .option("--offsets", \.offsets, "The offset of each channel, in voxels."),
      .flag("--force", \.force, "Replace the output if it exists."),
      .group("Source", \.selection, SourceOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example("emseg affinities labels.h5 --output perfect.zarr", "Links to the next voxels."),
      Example(
        "emseg affinities labels.h5 --offsets '-1,0,0;0,-1,0;0,0,-1;-4,0,0' --output perfect.zarr",
        "And a longer one along z."),
    ])

  func run(_ context: CommandContext) throws {
    if force { try ExistingOutput.checkApart(output, from: [labels]) }
    let input = try selection.open(labels, context: context)
    try LabelAlignment.checkLabels(input.reader)
    try LabelAffinitiesStep(
      input: input, voxelSize: input.voxelSize(context), offsets: offsets.offsets, output: output
    ).run(StageRunner(context: context, options: blockwise), policy: force ? .replace : .new)
  }
}

/// Steps in voxels, `z,y,x;z,y,x;…`.
struct VoxelOffsets: ArgumentValue {
  var offsets: [VoxelExtent]

  static let nearest = VoxelOffsets(offsets: [
    VoxelExtent(z: -1, y: 0, x: 0), VoxelExtent(z: 0, y: -1, x: 0), VoxelExtent(z: 0, y: 0, x: -1),
  ])

  init(offsets: [VoxelExtent]) { self.offsets = offsets }

  init?(argument: String) {
    let steps = argument.split(separator: ";", omittingEmptySubsequences: false).map { text in
      triple(String(text), Int.init).map { VoxelExtent(z: $0[0], y: $0[1], x: $0[2]) }
    }
    offsets = steps.compactMap { $0 }
    guard offsets.count == steps.count, Set(offsets).count == offsets.count,
      offsets.allSatisfy({ offset in
        offset != .zero && [offset.z, offset.y, offset.x].allSatisfy { (-256...256).contains($0) }
      })
    else { return nil }
  }

  var argumentText: String? { offsets.map(\.text).joined(separator: ";") }
  static var expectation: String {
    "different steps z,y,x of -256 to 256 voxels, not all 0, divided by semicolons"
  }
  static var placeholder: String { "Z,Y,X;…" }
}

/// Writes the affinities of a label volume.
struct LabelAffinitiesStep {
  let input: InputVolume
  let voxelSize: VoxelSize
  let offsets: [VoxelExtent]
  let output: String

  func run(_ runner: StageRunner, policy: OutputImage.Policy) throws {
    let metadata = input.reader.metadata
    let block = runner.options.block?.extent
    let layout = ChunkLayout(chunk: ChunkShape.chunk(for: voxelSize, block: block))
    let method = "labels to affinities 1, \(VoxelOffsets(offsets: offsets).argumentText ?? "")"
    let image = try OutputImage.prepare(
      ImageSpecification(
        name: "affinities", extent: metadata.extent, channels: offsets.count, dataType: .uint8,
        voxelSize: voxelSize, offset: metadata.offset, layout: layout, levelLimit: 1,
        attributes: AffinityVolume.attributes(offsets: offsets)),
      at: output,
      fingerprint: "method=\(method)\nsource=\(input.identity)\nchunk=\(layout.chunk.text)",
      provenance: input.provenance(command: "affinities", adding: ["method": .string(method)]),
      policy: policy, runner: runner)
    guard !image.isComplete else { return }
    let stage = LabelAffinitiesStage(
      labels: input.reader, offsets: offsets, target: image.finest,
      fingerprint: "method=\(method)\nsource=\(input.identity)")
    let memory = input.reader.readingMemory
    let ledger = image.ledger("level-0")
    let blocks = try runner.blocks(
      for: WorkingSet(
        bytesPerReadVoxel: memory.perVoxel + 8, bytesPerWriteVoxel: 3 * offsets.count,
        halo: stage.halo, bytesPerWorker: memory.perRead, sharedBytes: memory.held),
      storageUnit: image.finest.metadata.storageUnit, volume: metadata.extent, ledgers: [ledger],
      block: block)
    try runner.run(stage, on: blocks, ledger: ledger)
    try image.complete()
  }
}

private struct LabelAffinitiesStage: BlockStage {
  let name = "affinities"
  let labels: any VolumeReader
  let offsets: [VoxelExtent]
  let target: any VolumeWriter
  let fingerprint: String

  var halo: VoxelExtent {
    VoxelExtent(
      z: offsets.map { abs($0.z) }.max() ?? 0, y: offsets.map { abs($0.y) }.max() ?? 0,
      x: offsets.map { abs($0.x) }.max() ?? 0)
  }
  var outputs: [any RecordedOutput] { [target] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let near = try labels.readConverting(block.readBox, to: UInt64.self)
    let written = try target.write(
      affinities(of: near, box: block.writeBox, offsets: offsets))
    return BlockResult(report: NoReport(), written: [written])
  }
}
