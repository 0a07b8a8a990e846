import CommandLineInterface
import FloodFilling
import VolumeStore
import Voxels

/// The command `emseg floodfill resegment`.
struct FloodResegmentCommand: Command {
  var pairs = ""
  var image = ""
  var segments = ""
  var weights = ""
  var output = ""
  var force = false
  var rules = ResegmentationOptions()
  var thresholds = FloodOptions()
  var precision = PredictionOptions.NetworkPrecision.float32
  var selection = SourceOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "floodfill resegment",
    summary: "Judge pairs of touching segments by flooding from both sides.",
    discussion: """
      Around each contact both segments are erased, and an object is flooded from where each is \
      thickest; other segments stay and are not entered. Where both runs give the same object, \
      which holds both segments, they are one.

      PAIRS is a table with the columns segment_a, segment_b, z, y and x, such as emseg \
      agglomerate --candidates writes. The output has those columns, what both runs gave, a score \
      in [0, 1] (the least of the overlap of both runs and of how much of each segment each run \
      holds; 0 where a run failed), cost (1 − score), and one where all rules say that the pair is \
      one. A run that was stopped goes on with the next pair when the same line is run again.
      """,
    arguments: [
      .positional("PAIRS", \.pairs, "The table of pairs."),
      .option(
        "--image", \.image, .required, placeholder: "STACK", "Any image that import reads."),
      .option(
        "--segments", \.segments, .required, placeholder: "L",
        "The segmentation, of the image's size."),
      .option(
        "--weights", \.weights, .required, placeholder: "W",
        "The network: HDF5 with the published weights, or an ONNX file that reads image and mask."),
      .option("--output", \.output, .required, placeholder: "CSV", "The table to write."),
      .flag("--force", \.force, "Replace the table if it exists."),
      .option(
        "--precision", \.precision, "How exactly the network computes, at least."),
      .group("Contacts", \.rules, ResegmentationOptions.arguments),
      .group("Flooding", \.thresholds, FloodOptions.arguments),
      .group("Source", \.selection, SourceOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg floodfill resegment p.fascicle/candidates.csv --image p.fascicle/raw.zarr "
          + "--segments p.fascicle/segmentation.zarr --weights fib25.h5 --output scores.csv",
        "Judge the contacts that agglomeration left open.")
    ],
    references: ["Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4"])

  func run(_ context: CommandContext) throws {
    if force { try ExistingOutput.checkApart(output, from: [pairs, image, segments, weights]) }
    if !force, ExistingOutput.exists(output) {
      throw ExistingOutput.error(output, "it is there already")
    }
    let table = try NamedColumns(pairs, columns: ["segment_a", "segment_b", "z", "y", "x"])
    let input = try selection.open(image, context: context)
    let labels = try LabelSource(segments, context: context)
    try FloodRecipe.check(input.reader)
    let volume = input.reader.metadata.extent
    guard labels.reader.metadata.extent == volume else {
      throw UsageError(
        "--segments", "the segmentation is of another size",
        found: labels.reader.metadata.extent.text, expected: volume.text)
    }
    let recipe = try FloodRecipe(weights: weights, thresholds, precision: precision)
    let settings = rules.settings
    let network = try recipe.network(threads: blockwise.threads)
    try checkMemory(network, settings, volume)
    context.note("\(table.count) pairs; \(try FloodForecast(network).text)")
    var resegmentation = Resegmentation(
      network, movement: FaceMaximumMovement(step: recipe.step), thresholds: recipe.settings,
      settings: settings)
    let journal = try PairJournal(
      output: output,
      identity: [
        recipe.text, rules.text, input.identity, labels.input.identity,
        try ContentIdentity.ofContent(at: pairs),
      ].joined(separator: "\n"))
    var lines = journal.lines
    guard lines.count <= table.count else { throw journal.error }
    let line = context.progress(
      "resegment", total: table.count, completed: lines.count, unit: .items("pairs"))
    for row in lines.count..<table.count {
      let found = try judge(row, of: table, by: &resegmentation, input, labels, recipe, context)
      lines.append(try journal.append(found.text(settings)))
      line.update(completed: row + 1)
    }
    line.finish()
    try journal.finish()
    try context.print("pairs\t\(lines.count)")
    try context.print("one\t\(lines.count { $0.hasSuffix(",yes") })")
    try context.print("not_judged\t\(lines.count { $0.hasSuffix(",") })")
  }

  private func judge(
    _ row: Int, of table: NamedColumns,
    by resegmentation: inout Resegmentation<ConvolutionalFloodNetwork>, _ input: InputVolume,
    _ labels: LabelSource, _ recipe: FloodRecipe, _ context: CommandContext
  ) throws -> JudgedContact {
    let point = try table.position(row, ["z", "y", "x"])
    let volume = input.reader.metadata.box
    guard volume.contains(point) else {
      throw table.malformed(
        row, "has a contact outside the volume", "\(point.z),\(point.y),\(point.x)",
        "within \(volume.rangesText)")
    }
    let ids = (
      a: try table.number(row, "segment_a", as: UInt64.self),
      b: try table.number(row, "segment_b", as: UInt64.self)
    )
    guard ids.a != ids.b, ids.a != 0, ids.b != 0 else {
      throw table.malformed(
        row, "is no pair of segments", "\(ids.a) and \(ids.b)", "two numbers above 0")
    }
    let box = Resegmentation<ConvolutionalFloodNetwork>.box(
      around: point, within: volume, rules.settings)
    let pair = try resegmentation.judge(
      ids, at: point, image: try recipe.image(input.reader, in: box),
      labels: try labels.labels(in: box), checking: { try context.checkCancellation() })
    return JudgedContact(ids: ids, point: point, pair: pair)
  }

  private func checkMemory(
    _ network: ConvolutionalFloodNetwork, _ settings: ResegmentationSettings,
    _ volume: VoxelExtent
  ) throws(VolumeError) {
    let side = settings.radius * 2 + VoxelExtent(cube: 1)
    let box = VoxelExtent(
      z: min(side.z, volume.z), y: min(side.y, volume.y), x: min(side.x, volume.x))
    // Image, mask, others, labels, distances and what is compared.
    let needed = box.voxelCount * (12 + 8 + 16 + 4) + network.memoryBytes
    guard needed <= blockwise.memory.bytes else {
      throw VolumeError(
        .limitExceeded, path: image, "the box around a contact does not fit the memory",
        found: "\(ByteCount(needed)) needed for \(box.text) voxels",
        expected: "at most \(blockwise.memory)",
        remedy: "choose a smaller --radius, or raise --memory")
    }
  }
}

/// A contact and what resegmentation says of it.
private struct JudgedContact {
  let ids: (a: UInt64, b: UInt64)
  let point: VoxelPosition
  let pair: ResegmentedPair?

  /// The line of the output's table.
  func text(_ settings: ResegmentationSettings) -> String {
    let place = "\(ids.a),\(ids.b),\(point.z),\(point.y),\(point.x)"
    guard let pair else { return place + String(repeating: ",", count: PairJournal.empty) }
    func side(_ side: ResegmentedSide) -> String {
      let seed = side.seed.map { "\($0.z),\($0.y),\($0.x)" } ?? ",,"
      let deleted = side.voxelCount > 0 ? shortText(side.deletedFraction) : ""
      return "\(seed),\(side.attempts),\(side.callCount),\(side.isRecovered ? "yes" : "no"),"
        + "\(side.voxelCount),\(shortText(side.consistencyA)),\(shortText(side.consistencyB)),"
        + deleted
    }
    return place + ",\(pair.voxelsA),\(pair.voxelsB),\(side(pair.fromA)),\(side(pair.fromB)),"
      + "\(shortText(pair.overlap)),\(shortText(pair.score)),\(shortText(1 - pair.score)),"
      + (pair.isOne(settings) ? "yes" : "no")
  }
}

/// How pairs are judged, as options.
struct ResegmentationOptions {
  var radius = ExtentArgument(ResegmentationSettings().radius)
  var analysis = ExtentArgument(ResegmentationSettings().analysisRadius)
  var exclusion = ExtentArgument(ResegmentationSettings().exclusionRadius)
  var attempts = ResegmentationSettings().attempts
  var recovery = ResegmentationSettings().leastRecovery
  var overlap = ResegmentationSettings().leastOverlap
  var consistency = ResegmentationSettings().leastConsistency
  var deletion = ResegmentationSettings().largestDeletion

  static let arguments: [Argument<ResegmentationOptions>] = [
    .option("--radius", \.radius, "How far from the contact objects are flooded."),
    .option("--analysis-radius", \.analysis, "How far from the contact they are compared."),
    .option(
      "--exclusion-radius", \.exclusion, "How far around a seed that failed no other is tried."),
    .option(
      "--attempts", \.attempts, accepting: .atLeast(1), "The seeds tried on each side."),
    .option(
      "--recovery", \.recovery, accepting: .from(0...1),
      "The part of its segment that a run must give back."),
    .option(
      "--least-overlap", \.overlap, accepting: .from(0...1),
      "A pair is one where more of both runs' voxels than this are common to both,"),
    .option(
      "--least-consistency", \.consistency, accepting: .from(0...1),
      "where both runs hold more of each segment than this,"),
    .option(
      "--largest-deletion", \.deletion, accepting: .from(0...1),
      "and where one run at least took back a smaller part of its voxels than this."),
  ]

  var settings: ResegmentationSettings {
    var settings = ResegmentationSettings()
    settings.radius = radius.extent
    settings.analysisRadius = analysis.extent
    settings.exclusionRadius = exclusion.extent
    settings.attempts = attempts
    settings.leastRecovery = recovery
    settings.leastOverlap = overlap
    settings.leastConsistency = consistency
    settings.largestDeletion = deletion
    return settings
  }

  /// What tells these rules from others.
  var text: String {
    "\(radius.extent.text) \(analysis.extent.text) \(exclusion.extent.text) \(attempts) \(recovery)"
      + " \(overlap) \(consistency) \(deletion)"
  }
}
