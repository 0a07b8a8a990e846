public import Codecs
import Networks
public import Tensors
public import Training
public import Voxels

/// Everything that decides a training of a flood-filling network, as one JSON document.
///
/// Members that are left out have defaults; ``completed`` is the document with all of them.
public struct FloodTrainingConfiguration: Sendable {
  /// What `task` says of such a training.
  public static let task = "floodfill"

  /// The volumes to learn from, and those to judge by.
  public var data: [AnnotatedVolumeSettings], validation: [AnnotatedVolumeSettings]
  /// What network is trained.
  public var network: NetworkChoice
  /// How the field of view moves.
  public var field: MovingField
  /// How parameters are moved.
  public var optimization: Optimization
  /// How the numbers that convolutions multiply are stored.
  public var precision: TrainingPrecision
  /// How many steps the training has.
  public var steps: Int
  /// What every random choice follows from.
  public var seed: UInt64
  /// How many steps lie between two checkpoints, rows of the curve and validations, at least.
  public var checkpointEvery: Int, reportEvery: Int, validateEvery: Int
  /// How many objects validation fills.
  public var validationSamples: Int
  /// Whether samples are turned and mirrored.
  public var isTurned: Bool
  /// How far the surroundings reach whose fill fraction sorts places, how many places of each
  /// volume are drawn, and the fractions between ranges.
  public var reach: VoxelExtent, places: Int, bounds: [Double]
  /// The document with every default filled in.
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
    var settings = try SettingsReader(document)
    let task = try settings.text("task", default: Self.task)
    guard task == Self.task else {
      throw SettingsError("task", "is another one", found: task, expected: Self.task)
    }
    data = try TrainingConfiguration.volumes("data", &settings)
    guard !data.isEmpty else {
      throw SettingsError(
        "data", "there is no volume to learn from",
        expected: "a list of volumes, each with image and labels")
    }
    validation = try TrainingConfiguration.volumes("validation", &settings)
    network = try Self.network(&settings)
    field = try Self.field(&settings)
    var sampling = try settings.section("sampling")
    let reach = try sampling.ints("reach", default: [24, 24, 24], in: 0...1024)
    self.reach = VoxelExtent(z: reach[0], y: reach[1], x: reach[2])
    places = try sampling.int("places", default: 2000, in: 1...1 << 24)
    if let given = try sampling.numbers("bounds", in: 0...1) {
      bounds = given.sorted()
    } else {
      bounds = FillFractions.publishedBounds
      sampling.complete("bounds", with: .array(bounds.map { .number($0) }))
    }
    try sampling.finish()
    settings.complete("sampling", with: .object(sampling.completed))
    isTurned = try settings.bool("turns", default: true)
    var optimizer = try settings.section("optimizer")
    optimization = try Optimization(&optimizer)
    optimization.batch = try settings.int("batch", default: 4, in: 1...4096)
    try optimizer.finish()
    settings.complete("optimizer", with: .object(optimizer.completed))
    let precisions = TrainingPrecision.allCases.map(\.rawValue)
    let word = try settings.word("precision", among: precisions, default: precisions[0])
    precision = TrainingPrecision(rawValue: word) ?? .float32
    steps = try settings.int("steps", default: 100_000, in: 1...1 << 40)
    seed = UInt64(try settings.int("seed", default: 1, in: 0 ... .max))
    checkpointEvery = try settings.int("checkpoint_every", default: 500, in: 1...1 << 40)
    reportEvery = try settings.int("report_every", default: 20, in: 1...1 << 40)
    validateEvery = try settings.int("validate_every", default: 1000, in: 1...1 << 40)
    validationSamples = try settings.int("validation_samples", default: 16, in: 1...1 << 20)
    try settings.finish()
    completed = .object(settings.completed)
  }

  /// Reads the section `network`; an architecture `ffn` adds its output to the mask.
  private static func network(
    _ settings: inout SettingsReader
  ) throws(SettingsError) -> NetworkChoice {
    var section = try settings.section("network")
    if section.members["model"] == nil {
      var members = section.members
      if members["architecture"] == nil {
        members["architecture"] = .string(FloodFillingStack.name)
      }
      if members["architecture"] == .string(FloodFillingStack.name), members["adds_mask"] == nil {
        members["adds_mask"] = .bool(true)
      }
      section = try SettingsReader(.object(members), path: section.path)
    }
    let network = try NetworkChoice(&section)
    settings.complete("network", with: .object(section.completed))
    return network
  }

  private static func field(_ settings: inout SettingsReader) throws(SettingsError) -> MovingField {
    let view = try settings.ints("field_of_view", default: [33, 33, 33], in: 3...513)
    guard view.allSatisfy({ $0 % 2 == 1 }) else {
      throw SettingsError(
        settings.key(of: "field_of_view"), "a field of view has a middle",
        found: view.map { "\($0)" }.joined(separator: ","), expected: "odd lengths")
    }
    let step = try settings.ints("step", default: [8, 8, 8], in: 0...256)
    guard zip(step, view).allSatisfy({ $0 <= $1 / 2 }) else {
      throw SettingsError(
        settings.key(of: "step"), "the field of view cannot move past its own faces",
        found: step.map { "\($0)" }.joined(separator: ","),
        expected: "at most " + view.map { "\($0 / 2)" }.joined(separator: ","))
    }
    return MovingField(
      fieldOfView: VoxelExtent(z: view[0], y: view[1], x: view[2]),
      step: VoxelExtent(z: step[0], y: step[1], x: step[2]),
      mean: try settings.number("image_mean", default: 128, in: -1e9...1e9),
      deviation: try settings.number("image_deviation", default: 33, in: 1e-9...1e9),
      inside: try settings.number("inside", default: 0.95, in: 0.5001...0.9999),
      outside: try settings.number("outside", default: 0.05, in: 0.0001...0.4999),
      threshold: try settings.number("move_threshold", default: 0.9, in: 0.01...0.999))
  }
}
