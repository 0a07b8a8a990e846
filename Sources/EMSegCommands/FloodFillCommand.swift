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
  /// How seeds are chosen.
  enum Seeds: String, CaseIterable, ArgumentValue {
    case peaks, grid
  }

  var source = ""
  var weights = ""
  var seed: PositionArgument?
  var seeds = Seeds.peaks
  var seedStep = ExtentArgument(VoxelExtent(cube: 16))
  var records: String?
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
      earlier ones. The whole region is held in memory. With --seed, the one object there is \
      label 1. Most numbers must be those that the network was trained with; the defaults are \
      those of the published networks.
      """,
    arguments: [
      .positional("STACK", \.source, "Any image that import reads."),
      .option(
        "--weights", \.weights, .required, placeholder: "W",
        "The network: HDF5 with the published weights, or an ONNX file that reads image and mask."),
      .option("--seed", \.seed, "Flood one object, from this voxel."),
      .option(
        "--seeds", \.seeds,
        "Without --seed: where the distance to edges peaks, or the points of a grid."),
      .option("--seed-step", \.seedStep, "The steps of the grid of seeds."),
      .option(
        "--records", \.records, placeholder: "FILE",
        "A table (CSV) of every seed tried: what became of it, network calls, voxels."),
      .option(
        "--precision", \.precision,
        "How exactly the network computes, at least; only float32 is sure to repeat published runs."
      ),
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
        "emseg floodfill raw.zarr --region 0:128,0:128,0:128 --weights fib25.h5 "
          + "--records seeds.csv --output objects.zarr",
        "Segment a region, and keep what became of every seed."),
    ],
    references: ["Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4"])

  func run(_ context: CommandContext) throws {
    if output.isReplacing {
      try ExistingOutput.checkApart(output.path, from: [source, weights])
    } else if ExistingOutput.exists(output.path) {
      throw ExistingOutput.error(output.path, "it is there already")
    }
    if let records, FileManager.default.fileExists(atPath: records) {
      throw ExistingOutput.error(records, "it is there already")
    }
    let input = try selection.open(source, context: context)
    let extent = input.reader.metadata.extent
    try check(input.reader)
    let model = try FloodWeights.model(at: weights)
    let network = try ConvolutionalFloodNetwork(
      model, fieldOfView: thresholds.fieldOfView.extent, threads: blockwise.threads,
      precision: precision.precision)
    let (step, margin) = (thresholds.step.extent, network.margin)
    guard step.z <= margin.z, step.y <= margin.y, step.x <= margin.x else {
      throw UsageError(
        "--step", "the field of view cannot move past its own faces", found: step.text,
        expected: "at most \(margin.text)")
    }
    if let seed { try check(seed.position, in: extent, margin: margin) }
    let settings = thresholds.settings
    var canvas = FloodCanvas(image: try normalized(input.reader))
    let policy: any SeedPolicy =
      switch (seed, seeds) {
      case (let seed?, _): ListedSeeds([seed.position])
      case (nil, .peaks): PeakSeeds()
      case (nil, .grid): GridSeeds(step: seedStep.extent)
      }
    let positions = policy.seeds(in: canvas.image, margin: margin)
    try announce(network, seeds: positions.count, extent, context)

    var flood = ObjectFlood(
      network, movement: FaceMaximumMovement(step: step), settings: settings)
    var table: [SeedRecord] = []
    var count: Int32 = 0
    let line = context.progress("flood", total: positions.count, unit: .items("seeds"))
    for (index, position) in positions.enumerated() {
      let record = try canvas.fill(
        from: position, as: count + 1, by: &flood, settings,
        checking: { try context.checkCancellation() })
      if case .object = record.outcome { count += 1 }
      table.append(record)
      line.update(completed: index + 1)
    }
    _ = line.finish()
    try write(canvas, input, context)
    if let records {
      try FileStore(root: records).write(FloodRecords.csv(table).rawSpan, to: "")
    }
    for (name, value) in FloodRecords.facts(table) { try context.print("\(name)\t\(value)") }
  }

  /// Refuses what cannot be flooded, or not within the memory.
  private func check(_ reader: any VolumeReader) throws {
    let metadata = reader.metadata
    guard metadata.channels == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: reader.path, "the image has several channels",
        found: "\(metadata.channels)", expected: "1", remedy: "choose one with --channel")
    }
    // Image, mask and objects; and while peaks are searched, distances and gradients.
    let bytesPerVoxel = 4 + 4 + 4 + (seed == nil && seeds == .peaks ? 40 : 8)
    let bytes = metadata.extent.voxelCount * bytesPerVoxel + (400 << 20)
    guard bytes <= blockwise.memory.bytes else {
      throw VolumeError(
        .limitExceeded, path: reader.path, "the volume is too large to be flooded in memory",
        found: "\(ByteCount(bytes)) needed", expected: "at most \(blockwise.memory)",
        remedy: "choose a part with --region, or raise --memory")
    }
  }

  private func check(_ seed: VoxelPosition, in extent: VoxelExtent, margin: VoxelExtent) throws {
    let inner = VoxelBox(extent: extent).grown(by: margin * -1)
    guard !inner.isEmpty, inner.contains(seed) else {
      throw UsageError(
        "--seed", "the field of view does not fit around the seed",
        found: "\(seed.z),\(seed.y),\(seed.x)",
        expected: inner.isEmpty
          ? "a volume of more than \((margin * 2).text) voxels" : "within \(inner.rangesText)")
    }
  }

  /// The image as the network sees it.
  private func normalized(_ reader: any VolumeReader) throws -> Volume<Float> {
    var volume = try reader.readConverting(reader.metadata.box, to: Float.self)
    var values = volume.mutableSpan
    let (mean, deviation) = (Float(thresholds.mean), Float(thresholds.deviation))
    var isFinite = true
    for index in values.indices {
      values[index] = (values[index] - mean) / deviation
      isFinite = isFinite && values[index].isFinite
    }
    guard isFinite else {
      throw VolumeError(
        .unsupportedFeature, path: reader.path, "the image has values that are not finite",
        remedy: "mask or clip them")
    }
    return volume
  }

  /// Says what is about to be done, and how long it may take.
  private func announce(
    _ network: ConvolutionalFloodNetwork, seeds: Int, _ extent: VoxelExtent,
    _ context: CommandContext
  ) throws {
    let window = Volume<Float>(channels: 2, box: VoxelBox(extent: network.fieldOfView))
    var logits: [Float] = []
    try network.run(window, into: &logits)
    let duration = try ContinuousClock().measure { try network.run(window, into: &logits) }
    let seconds = duration.inSeconds
    var note =
      "\(seeds) \(seeds == 1 ? "seed" : "seeds"); a network call takes \(fixed(seconds * 1e3, decimals: 0)) ms"
    if seed == nil {
      // As many calls for a voxel as the published run over FIB-25 made.
      let calls = Double(extent.voxelCount) * 25_799 / 15_625_000
      note += ", a volume of this size about \(fixed(seconds * calls / 60, decimals: 1)) minutes"
    }
    context.note(note)
  }

  private func write(
    _ canvas: FloodCanvas, _ input: InputVolume, _ context: CommandContext
  ) throws {
    var metadata = input.reader.metadata
    metadata.dataType = .uint64
    metadata.axes = .zyx
    let reader = FloodedVolume(
      path: "objects of \(input.reader.path)", metadata: metadata, objects: canvas.objects)
    try ConversionStep(
      input: InputVolume(reader: reader, formatName: "flood filling", identity: input.identity),
      kind: .labels, voxelSize: input.voxelSize(context), output: output, command: "floodfill"
    ).run(StageRunner(context: context, options: blockwise))
  }
}

/// Flooded objects as a volume to read from.
private struct FloodedVolume: VolumeReader {
  let path: String
  let metadata: VolumeMetadata
  let objects: Volume<Int32>

  func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    guard Scalar.dataType == .uint64 else {
      throw VolumeError(
        .dataTypeMismatch, path: path, "objects are read as uint64",
        found: Scalar.dataType.rawValue)
    }
    var volume = objects.cropped(to: box)
    var values = volume.mutableSpan
    // Seeds without an object are no object.
    for index in values.indices { values[index] = max(values[index], 0) }
    return volume.converted(to: Scalar.self)
  }
}
