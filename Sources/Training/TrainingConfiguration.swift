public import Codecs
public import Networks
public import Tensors
public import Voxels

/// Everything that decides a training, as one JSON document.
///
/// Members that are left out have defaults; ``completed`` is the document with all of them.
public struct TrainingConfiguration: Sendable {
  /// What the network is to predict, such as `affinities`.
  public var task: String
  /// The volumes to learn from.
  public var data: [AnnotatedVolumeSettings]
  /// The volumes to judge by; may be empty.
  public var validation: [AnnotatedVolumeSettings]
  /// What network is trained.
  public var network: NetworkChoice
  /// What each group of output channels is to be, in the order of the channels.
  public var targets: [any TrainingTarget]
  /// What is made small.
  public var losses: LossTerms
  /// What happens to samples, in order.
  public var augmentations: [any Augmentation]
  /// Which patches are worth taking.
  public var foreground: ForegroundRule
  /// The extent of a sample.
  public var patch: VoxelExtent
  /// How the parameters are moved.
  public var optimization: Optimization
  /// How the numbers that convolutions multiply are stored.
  public var precision: TrainingPrecision
  /// How many steps the training has.
  public var steps: Int
  /// What every random choice follows from.
  public var seed: UInt64
  /// How many steps lie between two checkpoints, rows of the curve and validations.
  public var checkpointEvery: Int, reportEvery: Int, validateEvery: Int
  /// How validation judges.
  public var scoring: ScoringSettings
  /// The document with every default filled in, as far as it has been read.
  public private(set) var completed: JSONValue

  /// Reads a configuration.
  ///
  /// - Throws: ``TrainingError`` with `configuration` that names the setting which is unknown or
  ///   cannot be understood.
  public init(_ document: JSONValue) throws(TrainingError) {
    do {
      try self.init(reading: document)
    } catch {
      throw TrainingError(error)
    }
  }

  private init(reading document: JSONValue) throws(SettingsError) {
    var settings = try SettingsReader(Self.namingTargets(document))
    task = try settings.text("task", default: Self.standardTask)
    data = try Self.volumes("data", &settings)
    guard !data.isEmpty else {
      throw SettingsError(
        "data", "there is no volume to learn from",
        expected: "a list of volumes, each with image and labels")
    }
    validation = try Self.volumes("validation", &settings)
    var network = try settings.section("network")
    self.network = try NetworkChoice(&network)
    settings.complete("network", with: .object(network.completed))
    targets = try settings.targets()
    losses = try LossTerms(&settings, targets: targets)
    augmentations = try settings.augmentations()
    var sampling = try settings.section("sampling")
    foreground = try ForegroundRule(&sampling)
    try sampling.finish()
    settings.complete("sampling", with: .object(sampling.completed))
    let lengths = try settings.ints("patch", default: [64, 64, 64], in: 1...4096)
    patch = VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2])
    var optimizer = try settings.section("optimizer")
    optimization = try Optimization(&optimizer)
    optimization.batch = try settings.int("batch", default: 1, in: 1...4096)
    try optimizer.finish()
    settings.complete("optimizer", with: .object(optimizer.completed))
    let precisions = TrainingPrecision.allCases.map(\.rawValue)
    let word = try settings.word("precision", among: precisions, default: precisions[0])
    precision = TrainingPrecision(rawValue: word) ?? .float32
    steps = try settings.int("steps", default: 20_000, in: 1...1 << 40)
    seed = UInt64(try settings.int("seed", default: 1, in: 0 ... .max))
    checkpointEvery = try settings.int("checkpoint_every", default: 500, in: 1...1 << 40)
    reportEvery = try settings.int("report_every", default: 20, in: 1...1 << 40)
    validateEvery = try settings.int("validate_every", default: 1000, in: 1...1 << 40)
    var scoring = try settings.section("scoring")
    self.scoring = try ScoringSettings(&scoring)
    try scoring.finish()
    settings.complete("scoring", with: .object(scoring.completed))
    try settings.finish()
    completed = .object(settings.completed)
    try checkSynapseTargets()
  }

  /// The channels that a trained model keeps; the others only help to learn.
  ///
  /// They are those of the first target, and of all masks before any other target where the task
  /// is `synapses`.
  public var keptChannels: Range<Int> {
    guard task == Self.synapseTask else { return 0..<targets[0].channels }
    return 0..<targets.prefix { type(of: $0).name == MaskTarget.name }.count
  }

  /// What the kept channels are called; nil where they have no names.
  public var channelNames: [String]? {
    task == Self.synapseTask ? Array(Self.synapseChannels[keptChannels]) : nil
  }

  private func checkSynapseTargets() throws(SettingsError) {
    guard task == Self.synapseTask else { return }
    guard (1...Self.synapseChannels.count).contains(keptChannels.count) else {
      throw SettingsError(
        "targets", "are not what the task synapses predicts",
        found: targets.map { type(of: $0).name }.joined(separator: ", "),
        expected: "first one to three masks: clefts, then presynaptic and postsynaptic sides")
    }
  }

  private static let standardTask = "affinities"
  private static let synapseTask = "synapses"
  /// What the masks of that task are, in their order.
  private static let synapseChannels = ["cleft", "presynaptic", "postsynaptic"]

  /// The document with the task's own target, where it names none.
  private static func namingTargets(_ document: JSONValue) -> JSONValue {
    guard case .object(var members) = document, members["targets"] ?? .null == .null else {
      return document
    }
    let task = members["task"] ?? .string(standardTask)
    members["targets"] = .array([
      .object(["name": task == .string(synapseTask) ? .string(MaskTarget.name) : task])
    ])
    return .object(members)
  }

  package static func volumes(
    _ name: String, _ settings: inout SettingsReader
  ) throws(SettingsError) -> [AnnotatedVolumeSettings] {
    var volumes: [AnnotatedVolumeSettings] = []
    var completed: [JSONValue] = []
    for (index, value) in try settings.list(name).enumerated() {
      var reader = try SettingsReader(value, path: "\(name).\(index)")
      volumes.append(try AnnotatedVolumeSettings(&reader))
      try reader.finish()
      completed.append(.object(reader.completed))
    }
    settings.complete(name, with: .array(completed))
    return volumes
  }
}

/// One annotated volume.
public struct AnnotatedVolumeSettings: Hashable, Sendable {
  /// The keys that lead here, such as `data.0`.
  public var key: String
  /// The grey values: a path that emseg reads, and the dataset within.
  public var image: String, imageDataset: String?
  /// The objects' numbers: a path, and the dataset within.
  public var labels: String, labelsDataset: String?
  /// Where the labels count, not 0; nil for everywhere.
  public var mask: String?, maskDataset: String?
  /// The part to use, as `z0:z1,y0:y1,x0:x1`; nil for all that has labels.
  public var region: String?
  /// The voxel size in nanometres, in place of the one the files state.
  public var voxelSize: VoxelSize?
  /// Further label volumes, by the names that targets call them.
  public var furtherLabels: [String: LabelsPlace]
  /// How often samples are drawn from the volume, relative to the others.
  public var weight: Double

  /// Where a label volume is.
  public struct LabelsPlace: Hashable, Sendable {
    /// A path, and the dataset within.
    public var path: String, dataset: String?
  }

  init(_ settings: inout SettingsReader) throws(SettingsError) {
    key = settings.path
    func required(_ text: String?, _ name: String) throws(SettingsError) -> String {
      guard let text, !text.isEmpty else {
        throw SettingsError(
          settings.key(of: name), "no file is given", expected: "a path",
          remedy: "name it in the configuration, or with --set \(settings.key(of: name))=PATH")
      }
      return text
    }
    image = try required(try settings.text("image"), "image")
    imageDataset = try settings.text("image_dataset")
    labels = try required(try settings.text("labels"), "labels")
    labelsDataset = try settings.text("labels_dataset")
    mask = try settings.text("mask")
    maskDataset = try settings.text("mask_dataset")
    region = try settings.text("region")
    if let lengths = try settings.numbers("voxel_size", count: 3, in: 1e-6...1e12) {
      voxelSize = VoxelSize(z: lengths[0], y: lengths[1], x: lengths[2])
    }
    weight = try settings.number("weight", default: 1, in: 0...1e9)
    furtherLabels = [:]
    let further = try SettingsReader(
      settings.has("further_labels") ? settings.value("further_labels") : .object([:]),
      path: settings.key(of: "further_labels"))
    var completed: JSONObject = [:]
    for (name, value) in further.members {
      var place = try SettingsReader(value, path: further.key(of: name))
      let path = try place.text("path")
      furtherLabels[name] = LabelsPlace(
        path: try required(path, "further_labels.\(name).path"),
        dataset: try place.text("dataset"))
      try place.finish()
      completed[name] = .object(place.completed)
    }
    settings.complete("further_labels", with: .object(completed))
  }
}

/// What network a training begins with.
public enum NetworkChoice: Sendable {
  /// A new one.
  case architecture(any NetworkArchitecture)
  /// One that a file holds, to be trained further.
  case model(path: String)

  /// Reads the section `network`: `model`, a path, or `architecture` and its own settings.
  package init(_ settings: inout SettingsReader) throws(SettingsError) {
    if settings.has("model"), let path = try settings.text("model") {
      self = .model(path: path)
      try settings.finish()
    } else {
      self = .architecture(try networkArchitecture(&settings))
    }
  }
}

/// How validation judges a network.
public struct ScoringSettings: Hashable, Sendable {
  /// How many samples the loss is averaged over.
  public var samples: Int
  /// The thresholds of the watershed.
  public var low: Double, high: Double
  /// The costs up to which regions are merged, each scored.
  public var costs: [Double]
  /// Segments with fewer voxels count as background.
  public var minimumVoxels: Int

  init(_ settings: inout SettingsReader) throws(SettingsError) {
    samples = try settings.int("samples", default: 8, in: 1...1 << 20)
    low = try settings.number("low", default: 0.05, in: 0...1)
    high = try settings.number("high", default: 0.9999, in: 0...1)
    guard low < high else {
      throw SettingsError(
        settings.key(of: "low"), "is not below high", found: "\(low) and \(high)")
    }
    if let costs = try settings.numbers("costs", in: 0...1) {
      self.costs = costs.sorted()
    } else {
      costs = (4...17).map { Double($0) / 20 }
      settings.complete("costs", with: .array(costs.map { .number($0) }))
    }
    guard !costs.isEmpty else {
      throw SettingsError(settings.key(of: "costs"), "there is no cost")
    }
    minimumVoxels = try settings.int("minimum_voxels", default: 100, in: 0...1 << 40)
  }
}

extension ForegroundRule {
  /// Reads the section `sampling`.
  init(_ settings: inout SettingsReader) throws(SettingsError) {
    self.init(
      minimum: try settings.number("minimum_labelled", default: 0, in: 0...1),
      labels: try settings.text("labels"),
      tries: try settings.int("tries", default: 20, in: 1...10_000))
  }
}

extension Optimization {
  /// Reads the section `optimizer`; the batch stays 1.
  package init(_ settings: inout SettingsReader) throws(SettingsError) {
    self.init(
      rule: try AdamW(&settings), schedule: try LearningRateSchedule(&settings),
      gradientLimit: nil, averageDecay: 0)
    let limit = try settings.number("clip", default: 1, in: 0...1e9)
    gradientLimit = limit > 0 ? limit : nil
    averageDecay = try settings.number("average_decay", default: 0.999, in: 0...1)
  }
}
