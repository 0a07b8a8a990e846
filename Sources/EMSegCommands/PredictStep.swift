import Blockwise
import Codecs
import CommandLineInterface
import Networks
import Tensors
import VolumeStore
import ZarrStore
import Voxels

/// Predicts the affinities of a whole image, or the channels that a network names.
struct PredictStep {
  /// Which of a network's channels are stored.
  enum Content {
    case affinities(AffinitySelection)
    /// All, of a network that names its channels, such as one of synapses.
    case named
  }

  /// What one network may take where `--memory` does not force a smaller one: a constant, so that
  /// patches, and with them the result, do not depend on the memory there is.
  private static let networkBytes = 400 << 20
  /// A block's prediction is to be small beside what the network holds: memory that was never used
  /// before is slow.
  private static let blockVoxels = 1 << 21

  let image: InputVolume
  let model: LoadedModel
  let output: String
  var options = PredictionOptions()
  /// What `--mask` names.
  var mask: InputVolume?
  var dataType = DataType.uint8
  var content = Content.affinities(.nearest)

  /// Runs the prediction, or what is left of it.
  func run(_ runner: StageRunner, policy: OutputImage.Policy) throws {
    let metadata = image.reader.metadata
    try check(metadata)
    let maskVolume = try mask.map { try MaskVolume($0.reader, over: metadata.extent) }
    let size = metadata.voxelSize ?? VoxelSize(z: 1, y: 1, x: 1)
    let memory = runner.options.memory.bytes
    let precision = options.precision.precision.fastest
    let choice = try PatchChoice(
      model: model.model, description: model.description, volume: metadata.extent,
      memoryLimit: min(Self.networkBytes, max(0, memory - MemoryBudget.programBytes) / 20 * 9),
      threads: runner.options.threads,
      precision: precision, tiling: options.tiling,
      // Not what --block asks for, which never changes the result.
      blocksOf: ChunkShape.chunk(for: size, block: nil))
    let (grid, plan) = (choice.grid, choice.plan)
    if plan.precision != options.precision.precision {
      runner.context.note(
        "this processor computes \(PredictionOptions.NetworkPrecision(plan.precision).rawValue) "
          + "faster than \(options.precision.rawValue), and does")
    }
    let channels = try output(of: plan.outputShape.c).augmented(
      by: options.augmentation, ensemble: options.ensemble, model.description)
    let method = normalizationMethod(runner.context)
    let block = runner.options.block?.extent
    let layout = ChunkLayout(chunk: ChunkShape.chunk(for: size, block: block))
    let specification = ImageSpecification(
      name: name, extent: metadata.extent, channels: channels.channels.count,
      dataType: dataType, voxelSize: size, offset: metadata.offset, layout: layout, levelLimit: 1,
      attributes: attributes(of: channels))
    let parameters = parameters(grid, plan, method)
    let target = try OutputImage.prepare(
      specification, at: output, fingerprint: "\(parameters)\nchunk=\(layout.chunk.text)",
      provenance: ["command": .string("predict"), "parameters": .string(parameters)],
      policy: policy, runner: runner)
    guard !target.isComplete else { return }

    let measured = try MeasuredInput(
      of: image.reader, by: method, for: model.description, runner: runner)
    let cacheBytes = memory / 6
    let set = workingSet(plan, grid, channels, cacheBytes: cacheBytes)
    let ledger = target.ledger("level-0")
    let blocks = try blocks(for: set, of: grid, writing: target, runner)
    // Each block in work has a network of its own; what threads are left work inside them.
    let network = try NetworkPlan(
      model.model, extent: grid.patch, threads: blocks.threads.threadsPerWorker,
      activation: model.description.activation, precision: precision)
    let stage = PredictStage(
      image: image.reader, mask: maskVolume,
      predictor: try BlockPredictor(
        networks: try NetworkPool(network, count: blocks.threads.workers), grid: grid,
        normalization: measured.normalization, output: channels, cacheBytes: cacheBytes),
      target: target.finest, context: runner.context, fingerprint: parameters)
    try runner.run(stage, on: blocks, ledger: ledger)
    try target.complete(
      adding: measured.record.map { ["input_statistics": .object($0)] } ?? [:])
  }

  private func output(of channels: Int) throws -> PredictionOutput {
    switch content {
    case .affinities(let selection):
      try PredictionOutput.affinities(model.description, channels: channels, selection)
    case .named: try PredictionOutput.named(model.description, channels: channels)
    }
  }

  private var name: String {
    switch content {
    case .affinities: "affinities"
    case .named: model.description.task ?? "prediction"
    }
  }

  private func attributes(of output: PredictionOutput) -> JSONObject {
    switch content {
    case .affinities:
      AffinityVolume.attributes(
        offsets: output.channels.compactMap { model.description.offsets?[$0] })
    case .named:
      [
        "channels": .array((model.description.channelNames ?? []).map { .string($0) }),
        "model": .string(model.identity),
      ]
    }
  }

  private func check(_ metadata: VolumeMetadata) throws {
    guard metadata.channels == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: image.reader.path, "the image has several channels",
        found: "\(metadata.channels)", expected: "1", remedy: "import the channel to segment alone")
    }
    if let size = metadata.voxelSize { try model.description.check(voxelSize: size) }
  }

  /// What `--normalize` asks for, or the model.
  private func normalizationMethod(_ context: CommandContext) -> ModelDescription.Normalization {
    let description = model.description
    let method: ModelDescription.Normalization =
      switch options.normalization {
      case .model: description.normalization
      case .volume: .volume
      case .section: .section
      }
    if method != .scale, description.normalization == .scale,
      description.normalizationMean == nil || description.normalizationDeviation == nil
    {
      context.warn(
        "the model does not say which mean and deviation its input had (normalization_mean, "
          + "normalization_std); \(description.normalizationMean ?? 0) and "
          + "\(description.normalizationDeviation ?? 1) are taken")
    }
    return method
  }

  /// Everything that the prediction depends on, one a line.
  private func parameters(
    _ grid: PatchGrid, _ plan: NetworkPlan, _ method: ModelDescription.Normalization
  ) -> String {
    var lines = [
      "method=predict 2", "patch=\(grid.patch.text)", "margin=\(grid.margin.text)",
      "overlap=\(grid.overlap.text)", "blend=\(grid.blending.rawValue)",
      "border=\(options.border.rawValue)", "normalize=\(method.rawValue)",
      "precision=\(plan.precision.rawValue)",
    ]
    if options.augmentation != .none {
      lines.append("augmentation=\(options.augmentation.rawValue) \(options.ensemble.rawValue)")
    }
    switch content {
    case .affinities(.nearest): break
    case .affinities(.all): lines.append("affinities=all")
    case .named: lines.append("channels=named")
    }
    if let mask { lines.append("mask=\(mask.identity)") }
    lines += [
      "type=\(dataType.rawValue)", "model=\(model.identity)", "image=\(image.identity)",
    ]
    return lines.joined(separator: "\n")
  }

  /// The blocks: whole strides of the patches, where memory holds such.
  private func blocks(
    for set: WorkingSet, of grid: PatchGrid, writing target: OutputImage, _ runner: StageRunner
  ) throws -> StageRunner.Blocks {
    let chunk = target.finest.metadata.storageUnit
    func blocks(of unit: VoxelExtent) throws -> StageRunner.Blocks {
      try runner.blocks(
        for: set, storageUnit: unit, volume: grid.volume, ledgers: [target.ledger("level-0")],
        block: runner.options.block?.extent, ample: Self.blockVoxels)
    }
    do {
      return try blocks(of: blockUnit(chunk, grid))
    } catch is MemoryBudgetError {
      return try blocks(of: chunk)
    }
  }

  /// What blocks are multiples of: the patches' strides where these are whole chunks, so that
  /// blocks do not share patches.
  private func blockUnit(_ chunk: VoxelExtent, _ grid: PatchGrid) -> VoxelExtent {
    func unit(_ chunk: Int, _ stride: Int, _ length: Int) -> Int {
      stride < length && stride % chunk == 0 ? stride : chunk
    }
    return VoxelExtent(
      z: unit(chunk.z, grid.stride.z, grid.volume.z),
      y: unit(chunk.y, grid.stride.y, grid.volume.y),
      x: unit(chunk.x, grid.stride.x, grid.volume.x))
  }

  private func workingSet(
    _ plan: NetworkPlan, _ grid: PatchGrid, _ output: PredictionOutput, cacheBytes: Int
  ) -> WorkingSet {
    let voxels = grid.patch.voxelCount
    let (image, mask) = (image.reader.readingMemory, mask?.reader.readingMemory)
    // The part read as it is stored and as float, the network's input, output and what is kept.
    let patchBytes =
      voxels * (image.perVoxel + 8 + 4 * plan.outputShape.c)
      + voxels * 4 * output.channels.count + output.workingBytes(patch: grid.patch)
    return WorkingSet(
      bytesPerReadVoxel: 0,
      // The block's prediction, its bytes, a chunk gathered and encoded; the mask and its marks.
      bytesPerWriteVoxel: output.channels.count * (4 + 3) + (mask.map { $0.perVoxel + 2 } ?? 0),
      bytesPerWorker: plan.memory.totalBytes + patchBytes + image.perRead + (mask?.perRead ?? 0),
      sharedBytes: cacheBytes + image.held + (mask?.held ?? 0))
  }
}

/// Predicts one block.
struct PredictStage: BlockStage {
  /// What a block tells of the patches.
  struct Report: Codable, Sendable {
    /// The patches that the block uses, those without tissue left out; empty without a mask.
    var patches: [Int]
  }

  let name = "predict"
  let image: any VolumeReader
  let mask: MaskVolume?
  let predictor: BlockPredictor
  let target: any VolumeWriter
  let context: CommandContext
  let fingerprint: String

  var halo: VoxelExtent { .zero }
  var outputs: [any RecordedOutput] { [target] }

  func process(_ block: Block) throws -> BlockResult<Report> {
    let marks = try mask?.fullMarks(over: block.writeBox)
    let prediction = try predictor.predict(block.writeBox, within: marks) { box in
      try image.readConverting(box, to: Float.self)
    }
    let written =
      target.metadata.dataType == .uint8
      ? try target.write(quantized(prediction)) : try target.write(prediction)
    predictor.giveBack(prediction)
    let patches = marks == nil ? [] : predictor.patches(for: block.writeBox, within: marks)
    return BlockResult(report: Report(patches: patches), written: [written])
  }

  func reduce(_ reports: [Report]) throws {
    guard mask != nil else { return }
    let used = reports.reduce(into: Set<Int>()) { $0.formUnion($1.patches) }
    try context.print("patches\t\(predictor.grid.count)")
    try context.print("patches_skipped\t\(predictor.grid.count - used.count)")
  }
}
