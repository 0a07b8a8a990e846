import CommandLineInterface
import Segmentation
import VolumeStore
import Voxels

/// The thresholds of the watershed, as options.
struct WatershedOptions {
  var low = WatershedParameters().low
  var high = WatershedParameters().high

  static let arguments: [Argument<WatershedOptions>] = [
    .option(
      "--low", \.low, accepting: .from(0...1), "Affinity at or below which links never join."),
    .option(
      "--high", \.high, accepting: .from(0...1), "Affinity at or above which links always join."),
  ]

  func parameters() throws(UsageError) -> WatershedParameters {
    guard low < high else {
      throw UsageError(
        "--low", "must be below --high", found: "\(shortText(low)) and \(shortText(high))")
    }
    return WatershedParameters(low: low, high: high)
  }
}

/// The command `emseg watershed`.
struct WatershedCommand: Command {
  var affinities = ""
  var output = ""
  var thresholds = WatershedOptions()
  var force = false
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "watershed",
    summary: "Split affinities into supervoxels, the same for any block shape.",
    discussion: """
      Steepest-ascent watershed on the links between voxels. Fragments are numbered from 1 in \
      raster order of their first voxel; voxels without a link above --low are 0.
      """,
    arguments: [
      .positional("AFFINITIES", \.affinities, "OME-Zarr of (3, z, y, x) affinities."),
      .option(
        "--output", \.output, .required, placeholder: "Z", "OME-Zarr of uint64 labels to create."),
      .flag("--force", \.force, "Replace the output if it exists."),
      .group("Watershed", \.thresholds, WatershedOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example("emseg watershed affinities.zarr --output fragments.zarr", "Make supervoxels.")
    ],
    references: ["Zlateski & Seung 2015, arXiv:1505.00249"])

  func run(_ context: CommandContext) throws {
    if force { try ExistingOutput.checkApart(output, from: [affinities]) }
    let runner = StageRunner(context: context, options: blockwise)
    let summary = try WatershedStep(
      affinities: try AffinityVolume.open(affinities), parameters: try thresholds.parameters(),
      output: output
    ).run(runner, policy: force ? .replace : .new)
    try context.print("fragments\t\(summary.count)")
    try context.print("voxels\t\(summary.voxelCount)")
  }
}

/// Makes the fragments of an affinity volume.
struct WatershedStep {
  let affinities: AffinityVolume
  let parameters: WatershedParameters
  let output: String

  /// Runs the watershed, or what is left of it.
  func run(
    _ runner: StageRunner, policy: OutputImage.Policy
  ) throws -> LabellingStep<WatershedLabelling>.Summary {
    let metadata = affinities.reader.metadata
    let step = LabellingStep(
      labelling: WatershedLabelling(affinities: affinities, parameters: parameters),
      name: "fragments", output: output,
      voxelSize: metadata.voxelSize ?? VoxelSize(z: 1, y: 1, x: 1), offset: metadata.offset)
    return try step.run(runner, policy: policy)
  }
}

/// The watershed of one block.
struct WatershedLabelling: BlockLabelling {
  let name = "watershed"
  let affinities: AffinityVolume
  let parameters: WatershedParameters

  var fingerprint: String {
    "method=watershed 1\nlow=\(parameters.low)\nhigh=\(parameters.high)\n"
      + "plateau reach=\(parameters.plateauReach)\naffinities=\(affinities.identity)"
  }
  var halo: VoxelExtent { parameters.halo }
  var volume: VoxelBox { affinities.reader.metadata.box }
  // Affinities, directions, plateau distances and queues, local labels.
  var bytesPerVoxel: Int { affinities.bytesPerVoxel + 20 }

  func label(_ box: VoxelBox) throws -> (labels: Volume<UInt32>, count: Int) {
    let found =
      affinities.reader.metadata.dataType == .uint8
      ? try fragments(box, of: UInt8.self) : try fragments(box, of: Float.self)
    return (found.labels, found.count)
  }

  private func fragments<Affinity: AffinityScalar>(
    _ box: VoxelBox, of type: Affinity.Type
  ) throws -> Fragments {
    let needed = box.grown(by: parameters.margin).intersection(volume)
    return watershed(
      affinities: try affinities.reader.read(needed, as: type), box: box, volume: volume,
      parameters: parameters)
  }
}
