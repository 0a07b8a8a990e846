import Blockwise
import Codecs
import CommandLineInterface
import Networks
import Tensors
import VolumeStore
import ZarrStore
import Voxels

/// Predicts the affinities of a whole image.
struct PredictStep {
  /// What the network may take where `--memory` does not force a smaller one: a constant, so that
  /// patches, and with them the result, do not depend on the memory there is.
  private static let networkBytes = 400 << 20

  let image: InputVolume
  let model: LoadedModel
  let output: String
  var patch: VoxelExtent?
  var dataType = DataType.uint8

  /// Runs the prediction, or what is left of it.
  func run(_ runner: StageRunner, policy: OutputImage.Policy) throws {
    let metadata = image.reader.metadata
    try check(metadata)
    let size = metadata.voxelSize ?? VoxelSize(z: 1, y: 1, x: 1)
    let memory = runner.options.memory.bytes
    let choice = try PatchChoice(
      model: model.model, description: model.description, volume: metadata.extent,
      memoryLimit: min(Self.networkBytes, memory / 2), threads: runner.options.threads,
      patch: patch)
    let channels = try PredictionOutput.affinities(
      model.description, channels: choice.plan.outputShape.c)
    let block = runner.options.block?.extent
    let layout = ChunkLayout(chunk: ChunkShape.chunk(for: size, block: block))
    let specification = ImageSpecification(
      name: "affinities", extent: metadata.extent, channels: channels.channels.count,
      dataType: dataType, voxelSize: size, offset: metadata.offset, layout: layout, levelLimit: 1,
      attributes: AffinityVolume.attributes)
    let grid = choice.grid
    let parameters =
      "method=predict 1\npatch=\(grid.patch.text)\nmargin=\(grid.margin.text)\n"
      + "overlap=\(grid.overlap.text)\ntype=\(dataType.rawValue)\nmodel=\(model.identity)\n"
      + "image=\(image.identity)"
    let target = try OutputImage.prepare(
      specification, at: output, fingerprint: "\(parameters)\nchunk=\(layout.chunk.text)",
      provenance: ["command": .string("predict"), "parameters": .string(parameters)],
      policy: policy, runner: runner)
    guard !target.isComplete else { return }
    let cacheBytes = memory / 6
    let stage = PredictStage(
      image: image.reader,
      predictor: try BlockPredictor(
        network: try Network(choice.plan), grid: grid,
        inputScale: model.description.inputScale(for: metadata.dataType), output: channels,
        cacheBytes: cacheBytes),
      target: target.finest, fingerprint: parameters)
    let patchBytes = grid.patch.voxelCount * 4 * (2 + 2 * choice.plan.outputShape.c)
    let set = WorkingSet(
      bytesPerReadVoxel: 0, bytesPerWriteVoxel: channels.channels.count * (4 + 3),
      sharedBytes: choice.plan.memory.totalBytes + cacheBytes + patchBytes)
    let ledger = target.ledger("level-0")
    // One block at a time: the network's threads work inside each patch.
    let blocks = try runner.blocks(
      for: set, storageUnit: target.finest.metadata.storageUnit, volume: metadata.extent,
      ledgers: [ledger], block: block, threads: 1)
    try runner.run(stage, on: blocks, ledger: ledger)
    try target.complete()
  }

  private func check(_ metadata: VolumeMetadata) throws {
    guard metadata.channels == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: image.reader.path, "the image has several channels",
        found: "\(metadata.channels)", expected: "1", remedy: "import the channel to segment alone")
    }
    if let size = metadata.voxelSize { try model.description.check(voxelSize: size) }
  }
}

/// Predicts one block.
struct PredictStage: BlockStage {
  let name = "predict"
  let image: any VolumeReader
  let predictor: BlockPredictor
  let target: any VolumeWriter
  let fingerprint: String

  var halo: VoxelExtent { .zero }
  var outputs: [any RecordedOutput] { [target] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let prediction = try predictor.predict(block.writeBox) { box in
      try image.readConverting(box, to: Float.self)
    }
    let written =
      target.metadata.dataType == .uint8
      ? try target.write(quantized(prediction)) : try target.write(prediction)
    return BlockResult(report: NoReport(), written: [written])
  }
}
