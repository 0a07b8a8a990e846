import Codecs
import CommandLineInterface
import FoundationEssentials
import Segmentation
import VolumeStore
import ZarrStore
import Voxels

/// The command `emseg mutex-watershed`.
struct MutexWatershedCommand: Command {
  var affinities = ""
  var output = ""
  var fragments: String?
  var mask: String?
  var options = MutexOptions()
  var minimumVoxels = AgglomerateCommand.standardMinimumVoxels
  var graph: String?
  var force = false
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "mutex-watershed",
    summary: "Segment by affinities near and far, without a threshold.",
    discussion: """
      Links between neighbouring voxels join, links between voxels further apart keep apart, the \
      strongest of all first. Links act across the whole volume, so voxels are segmented in \
      memory, all at once. For volumes larger than --memory name --fragments: then supervoxels are \
      segmented by the mean affinities between them, gathered block by block, and the result does \
      not depend on the blocks. Channels are told apart by the offsets in the volume's attributes.
      """,
    arguments: [
      .positional(
        "AFFINITIES", \.affinities,
        "OME-Zarr of affinities near and far, from emseg predict --affinities all."),
      .option(
        "--output", \.output, .required, placeholder: "Z", "OME-Zarr of uint64 labels to create."),
      .option(
        "--fragments", \.fragments, placeholder: "F",
        "OME-Zarr of supervoxels to join, from emseg watershed; voxels when left out."),
      .option(
        "--mask", \.mask, placeholder: "M",
        "A volume of whole numbers, 0 where no segment is wanted."),
      .option(
        "--minimum-voxels", \.minimumVoxels, accepting: .atLeast(0),
        "Make segments with fewer voxels in the whole volume background."),
      .option(
        "--graph", \.graph, placeholder: "FOLDER",
        "Where the means between supervoxels are kept; beside the output when left out."),
      .flag("--force", \.force, "Replace the output if it exists; the graph stays."),
      .group("Links", \.options, MutexOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg mutex-watershed affinities.zarr --strides 1,2,2 --output segments.zarr",
        "Segment voxels, by a quarter of the links far away."),
      Example(
        "emseg mutex-watershed affinities.zarr --fragments fragments.zarr --bias 0.4,0.7 "
          + "--output segments.zarr",
        "Join supervoxels of a volume of any size, both near and far links pulling both ways."),
    ],
    references: [
      "Wolf et al. 2020, The Mutex Watershed and its Objective, doi:10.1109/TPAMI.2020.2980827"
    ])

  func run(_ context: CommandContext) throws {
    if force {
      try ExistingOutput.checkApart(
        output, from: [affinities] + [fragments, mask].compactMap { $0 })
    }
    if fragments == nil, graph != nil {
      throw UsageError("--graph", "voxels have no graph", remedy: "name --fragments too")
    }
    if fragments != nil, mask != nil {
      throw UsageError(
        "--mask", "supervoxels are segmented where they are", remedy: "mask the supervoxels")
    }
    let runner = StageRunner(context: context, options: blockwise)
    let affinities = try AffinityVolume.open(self.affinities, startingWith: [])
    let channels = try options.channels(of: affinities)
    let policy: OutputImage.Policy = force ? .replace : .new
    let sizes: SegmentSizes
    if let fragments {
      sizes = try MutexGraphStep(
        affinities: affinities, channels: channels, options: options,
        fragments: try InputVolume.stored(fragments),
        fragmentCount: try fragmentCount(of: fragments), graph: graph ?? "\(output).graph",
        minimumVoxels: minimumVoxels, output: output
      ).run(runner, policy: policy)
    } else {
      let mask = try mask.map { try SourceOptions().open($0, context: context) }
      sizes = try MutexVoxelStep(
        affinities: affinities, channels: channels, mask: mask, minimumVoxels: minimumVoxels,
        output: output
      ).run(runner, policy: policy)
    }
    for (name, value) in sizes.facts { try context.print("\(name)\t\(value)") }
  }

  private func fragmentCount(of fragments: String) throws -> Int {
    let attributes = try OMEZarrImage.open(at: fragments).attributes
    guard let count = attributes["labels"]?.int, (0..<Int(UInt32.max)).contains(count) else {
      throw VolumeError(
        .malformedMetadata, path: fragments,
        attributes["labels"] == nil
          ? "the number of supervoxels is not stated" : "the number of supervoxels is impossible",
        found: attributes["labels"].map { "\($0)" }, expected: "at most 4294967294",
        remedy: "make the volume with emseg watershed or emseg components")
    }
    return count
  }
}

/// Which links join and which keep apart, as options.
struct MutexOptions {
  var bias = BiasArgument(near: 0, far: 1)
  var stride = ExtentArgument(VoxelExtent(cube: 1))

  static let arguments: [Argument<MutexOptions>] = [
    .option(
      "--bias", \.bias,
      "The affinities, near and far, above which links join and below which they keep apart, the "
        + "stronger the further away."),
    .option(
      "--strides", \.stride,
      "Take far links only of voxels whose coordinates are multiples of these."),
  ]

  /// What the channels of a volume mean to the mutex watershed.
  ///
  /// - Throws: ``VolumeError`` where there are no links to neighbours along an axis, none further
  ///   away, or impossible ones.
  func channels(of affinities: AffinityVolume) throws(VolumeError) -> [MutexChannel] {
    let path = affinities.reader.path
    let metadata = affinities.reader.metadata
    let offsets = affinities.offsets
    func refused(_ message: String, expected: String? = nil, remedy: String) -> VolumeError {
      VolumeError(
        .unsupportedFeature, path: path, message,
        found: "offsets " + offsets.map { $0.text }.joined(separator: "; "), expected: expected,
        remedy: remedy)
    }
    guard offsets.count == metadata.channels else {
      throw refused(
        "the volume does not say which voxels its channels relate",
        expected: "\(metadata.channels) offsets",
        remedy: "add the attribute offsets, one step for each channel")
    }
    guard offsets.count < 128,
      offsets.allSatisfy({ max($0.z.magnitude, $0.y.magnitude, $0.x.magnitude) <= 1 << 20 })
    else { throw refused("the offsets are impossible", remedy: "correct the attribute offsets") }
    // A channel of single voxels, such as a shape descriptor, has no links.
    let channels = offsets.indices.filter { offsets[$0] != .zero }.map { index in
      let channel = MutexChannel(
        index, offset: offsets[index], bias: bias.far, stride: stride.extent)
      return channel.isNear ? MutexChannel(index, offset: offsets[index], bias: bias.near) : channel
    }
    let near = channels.filter(\.isNear).map(\.offset)
    let extent = metadata.extent
    for (axis, length, isLinked) in [
      ("z", extent.z, near.contains { $0.z != 0 }), ("y", extent.y, near.contains { $0.y != 0 }),
      ("x", extent.x, near.contains { $0.x != 0 }),
    ] where length > 1 && !isLinked {
      throw refused(
        "there is no affinity between neighbours along \(axis)",
        remedy: "predict with a model that has one, or correct the attribute offsets")
    }
    guard channels.contains(where: { !$0.isNear }) else {
      throw refused(
        "the affinities relate neighbours alone, so nothing would be kept apart",
        expected: "also voxels further apart",
        remedy:
          "use emseg predict --affinities all with a model that has such, or emseg agglomerate")
    }
    return channels
  }
}

/// The biases of near and far links.
struct BiasArgument: ArgumentValue {
  var near: Double
  var far: Double

  init(near: Double, far: Double) {
    self.near = near
    self.far = far
  }

  init?(argument: String) {
    let values = argument.split(separator: ",", omittingEmptySubsequences: false)
      .map { Double(argument: String($0)) }
    guard values.count == 2, let near = values[0], let far = values[1],
      (0...1).contains(near), (0...1).contains(far)
    else { return nil }
    self.init(near: near, far: far)
  }

  var argumentText: String? { "\(shortText(near)),\(shortText(far))" }
  static var expectation: String { "two affinities from 0 to 1, near,far" }
  static var placeholder: String { "NEAR,FAR" }
}
