import CommandLineInterface
import VolumeStore
import Voxels

/// The command `emseg export`.
struct ExportCommand: Command {
  var source = ""
  var format: OutputFormat?
  var kind: VolumeKind?
  var dataset: String?
  var outputType: DataType?
  var selection = SourceOptions()
  var output = OutputOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "export",
    summary: "Export an OME-Zarr, or a project's labels, to a format of other programs.",
    discussion: """
      The name of the output decides the format unless --format does. HDF5 is written in the \
      layout of CREMI: labels at /volumes/labels/neuron_ids, images at /volumes/raw, with \
      resolution and offset in nanometres. TIFF is one tiled multi-page file, BigTIFF where it \
      must be; labels are stored in 32 bits, and refused where they need more. The output appears \
      under its name only when it is complete.
      """,
    arguments: [
      .positional("SOURCE", \.source, "An OME-Zarr or a project folder."),
      .option("--format", \.format, "The format of the output."),
      .option(
        "--kind", \.kind,
        "Whether voxels are measurements or object numbers; 32 and 64-bit integers count as labels."
      ),
      .option("--dataset", \.dataset, placeholder: "PATH", "The dataset to create in HDF5."),
      .option(
        "--output-type", \.outputType,
        "The type of the output's values; refused where a value does not fit."),
      .group("Output", \.output, OutputOptions.arguments),
      .group("Source", \.selection, SourceOptions.selectionArguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg export fib25.fascicle --output segmentation.h5",
        "Export a project's final labels in the CREMI layout.")
    ],
    references: ["CREMI file format, https://cremi.org/data"])

  func run(_ context: CommandContext) throws {
    let conversion = Conversion(
      source: source, selection: selection, output: output,
      format: try .chosen(format, for: output.path), command: "export", kind: kind,
      dataType: outputType, dataset: dataset)
    try conversion.run(StageRunner(context: context, options: blockwise))
  }
}
