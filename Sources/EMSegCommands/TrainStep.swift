import Codecs
import CommandLineInterface
import Networks
import Tensors
import Training
import VolumeStore
import Voxels

/// A training, from wherever it is to its end.
struct TrainStep {
  let configuration: TrainingConfiguration
  let memory: ByteCount
  let threads: Int

  /// What of the memory may hold the annotated volumes.
  private var volumeBytes: Int { memory.bytes / 3 }

  func run(in run: TrainingRun, context: CommandContext) throws {
    var room = volumeBytes
    let data = try configuration.data.map {
      try AnnotatedVolume($0, memory: &room, context: context)
    }
    let validation = try configuration.validation.map {
      try AnnotatedVolume($0, memory: &room, context: context)
    }
    let voxelSize = try commonVoxelSize(data + validation)
    let samples = try SampleMaker(
      sources: data, weights: configuration.data.map(\.weight), patch: configuration.patch,
      targets: configuration.targets, augmentations: configuration.augmentations,
      foreground: configuration.foreground, seed: configuration.seed)
    let start = try network(outputChannels: samples.targetChannels, voxelSize: voxelSize)
    try checkPrecision(context)
    let trainable = try TrainableNetwork(
      start, extent: configuration.patch, threads: threads, precision: configuration.precision)
    try check(trainable, channels: samples.targetChannels)
    try checkMemory(
      trainable, channels: samples.targetChannels, held: volumeBytes - room)

    let trained = TrainedModel(
      network: start, configuration: configuration, voxelSize: voxelSize,
      input: try data.reduce(into: ValueMoments()) { $0.merge(try $1.moments()) },
      programVersion: context.version)
    let validator = try Validator(
      volumes: validation, trained: trained,
      samples: validation.isEmpty ? [] : validationSamples(validation),
      settings: configuration.scoring, memory: memory.bytes / 3, threads: threads)
    try validator.check()
    let identity = self.identity(of: data + validation)
    let found = try run.resumed(with: identity, context: context)
    let columns =
      TrainingLoop<TrainableNetwork>.stepColumns(configuration.losses) + validator.columns
    let state =
      found ?? TrainingState(parameters: start.parameterValues, columns: columns)
    guard state.parameters.count == start.parameterValues.count, state.curve.columns == columns
    else {
      throw TrainingError(
        .checkpoint, run.path, "the checkpoint is of another network",
        remedy: "train anew in another --output")
    }
    try run.write(configuration: configuration.completed)
    let loop = TrainingLoop(
      network: trainable, state: state, losses: configuration.losses,
      optimization: configuration.optimization, steps: configuration.steps, threads: threads
    ) { step, index in try samples.sample(step: step, index: index) }
    if loop.isFinished {
      context.note("all \(configuration.steps) steps are done; there is nothing to do")
    } else {
      try train(loop, validator, run, identity, context)
    }
    try report(loop.state, run, context)
  }

  /// Does the steps that are left.
  private func train(
    _ loop: TrainingLoop<TrainableNetwork>, _ validator: Validator, _ run: TrainingRun,
    _ identity: JSONValue, _ context: CommandContext
  ) throws {
    func checkpoint() throws {
      try run.write(Checkpoint(configuration: identity, state: loop.state))
      try run.write(loop.state.curve)
    }
    let progress = TrainingProgress(
      context: context, steps: configuration.steps, completed: loop.state.step)
    defer { progress.finish() }
    while !loop.isFinished {
      if context.isCancelled {
        try checkpoint()
        throw Interruption(remedy: "run the same line again to go on")
      }
      progress.show(try loop.advance(), step: loop.state.step)
      let step = loop.state.step
      let isLast = loop.isFinished
      if step % configuration.validateEvery == 0 || isLast {
        try validate(loop, validator, run, context)
        try checkpoint()
      } else {
        if step % configuration.reportEvery == 0 {
          progress.report(loop.state.curve, step: step)
          loop.state.curve.endRow(step: step)
        }
        if step % configuration.checkpointEvery == 0 { try checkpoint() }
      }
    }
  }

  /// The complete configuration, and what tells the volumes that it names from changed ones.
  private func identity(of volumes: [AnnotatedVolume]) -> JSONValue {
    var members = configuration.completed.object ?? [:]
    members["inputs"] = .object(
      Dictionary(uniqueKeysWithValues: volumes.map { ($0.name, .string($0.identity)) }))
    return .object(members)
  }

  /// Judges the averaged parameters, and keeps them as the model where they are the best so far.
  private func validate(
    _ loop: TrainingLoop<TrainableNetwork>, _ validator: Validator, _ run: TrainingRun,
    _ context: CommandContext
  ) throws {
    let step = loop.state.step
    let judgement = try validator.judge(loop)
    let isBest = judgement.score < loop.state.best?.score ?? .infinity
    // Without volumes to judge by, the last is taken for the best.
    let isKept = isBest || validator.volumes.isEmpty
    if isKept || loop.isFinished {
      let model = try judgement.model.addingReference(
        extent: configuration.patch, threads: threads
      ).encoded()
      if isKept {
        loop.state.best = TrainingState.Best(score: judgement.score, step: step)
        try run.write(model: model)
      }
      if loop.isFinished { try run.write(lastModel: model) }
    }
    loop.state.curve.endRow(step: step, validation: judgement.values)
    guard !judgement.values.isEmpty else { return }
    let measures = zip(validator.columns, judgement.values)
      .map { "\($0)=\(Float($1))" }.joined(separator: " ")
    try context.print("validation\tstep=\(step) \(measures)\(isBest ? " best" : "")")
  }

  private func report(
    _ state: TrainingState, _ run: TrainingRun, _ context: CommandContext
  ) throws {
    try context.print("steps\t\(state.step)")
    if let best = state.best {
      try context.print("best_step\t\(best.step)")
      if best.score.isFinite { try context.print("best_score\t\(shortText(best.score))") }
    }
    try context.print("model\t\(run.modelPath)")
  }

  /// The samples that the validation loss is measured on: always the same, and as they are.
  private func validationSamples(_ volumes: [AnnotatedVolume]) throws -> [PreparedSample] {
    let maker = try SampleMaker(
      sources: volumes, weights: configuration.validation.map(\.weight),
      patch: configuration.patch, targets: configuration.targets,
      foreground: configuration.foreground, seed: 0)
    return try (0..<configuration.scoring.samples).map { try maker.sample(step: 0, index: $0) }
  }

  /// The network to begin with, checked to mean what it is to learn.
  private func network(outputChannels: Int, voxelSize: VoxelSize) throws -> ONNXModel {
    switch configuration.network {
    case .architecture(let architecture):
      return try architecture.model(
        inputChannels: 1, outputChannels: outputChannels, seed: configuration.seed)
    case .model(let path):
      let loaded = try LoadedModel(path)
      try loaded.description.check(voxelSize: voxelSize)
      if let known = loaded.description.offsets,
        let wanted = (configuration.targets[0] as? AffinityTarget)?.offsets, known != wanted
      {
        throw TrainingError(
          .configuration, "targets.0.offsets", "the model's affinities relate other voxels",
          found: wanted.map { $0.text }.joined(separator: ";"),
          expected: known.map { $0.text }.joined(separator: ";"),
          remedy: "use the model's offsets, or train a new network")
      }
      return loaded.model
    }
  }

  /// Refuses a network that does not give one value for each voxel and channel of the targets.
  private func check(_ network: TrainableNetwork, channels: Int) throws {
    let (input, output) = (network.inputShape, network.outputShape)
    guard input.c == 1, output.c == channels, output.extent == input.extent else {
      throw TrainingError(
        .configuration, "network", "the network does not suit the targets",
        found: "an output of \(output.c) channels of \(output.extent.text) voxels for \(input.c)"
          + " of \(input.extent.text)",
        expected: "\(channels) channels of \(input.extent.text), one for each of the targets'",
        remedy: "choose other targets, or a network that pads its convolutions")
    }
  }

  /// Refuses numbers that the processor does not multiply, and says where they gain nothing.
  private func checkPrecision(_ context: CommandContext) throws {
    let precision = configuration.precision
    guard precision.isSupported else {
      throw TrainingError(
        .configuration, "precision", "this processor does not multiply such numbers",
        found: precision.rawValue, expected: TrainingPrecision.float32.rawValue,
        remedy: "train with --set precision=float32")
    }
    if precision.isSlowerThanFloat32 {
      context.note(
        "on this processor steps of precision float32 are shorter than those of "
          + precision.rawValue)
    }
  }

  /// The voxel size of all volumes.
  private func commonVoxelSize(_ volumes: [AnnotatedVolume]) throws -> VoxelSize {
    let size = volumes[0].voxelSize
    for volume in volumes where !volume.voxelSize.isClose(to: size) {
      throw TrainingError(
        .data, "\(volume.name).voxel_size", "the voxel sizes of the volumes differ",
        found: "\(volume.voxelSize.text) nm",
        expected: "\(size.text) nm, as \(volumes[0].name) has",
        remedy: "resample one of them, or state the size to take it for with voxel_size")
    }
    return size
  }

  /// Refuses a patch for which the memory does not suffice, and says which one it does for.
  private func checkMemory(_ network: TrainableNetwork, channels: Int, held: Int) throws {
    let values = network.parameters.last?.range.upperBound ?? 0
    let voxels = configuration.patch.voxelCount
    let fixed = network.memory.weightBytes + values * 4 * 6 + held + (64 << 20)
    let ahead = max(configuration.optimization.batch, threads) + configuration.scoring.samples
    let grows =
      network.memory.activationBytes + network.memory.scratchBytes
      + voxels * 4 * (2 * channels + (1 + 2 * channels) * ahead)
    guard fixed + grows > memory.bytes else { return }
    let room = memory.bytes - fixed
    let patch = configuration.patch
    var fitting: VoxelExtent?
    if room > 0 {
      var scale = 0.95
      while fitting == nil, scale > 0.05 {
        let lengths = [patch.z, patch.y, patch.x].map { max(8, Int(Double($0) * scale) / 8 * 8) }
        let extent = VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2])
        let need = Double(grows) * Double(extent.voxelCount) / Double(voxels)
        if need < Double(room) { fitting = extent }
        scale -= 0.05
      }
    }
    throw TrainingError(
      .limitExceeded, "patch", "training on patches of \(patch.text) does not fit the memory",
      found: "\(ByteCount(fixed + grows)) needed", expected: "at most \(memory)",
      remedy: fitting.map { "raise --memory, or use patches of about \($0.text)" }
        ?? "raise --memory")
  }
}
