import CommandLineInterface
import VolumeStore
import Voxels

/// The command `emseg import`.
struct ImportCommand: Command {
  var source = ""
  var kind: VolumeKind?
  var selection = SourceOptions()
  var output = OutputOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "import",
    summary: "Import a volume into an OME-Zarr with a multiscale pyramid.",
    discussion: """
      SOURCE is a folder of TIFF sections, a pattern of their names, a multi-page TIFF, an HDF5 \
      file, a Zarr store or any other volume that info describes. The output opens as it lies in \
      Neuroglancer, napari, zarr-python and tensorstore. What was assumed of the source is printed \
      and kept in the output's provenance. A run that was stopped goes on where it was.
      """,
    arguments: [
      .positional("SOURCE", \.source, "What to import."),
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
        "emseg import sections/ --voxel-size 8,8,8 --output raw.zarr",
        "Import a folder of TIFF sections of 8 nm isotropic voxels."),
      Example(
        "emseg import sample_A.hdf --dataset /volumes/labels/neuron_ids --output truth.zarr",
        "Import the labels of a CREMI file."),
    ],
    references: ["OME-NGFF 0.5, https://ngff.openmicroscopy.org/0.5/"])

  func run(_ context: CommandContext) throws {
    let conversion = Conversion(
      source: source, selection: selection, output: output, format: .zarr, command: "import",
      kind: kind)
    try conversion.run(StageRunner(context: context, options: blockwise))
  }
}
