import Codecs
import CommandLineInterface
import FloodFilling
import Networks
import Tensors
import Training
import VolumeStore
import Voxels

/// A training of a flood-filling network, from wherever it is to its end.
struct FloodTrainStep {
  let configuration: FloodTrainingConfiguration
  let memory: ByteCount
  let threads: Int

  private typealias Training = MovingFieldTraining<TrainableNetwork>

  func run(in run: TrainingRun, context: CommandContext) throws {
    var room = memory.bytes / 3
    let data = try configuration.data.map {
      try AnnotatedVolume($0, memory: &room, context: context)
    }
    let validation = try configuration.validation.map {
      try AnnotatedVolume($0, memory: &room, context: context)
    }
    try checkVoxelSizes(data + validation)
    let start = try network()
    guard configuration.precision.isSupported else {
      throw TrainingError(
        .configuration, "precision", "this processor does not multiply such numbers",
        found: configuration.precision.rawValue, expected: TrainingPrecision.float32.rawValue,
        remedy: "train with --set precision=float32")
    }
    let trainable = try TrainableNetwork(
      start, extent: configuration.field.fieldOfView, threads: threads,
      precision: configuration.precision)
    try check(trainable)
    let samples = try places(
      in: data, weights: configuration.data.map(\.weight), seed: configuration.seed)
    let judged =
      try validation.isEmpty
      ? [] : validationSamples(validation, weights: configuration.validation.map(\.weight))
    let identity = self.identity(of: data + validation)
    let columns =
      Training.stepColumns + (judged.isEmpty ? [] : ["validation_loss", "mask_overlap"])
    let state =
      try run.resumed(with: identity, context: context)
      ?? TrainingState(parameters: start.parameterValues, columns: columns)
    guard state.parameters.count == start.parameterValues.count, state.curve.columns == columns
    else {
      throw TrainingError(
        .checkpoint, run.path, "the checkpoint is of another network",
        remedy: "train anew in another --output")
    }
    try run.write(configuration: configuration.completed)
    let training = Training(
      network: trainable, state: state, field: configuration.field,
      optimization: configuration.optimization, steps: configuration.steps
    ) { step, index in
      try samples.sample(step: step, index: index, isTurned: configuration.isTurned)
    }
    let stored = FloodModel(
      network: start, configuration: configuration, voxelSize: data[0].voxelSize,
      version: context.version)
    if training.isFinished {
      context.note("all \(configuration.steps) steps are done; there is nothing to do")
    } else {
      try train(training, judged, stored, run, identity, context)
    }
    try context.print("steps\t\(training.state.step)")
    if let best = training.state.best {
      try context.print("best_step\t\(best.step)")
      if best.score.isFinite { try context.print("best_score\t\(shortText(best.score))") }
    }
    try context.print("model\t\(run.modelPath)")
  }

  private func train(
    _ training: Training, _ judged: [MovingFieldSample], _ stored: FloodModel, _ run: TrainingRun,
    _ identity: JSONValue, _ context: CommandContext
  ) throws {
    func checkpoint() throws {
      try run.write(Checkpoint(configuration: identity, state: training.state))
      try run.write(training.state.curve)
    }
    let line = context.progress(
      "train", total: configuration.steps, completed: training.state.step, unit: .items("steps"))
    defer { line.finish() }
    // What the network can before it learns.
    if training.state.curve.steps.isEmpty { try validate(training, judged, stored, run, context) }
    while !training.isFinished {
      if context.isCancelled {
        try checkpoint()
        throw Interruption(remedy: "run the same line again to go on")
      }
      let before = training.state.step
      var loss = 0.0
      try training.advanceRound { loss = $0 }
      let step = training.state.step
      func passed(_ interval: Int) -> Bool { step / interval > before / interval }
      line.show(measures: [("loss", fixed(loss, decimals: 4))])
      line.update(completed: min(step, configuration.steps))
      if passed(configuration.validateEvery) || training.isFinished {
        try validate(training, judged, stored, run, context)
        try checkpoint()
      } else {
        if passed(configuration.reportEvery) { training.state.curve.endRow(step: step) }
        if passed(configuration.checkpointEvery) { try checkpoint() }
      }
    }
  }

  /// Judges the averaged parameters, and keeps them as the model where they are the best so far.
  private func validate(
    _ training: Training, _ judged: [MovingFieldSample], _ stored: FloodModel, _ run: TrainingRun,
    _ context: CommandContext
  ) throws {
    let step = training.state.step
    var values: [Double] = []
    var score = Double.infinity
    if !judged.isEmpty {
      let found = try training.validate(judged)
      (score, values) = (found.loss, [found.loss, found.overlap])
    }
    let isBest = score < training.state.best?.score ?? .infinity
    // Without volumes to judge by, the last is taken for the best.
    let isKept = isBest || judged.isEmpty
    if isKept || training.isFinished {
      let model = stored.encoded(training.state.average.values, step: step, values: values)
      if isKept {
        training.state.best = TrainingState.Best(score: score, step: step)
        try run.write(model: model)
      }
      if training.isFinished { try run.write(lastModel: model) }
    }
    training.state.curve.endRow(step: step, validation: values)
    guard values.count == 2 else { return }
    try context.print(
      "validation\tstep=\(step) validation_loss=\(Float(values[0])) "
        + "mask_overlap=\(Float(values[1]))\(isBest ? " best" : "")")
  }

  /// The network to begin with.
  private func network() throws -> ONNXModel {
    switch configuration.network {
    case .architecture(let architecture):
      return try architecture.model(
        inputChannels: 2, outputChannels: 1, seed: configuration.seed)
    case .model(let path): return try FloodWeights.model(at: path)
    }
  }

  private func check(_ network: TrainableNetwork) throws {
    let (input, output) = (network.inputShape, network.outputShape)
    guard input.c == 2, output.c == 1, output.extent == input.extent else {
      throw TrainingError(
        .configuration, "network", "the network is none for flood filling",
        found: "an output of \(output.c) channels of \(output.extent.text) voxels for \(input.c)"
          + " of \(input.extent.text)", expected: "2 channels in and 1 of the same size out",
        remedy: "choose the architecture ffn")
    }
    let values = network.parameters.last?.range.upperBound ?? 0
    let needed = network.memory.totalBytes + values * 4 * 6 + (64 << 20)
    guard needed <= memory.bytes else {
      throw TrainingError(
        .limitExceeded, "field_of_view", "training does not fit the memory",
        found: "\(ByteCount(needed)) needed", expected: "at most \(memory)",
        remedy: "raise --memory, or choose a smaller network or field of view")
    }
  }

  private func checkVoxelSizes(_ volumes: [AnnotatedVolume]) throws {
    let size = volumes[0].voxelSize
    for volume in volumes where !volume.voxelSize.isClose(to: size) {
      throw TrainingError(
        .data, "\(volume.name).voxel_size", "the voxel sizes of the volumes differ",
        found: "\(volume.voxelSize.text) nm", expected: "\(size.text) nm",
        remedy: "resample one of them, or state the size to take it for with voxel_size")
    }
  }

  private func identity(of volumes: [AnnotatedVolume]) -> JSONValue {
    var members = configuration.completed.object ?? [:]
    members["inputs"] = .object(
      Dictionary(uniqueKeysWithValues: volumes.map { ($0.name, .string($0.identity)) }))
    return .object(members)
  }

  private func places(
    in volumes: [AnnotatedVolume], weights: [Double], seed: UInt64
  ) throws -> FloodPlaces {
    try FloodPlaces(
      volumes, weights: weights, field: configuration.field, reach: configuration.reach,
      bounds: configuration.bounds, count: configuration.places, seed: seed)
  }

  /// The objects that validation fills: always the same, and as they are.
  private func validationSamples(
    _ volumes: [AnnotatedVolume], weights: [Double]
  ) throws -> [MovingFieldSample] {
    let places = try places(in: volumes, weights: weights, seed: 0)
    return try (0..<configuration.validationSamples).map {
      try places.sample(step: 0, index: $0, isTurned: false)
    }
  }
}

/// Places to train from in several volumes.
private struct FloodPlaces {
  private let volumes: [AnnotatedVolume]
  private let fractions: [FillFractions]
  /// The sums of the weights up to each volume.
  private let weights: [Double]
  private let field: MovingField
  private let generator: SampleGenerator

  init(
    _ volumes: [AnnotatedVolume], weights: [Double], field: MovingField, reach: VoxelExtent,
    bounds: [Double], count: Int, seed: UInt64
  ) throws {
    let extent = field.sampleExtent
    let margin = VoxelExtent(z: extent.z / 2, y: extent.y / 2, x: extent.x / 2)
    generator = SampleGenerator(seed: seed)
    var draw = generator.keyed(-1)
    self.volumes = volumes
    self.field = field
    fractions = try volumes.map { volume in
      try FillFractions(
        of: volume, within: volume.box.grown(by: margin * -1), reach: reach, bounds: bounds,
        count: count, using: &draw)
    }
    var sum = 0.0
    var sums: [Double] = []
    for weight in weights {
      sum += weight
      sums.append(sum)
    }
    self.weights = sums
  }

  func sample(step: Int, index: Int, isTurned: Bool) throws -> MovingFieldSample {
    var draw = generator.keyed(step).keyed(index)
    let at = draw.unit() * (weights.last ?? 0)
    let volume = weights.firstIndex { at < $0 } ?? weights.count - 1
    let place = fractions[volume].place(using: &draw)
    return try MovingFieldSample(
      of: volumes[volume], at: place, field, isTurned: isTurned, using: &draw)
  }
}

/// A flood-filling network as it is stored once trained.
private struct FloodModel {
  let network: ONNXModel
  let configuration: FloodTrainingConfiguration
  let voxelSize: VoxelSize
  let version: String

  func encoded(_ parameters: [Float], step: Int, values: [Double]) -> [UInt8] {
    let field = configuration.field
    var properties = [
      "task": FloodTrainingConfiguration.task, "axes": "zyx", "voxel_size_nm": voxelSize.text,
      "field_of_view": field.fieldOfView.text, "step": field.step.text,
      "image_mean": shortText(field.mean), "image_deviation": shortText(field.deviation),
      "move_threshold": shortText(field.threshold), "training_steps": "\(step)",
    ]
    if values.count == 2 {
      properties["validation"] =
        "loss=\(shortText(values[0])) mask_overlap=\(shortText(values[1]))"
    }
    var model = network.replacingParameters(parameters.span).settingMetadata(properties)
    model.producerVersion = version
    return model.encoded()
  }
}
