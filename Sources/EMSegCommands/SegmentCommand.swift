import Blockwise
import Codecs
import CommandLineInterface
import Networks
import Segmentation
import VolumeStore
import Voxels

/// The command `emseg segment`.
struct SegmentCommand: Command {
  /// How segments are found.
  enum Method: String, CaseIterable, ArgumentValue {
    case steepestAscent = "steepest-ascent"
    case distanceTransform = "distance-transform"
    case floodfill

    /// How affinities become fragments; nil where there are none.
    var watershed: WatershedOptions.Method? {
      switch self {
      case .steepestAscent: .steepestAscent
      case .distanceTransform: .distanceTransform
      case .floodfill: nil
      }
    }
  }

  var stack = ""
  var method = Method.steepestAscent
  var flooding = SegmentFlooding()
  var model: String?
  var output = ""
  var threshold: Double?
  var minimumVoxels: Int?
  var thresholds = WatershedOptions(mergeSize: Self.standardMergeSize)
  var force = false
  var prediction = PredictionOptions()
  var selection = SourceOptions()
  var blockwise = BlockwiseOptions()

  /// Supervoxels below this size have few links, which say little of whom they belong to: merged
  /// along their strongest link first, they made FIB-25 and SNEMI3D score 0.06 to 0.14 bits better.
  static let standardMergeSize = 200

  static let manual = Manual<Self>(
    "segment",
    summary: "Segment a stack: import, predict, watershed, agglomerate.",
    discussion: """
      Makes a project folder: the imported image, affinities, supervoxels, region graph and merges, \
      and the segmentation as uint64 labels with a multiscale pyramid. A run that was stopped, at \
      any moment and in any way, goes on where it was when the same line is run again, and leaves \
      the same bytes as one that was not. Without --model, the model that comes with the program \
      and was trained on voxels nearest in size, a tenth off at most, is used.

      With --method floodfill the project holds the image and what emseg floodfill makes of it; how \
      long that may take is said before it begins.
      """,
    arguments: [
      .positional("STACK", \.stack, "Any volume that import reads."),
      .option(
        "--method", \.method,
        "Agglomerate what climbing the affinities, or the distance from boundaries between them, "
          + "gives; or flood object by object, which is much slower."),
      .option(
        "--model", \.model, placeholder: "MODEL",
        "The affinity network: an ONNX file, or the name of a model that comes with the program; "
          + "chosen by the voxel size when left out."),
      .option(
        "--output", \.output, .required, placeholder: "P", "Project folder to create or resume."),
      .option(
        "--threshold", \.threshold, accepting: .ifGiven(.from(0...1)),
        "Largest cost, 1 − mean affinity, at which regions merge; the model's own, else 0.65."),
      .option(
        "--minimum-voxels", \.minimumVoxels, accepting: .ifGiven(.atLeast(0)),
        "Make segments with fewer voxels in the whole volume background; "
          + "\(AgglomerateCommand.standardMinimumVoxels) when left out, 1000 for flood filling."),
      .flag("--force", \.force, "Replace the project if it exists."),
      .group("Source", \.selection, SourceOptions.arguments),
      .group("Network", \.prediction, PredictionOptions.arguments),
      .group("Watershed", \.thresholds, WatershedOptions.heightArguments),
      .group("Flood filling", \.flooding, SegmentFlooding.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg segment sections/ --method floodfill --weights fib25.h5 --voxel-size 10,10,10 "
          + "--output p.fascicle",
        "Segment a small stack object by object."),
      Example(
        "emseg segment sections/ --model unet.onnx --voxel-size 10,10,10 --output p.fascicle "
          + "--memory 1GiB",
        "Segment a folder of TIFF sections within 1 GiB of memory."),
    ])

  func run(_ context: CommandContext) throws {
    if force {
      try ExistingOutput.checkApart(
        output, from: [stack, model, prediction.mask].compactMap { $0 })
    }
    let runner = StageRunner(context: context, options: blockwise)
    guard let watershed = method.watershed else {
      try flooding.run(
        stack, output: output, selection: selection, minimumVoxels: minimumVoxels, force: force,
        runner: runner)
      return
    }
    guard flooding.weights == nil else {
      throw UsageError("--weights", "is of no use here", expected: "--method floodfill")
    }
    let named = try model.map { try LoadedModel($0) }
    let input = try selection.open(stack, context: context)
    let size = input.voxelSize(context)
    let model = try named ?? chosenModel(for: size, context: context)
    try model.description.check(voxelSize: size)
    let mask = try prediction.openMask(context)
    var thresholds = self.thresholds
    thresholds.method = watershed
    let rule = try thresholds.rule(voxelSize: size)
    let threshold =
      try self.threshold ?? model.agglomerationThreshold ?? AgglomerateCommand.standardThreshold
    let minimumVoxels = self.minimumVoxels ?? AgglomerateCommand.standardMinimumVoxels
    let place = ProjectFolder.place(of: output, replacing: force)
    if force { try ExistingOutput.checkReplaceable(output) }
    let project = try ProjectFolder.prepare(
      place,
      description: [
        "format": .string("fascicle project 1"), "input": .string(input.identity),
        "model": .string(model.identity),
        "prediction": .string(prediction.description(mask: mask?.identity)),
        "voxel_size_nm": .string(size.text),
        "watershed": .string("\(rule.text)\ndust=\(rule.dust)"),
        "agglomeration_threshold": .number(threshold),
        "minimum_voxels": .integer(Int64(minimumVoxels)),
      ], replacing: force)

    var clock = StageClock()
    try clock.time("import") {
      try ConversionStep(
        input: input, kind: .image, voxelSize: size, output: OutputOptions(path: project.raw)
      ).run(runner, policy: .reuse)
    }
    try clock.time("predict") {
      try PredictStep(
        image: try InputVolume.stored(project.raw), model: model, output: project.affinities,
        options: prediction, mask: mask
      ).run(runner, policy: .reuse)
    }
    let affinities = try AffinityVolume.open(project.affinities)
    let fragments = try clock.time("watershed") {
      try WatershedStep(
        affinities: affinities, rule: rule, output: project.fragments
      ).run(runner, policy: .reuse)
    }
    let sizes = try clock.time("agglomerate") {
      try AgglomerateStep(
        fragments: try InputVolume.stored(project.fragments), fragmentCount: fragments.count,
        affinities: affinities, graph: project.graph, threshold: threshold,
        minimumVoxels: minimumVoxels, output: project.segmentation
      ).run(runner, policy: .reuse)
    }
    if place != output { try project.replace(output) }
    try report(sizes, fragments: fragments.count, clock: clock, context: context)
  }

  /// The model that comes with the program and suits the volume.
  private func chosenModel(
    for size: VoxelSize, context: CommandContext
  ) throws -> LoadedModel {
    let choice = try ModelChoice(for: size)
    context.note("the model \(choice.name) is used: it was trained on voxels of this size")
    return choice.model
  }

  private func report(
    _ sizes: SegmentSizes, fragments: Int, clock: StageClock, context: CommandContext
  ) throws {
    try context.print("fragments\t\(fragments)")
    for (name, value) in sizes.facts { try context.print("\(name)\t\(value)") }
    for (name, duration) in clock.times {
      try context.print("\(name)_seconds\t\(fixed(duration.inSeconds, decimals: 2))")
    }
    if let peak = PeakMemory.current {
      try context.print("peak_memory_bytes\t\(peak)")
    }
  }
}

/// How long each part of a command took.
private struct StageClock {
  private(set) var times: [(name: String, duration: Duration)] = []

  mutating func time<Value>(_ name: String, _ body: () throws -> Value) throws -> Value {
    let start = ContinuousClock.now
    defer { times.append((name, ContinuousClock.now - start)) }
    return try body()
  }
}
