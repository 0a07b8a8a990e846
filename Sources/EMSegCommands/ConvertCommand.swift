import CommandLineInterface
import VolumeStore
import Voxels

/// The command `emseg convert`.
struct ConvertCommand: Command {
  var source = ""
  var format: OutputFormat?
  var kind: VolumeKind?
  var outputType: DataType?
  var outputDataset: String?
  var selection = SourceOptions()
  var output = OutputOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "convert",
    summary: "Convert a volume, or a region of it, from any format to any other.",
    discussion: """
      The name of OUT decides the format unless --format does. Chunked outputs are written in \
      parallel and get a pyramid; a run that was stopped goes on where it was. Files are written \
      from the first voxel to the last and appear under their name once they are whole. Voxel size \
      and offset go along; memory stays within --memory whatever the volume's size.
      """,
    arguments: [
      .positional("SOURCE", \.source, "Any volume that info describes, or a project folder."),
      .option("--format", \.format, "The format of the output."),
      .option(
        "--kind", \.kind,
        "Whether voxels are measurements or object numbers; 32 and 64-bit integers count as labels."
      ),
      .option(
        "--output-type", \.outputType,
        "The type of the output's values; refused where a value does not fit."),
      .option(
        "--output-dataset", \.outputDataset, placeholder: "PATH",
        "The dataset to create in an HDF5 file."),
      .group("Output", \.output, OutputOptions.arguments),
      .group("Source", \.selection, SourceOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg convert sample_A.hdf --dataset /volumes/raw --region 0:64,:,: --output a.tif",
        "Write the first 64 sections of a CREMI file as one TIFF.")
    ])

  func run(_ context: CommandContext) throws {
    let conversion = Conversion(
      source: source, selection: selection, output: output,
      format: try .chosen(format, for: output.path), command: "convert", kind: kind,
      dataType: outputType, dataset: outputDataset)
    try conversion.run(StageRunner(context: context, options: blockwise))
  }
}
