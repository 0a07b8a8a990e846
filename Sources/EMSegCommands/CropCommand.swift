import CommandLineInterface
import VolumeStore
import Voxels

/// The command `emseg crop`.
struct CropCommand: Command {
  var source = ""
  var kind: VolumeKind?
  var selection = SourceOptions()
  var output = OutputOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "crop",
    summary: "Cut a region out of a volume into an OME-Zarr that lies where it lay.",
    discussion: """
      The output's offset is moved by the region's first voxel, so that both volumes overlap in a \
      viewer. --channel and --time cut those axes.
      """,
    arguments: [
      .positional("SOURCE", \.source, "Any volume that info describes, or a project folder."),
      .option(
        "--kind", \.kind,
        "Whether voxels are measurements or object numbers; 32 and 64-bit integers count as labels."
      ),
      .group("Output", \.output, OutputOptions.arguments),
      .group("Source", \.selection, SourceOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg crop raw.zarr --region 0:128,512:1024,512:1024 --output part.zarr",
        "Cut out 128 sections of 512 × 512 voxels.")
    ])

  func run(_ context: CommandContext) throws {
    guard selection.region != nil || selection.channel != nil || selection.time != nil else {
      throw UsageError(
        "--region", "nothing says what to cut out", expected: RegionArgument.expectation,
        remedy: "to copy a whole volume, use emseg convert")
    }
    let conversion = Conversion(
      source: source, selection: selection, output: output, format: .zarr, command: "crop",
      kind: kind)
    try conversion.run(StageRunner(context: context, options: blockwise))
  }
}
