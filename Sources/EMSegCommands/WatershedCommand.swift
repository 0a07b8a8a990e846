import CommandLineInterface
import VolumeStore
import Voxels

/// The command `emseg watershed`.
struct WatershedCommand: Command {
  var affinities = ""
  var output = ""
  var options = WatershedOptions()
  var force = false
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "watershed",
    summary: "Split affinities into supervoxels, the same for any block shape.",
    discussion: """
      Steepest-ascent watershed on the links between voxels, or on the distance from boundaries \
      with --method distance-transform, which suits noisy affinities and thick sections. \
      --merge-size and --dust count whole fragments, never their parts in a block. Fragments are \
      numbered from 1 in raster order of their first voxel; boundaries and voxels without a link \
      above --low are 0.
      """,
    arguments: [
      .positional("AFFINITIES", \.affinities, "OME-Zarr of (3, z, y, x) affinities."),
      .option(
        "--output", \.output, .required, placeholder: "Z", "OME-Zarr of uint64 labels to create."),
      .flag("--force", \.force, "Replace the output if it exists."),
      .group("Watershed", \.options, WatershedOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example("emseg watershed affinities.zarr --output fragments.zarr", "Make supervoxels."),
      Example(
        "emseg watershed affinities.zarr --merge-size 200 --merge-affinity 0.3 --dust 50 "
          + "--output fragments.zarr",
        "Merge small supervoxels where a link is above 0.3, and drop what stays tiny."),
      Example(
        "emseg watershed affinities.zarr --method distance-transform --boundary 0.6 "
          + "--output fragments.zarr",
        "Grow supervoxels from the voxels furthest from boundaries."),
    ],
    references: [
      "Zlateski & Seung 2015, arXiv:1505.00249",
      "Funke et al. 2019, IEEE TPAMI 41, 1669–1680",
    ])

  func run(_ context: CommandContext) throws {
    if force { try ExistingOutput.checkApart(output, from: [affinities]) }
    let runner = StageRunner(context: context, options: blockwise)
    let volume = try AffinityVolume.open(affinities)
    let summary = try WatershedStep(
      affinities: volume, rule: try options.rule(voxelSize: voxelSize(of: volume, context)),
      output: output
    ).run(runner, policy: force ? .replace : .new)
    try context.print("fragments\t\(summary.count)")
    try context.print("voxels\t\(summary.voxelCount)")
    if options.dust > 0 { try context.print("dropped\t\(summary.droppedCount)") }
  }

  /// The voxel size to measure distances by.
  private func voxelSize(of volume: AffinityVolume, _ context: CommandContext) -> VoxelSize {
    if let size = volume.reader.metadata.voxelSize { return size }
    if options.method == .distanceTransform {
      context.warn(
        "\(volume.reader.path) does not state its voxel size; voxels are taken as cubes")
    }
    return VoxelSize(z: 1, y: 1, x: 1)
  }
}
