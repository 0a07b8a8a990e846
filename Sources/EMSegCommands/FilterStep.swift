import Blockwise
import CommandLineInterface
import VolumeStore
import ZarrStore
import Voxels

/// What makes one volume from another, any part of it from a bounded part of the source.
protocol VolumeFilter: Sendable {
  /// What is made, in progress lines.
  var name: String { get }
  /// Everything the result depends on beside the source, and the version of the method.
  var method: String { get }
  /// What the voxels of the result mean.
  var kind: VolumeKind { get }
  /// The size, type, voxel size and offset of the result.
  var metadata: VolumeMetadata { get }
  /// What one block holds in memory.
  var workingSet: WorkingSet { get }
  /// The filter, ready to write: what it needs to know of the whole source is found out here.
  ///
  /// - Parameters:
  ///   - image: The image to write, whose ledgers and block files a first pass uses.
  ///   - runner: Runs the first pass.
  /// - Returns: The filter to write with.
  /// - Throws: What the first pass throws.
  func prepared(for image: OutputImage, with runner: StageRunner) throws -> Self
  /// Computes a box of the result and writes it.
  func write(_ box: VoxelBox, to target: any VolumeWriter) throws -> [ChunkRecord]
}

extension VolumeFilter {
  /// The filter itself: a box depends on nothing but the source around it.
  func prepared(for image: OutputImage, with runner: StageRunner) -> Self { self }
}

/// Makes a multiscale image by a filter, block by block.
struct FilterStep<Filter: VolumeFilter> {
  let filter: Filter
  let input: InputVolume
  let output: OutputOptions
  let command: String

  /// Runs the filter, or what is left of it.
  func run(_ context: CommandContext, options: BlockwiseOptions) throws {
    let runner = StageRunner(context: context, options: options)
    var metadata = filter.metadata
    metadata.voxelSize = metadata.voxelSize ?? input.voxelSize(context)
    let image = try output.prepare(
      name: filter.kind.rawValue, kind: filter.kind, metadata: metadata, from: input,
      command: command, method: filter.method, runner: runner)
    guard !image.isComplete else { return }
    let ledger = image.ledger("level-0")
    let blocks = try runner.blocks(
      for: filter.workingSet, storageUnit: image.finest.metadata.storageUnit,
      volume: metadata.extent, ledgers: [ledger], block: options.block?.extent)
    let stage = FilterStage(
      filter: try filter.prepared(for: image, with: runner), target: image.finest,
      sourceIdentity: input.identity)
    try runner.run(stage, on: blocks, ledger: ledger)
    try image.buildPyramid(filter.kind.downsampling, with: runner)
    try image.complete()
  }
}

/// Writes the blocks of a filter's result.
private struct FilterStage<Filter: VolumeFilter>: BlockStage {
  let filter: Filter
  let target: any VolumeWriter
  let sourceIdentity: String

  var name: String { filter.name }
  var halo: VoxelExtent { .zero }
  var fingerprint: String { "method=\(filter.method)\nsource=\(sourceIdentity)" }
  var outputs: [any RecordedOutput] { [target] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    BlockResult(
      report: NoReport(), written: [try filter.write(block.writeBox, to: target)])
  }
}

extension WorkingSet {
  /// The working set of a filter that changes the values of a volume as it reads them.
  ///
  /// - Parameters:
  ///   - source: What is read.
  ///   - resultBytes: Bytes of each voxel of the result.
  ///   - halo: How far beyond its box a block reads.
  init(filtering source: any VolumeReader, resultBytes: Int, halo: VoxelExtent = .zero) {
    let memory = source.readingMemory
    // The result, the chunk gathered from it and the chunk encoded.
    self.init(
      bytesPerReadVoxel: memory.perVoxel, bytesPerWriteVoxel: 3 * resultBytes, halo: halo,
      bytesPerWorker: memory.perRead, sharedBytes: memory.held)
  }
}
