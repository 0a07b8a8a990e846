import Blockwise
import Codecs
import CommandLineInterface
import FloodFilling
import FoundationEssentials
import Networks
import VolumeStore
import Voxels

/// The command `emseg floodfill`.
struct FloodFillCommand: Command {
  var source = ""
  var weights = ""
  var seed: PositionArgument?
  var records: String?
  var replay: String?
  var object: UInt64?
  var seeding = FloodSeeding()
  var domain = FloodDomainOptions()
  var assembly = AssemblyOptions()
  var thresholds = FloodOptions()
  var precision = PredictionOptions.NetworkPrecision.float32
  var output = OutputOptions()
  var selection = SourceOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "floodfill",
    summary: "Segment with a flood-filling network, object by object.",
    discussion: """
      The network sees the image and the mask of one object within its field of view and says how \
      the mask goes on; the field of view moves to wherever the mask reaches its faces. Objects \
      are flooded one after the other from seeds in a fixed order, and never take voxels of \
      earlier ones. With --seed, the one object there is label 1. Most numbers must be those that \
      the network was trained with; the defaults are those of the published networks.

      Without --subvolume the whole region is one canvas in memory. With it, subvolumes that \
      overlap are flooded independently, several at a time, and objects that agree where \
      subvolumes overlap become one. A run that was stopped, at any moment and in any way, goes on \
      with the next object when the same line is run again.

      --records keeps for every seed what became of it and how it was flooded; --replay repeats an \
      object from such a table exactly, and fails where it comes out otherwise.
      """,
    arguments: [
      .positional("STACK", \.source, "Any image that import reads."),
      .option(
        "--weights", \.weights, .required, placeholder: "W",
        "The network: HDF5 with the published weights, or an ONNX file that reads image and mask."),
      .option("--seed", \.seed, "Flood one object, from this voxel."),
      .option(
        "--records", \.records, placeholder: "FILE",
        "A table (CSV) of every seed tried: what became of it, network calls, voxels, settings."),
      .option(
        "--replay", \.replay, placeholder: "TABLE",
        "Flood an object of such a table once more, with its own settings."),
      .option("--object", \.object, placeholder: "ID", "The object, by the column label."),
      .option(
        "--precision", \.precision,
        "How exactly the network computes, at least; only float32 is sure to repeat published runs."
      ),
      .group("Seeds", \.seeding, FloodSeeding.arguments),
      .group("Where", \.domain, FloodDomainOptions.arguments),
      .group("Subvolumes", \.assembly, AssemblyOptions.arguments),
      .group("Flooding", \.thresholds, FloodOptions.arguments),
      .group("Output", \.output, OutputOptions.arguments),
      .group("Source", \.selection, SourceOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg floodfill sections/ --voxel-size 10,10,10 --weights fib25.h5 --seed 125,40,210 "
          + "--output one.zarr",
        "Fill the neurite at a voxel."),
      Example(
        "emseg floodfill raw.zarr --weights fib25.h5 --subvolume 160,160,160 --overlap 32,32,32 "
          + "--records seeds.csv --output objects.zarr",
        "Segment a volume in parts, and keep what became of every seed."),
      Example(
        "emseg floodfill raw.zarr --weights fib25.h5 --only-uncertain p.fascicle "
          + "--output doubts.zarr",
        "Flood only where the affinities of a project leave it open what belongs together."),
      Example(
        "emseg floodfill raw.zarr --weights fib25.h5 --replay seeds.csv --object 17 "
          + "--output again.zarr",
        "Repeat an object."),
    ],
    references: ["Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4"])

  func run(_ context: CommandContext) throws {
    guard (replay == nil) == (object == nil) else {
      throw UsageError(
        replay == nil ? "--replay" : "--object", "must be given",
        expected: "--replay TABLE with --object ID")
    }
    if output.isReplacing {
      try ExistingOutput.checkApart(
        output.path,
        from: [
          source, weights, replay, domain.mask, domain.uncertain, seeding.list, seeding.membranes,
        ].compactMap { $0 })
    } else if ExistingOutput.exists(output.path) {
      throw ExistingOutput.error(output.path, "it is there already")
    }
    if let records, FileManager.default.fileExists(atPath: records) {
      throw ExistingOutput.error(records, "it is there already")
    }
    let input = try selection.open(source, context: context)
    try FloodRecipe.check(input.reader)
    if let replay, let object {
      try FloodReplayStep(
        input: input, weights: weights, table: replay, object: object,
        domain: try domain.prepared(over: input.reader.metadata.extent, context: context),
        voxelSize: input.voxelSize(context), output: output
      ).run(StageRunner(context: context, options: blockwise))
      return
    }
    try fill(input, context)
  }

  private func fill(_ input: InputVolume, _ context: CommandContext) throws {
    let extent = input.reader.metadata.extent
    let recipe = try FloodRecipe(weights: weights, thresholds, precision: precision)
    let network = try recipe.network(threads: blockwise.threads)
    guard seed == nil || assembly.subvolume == nil else {
      throw UsageError(
        "--subvolume", "one object is flooded in one canvas", expected: "--seed, or --subvolume")
    }
    let step = FloodStep(
      input: input, recipe: recipe,
      seeding: try seeding.prepared(
        only: seed?.position, in: extent, margin: network.margin, context: context),
      domain: try domain.prepared(over: extent, context: context), subvolume: assembly.cut,
      rule: assembly.rule, voxelSize: input.voxelSize(context), output: output)
    let runner = StageRunner(context: context, options: blockwise)
    try step.checkMemory(runner)
    context.note(try step.forecast(network))
    let result = try step.run(runner) { result in
      guard let records else { return }
      let bytes = FloodRecords.csv(result.rows, settings: recipe.text)
      try FileStore(root: records).write(bytes.rawSpan, to: "")
    }
    guard let result else {
      context.note("an earlier run has finished; there is nothing to do")
      return
    }
    for (name, value) in result.facts { try context.print("\(name)\t\(value)") }
  }
}

/// How a volume is cut into subvolumes and put together, as options.
struct AssemblyOptions {
  var subvolume: ExtentArgument?
  var overlap = ExtentArgument(VoxelExtent(cube: 32))
  var agreement = 0.5
  var sharedVoxels = 100

  static let arguments: [Argument<AssemblyOptions>] = [
    .option(
      "--subvolume", \.subvolume,
      "The largest canvas, its overlaps among it; the whole volume when left out."),
    .option("--overlap", \.overlap, "The voxels that neighbouring subvolumes share."),
    .option(
      "--agreement", \.agreement, accepting: .from(0.01...1),
      "Objects of two subvolumes are one where so large a part of their voxels in the overlap, "
        + "taken together, is common to both."),
    .option(
      "--shared-voxels", \.sharedVoxels, accepting: .atLeast(1),
      "The least voxels that such objects have in common."),
  ]

  /// How the volume is cut; nil for not at all.
  var cut: FloodStep.Subvolume? {
    subvolume.map { FloodStep.Subvolume(extent: $0.extent, overlap: overlap.extent) }
  }

  /// When objects are one.
  var rule: AgreementRule { AgreementRule(overlap: agreement, voxelCount: sharedVoxels) }
}
