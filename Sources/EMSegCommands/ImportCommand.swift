import Blockwise
import Codecs
import CommandLineInterface
import HDF5Formats
import VolumeFormats
import VolumeStore
import ZarrStore
import Voxels

/// What the voxels of a volume mean.
enum VolumeKind: String, CaseIterable, ArgumentValue {
  case image, labels

  /// How coarser levels are computed.
  var downsampling: Downsampling { self == .labels ? .mode : .mean }
  /// The kind in an image's specification.
  var specified: ImageSpecification.Kind { self == .labels ? .labels : .image }
}

/// The command `emseg import`.
struct ImportCommand: Command {
  var source = ""
  var dataset: String?
  var output = ""
  var voxelSize: VoxelSizeArgument?
  var kind: VolumeKind?
  var chunk: ExtentArgument?
  var shard: ExtentArgument?
  var force = false
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "import",
    summary: "Import a stack into an OME-Zarr with a multiscale pyramid.",
    discussion: """
      SOURCE is a folder of TIFF sections, a pattern of their names, a multi-page TIFF, an HDF5 \
      file or a Zarr v3 array or OME-Zarr image. The output opens as it lies in Neuroglancer, \
      napari, zarr-python and tensorstore. A run that was stopped goes on where it was.
      """,
    arguments: [
      .positional("SOURCE", \.source, "What to import."),
      .option("--dataset", \.dataset, placeholder: "PATH", "The dataset in an HDF5 file."),
      .option("--output", \.output, .required, placeholder: "Z", "OME-Zarr to create."),
      .option(
        "--voxel-size", \.voxelSize,
        "Voxel size in nanometres, z,y,x; taken from the source where it states it."),
      .option(
        "--kind", \.kind,
        "Whether voxels are measurements or object numbers; 32 and 64-bit integers count as labels."
      ),
      .option("--chunk", \.chunk, "Chunk shape; about 64³ voxels when left out."),
      .option("--shard", \.shard, "Shard shape, whole chunks; one file per chunk when left out."),
      .flag("--force", \.force, "Replace the output if it exists."),
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
    if force { try ExistingOutput.checkApart(output, from: [source]) }
    let input = try InputVolume.open(source, dataset: dataset, context: context)
    let size = try input.voxelSize(given: voxelSize, context: context)
    let isWide =
      input.reader.metadata.dataType.isInteger && input.reader.metadata.dataType.byteCount >= 4
    let step = ImportStep(
      input: input, kind: kind ?? (isWide ? .labels : .image), voxelSize: size, output: output,
      chunk: chunk?.extent, shard: shard?.extent)
    try step.run(
      StageRunner(context: context, options: blockwise), policy: force ? .replace : .new)
  }
}

/// Copies a volume into an OME-Zarr image and builds its pyramid.
struct ImportStep {
  let input: InputVolume
  let kind: VolumeKind
  let voxelSize: VoxelSize
  let output: String
  var chunk: VoxelExtent?
  var shard: VoxelExtent?

  /// Runs the import, or what is left of it.
  func run(_ runner: StageRunner, policy: OutputImage.Policy) throws {
    let metadata = input.reader.metadata
    try check(metadata)
    let block = runner.options.block?.extent
    let fitted = ChunkShape.chunk(for: voxelSize, block: block, preferred: chunk)
    if let shard {
      guard shard.isMultiple(of: fitted) else {
        throw UsageError(
          "--shard", "a shard is a whole number of chunks", found: shard.text,
          expected: "a multiple of \(fitted.text)")
      }
    }
    let channels = metadata.hasChannelAxis ? metadata.channels : nil
    let layout = ChunkLayout(chunk: fitted, shard: shard)
    let specification = ImageSpecification(
      name: kind.rawValue, kind: kind.specified, extent: metadata.extent, channels: channels,
      dataType: metadata.dataType, voxelSize: voxelSize, offset: metadata.offset, layout: layout)
    let fingerprint =
      "method=import 1\nkind=\(kind.rawValue)\nvoxel size=\(voxelSize.text) nm\n"
      + "chunk=\(layout.chunk.text)\nshard=\(shard?.text ?? "none")\nsource=\(input.identity)"
    let image = try OutputImage.prepare(
      specification, at: output, fingerprint: fingerprint,
      provenance: [
        "command": .string("import"), "source": .string(input.reader.path),
        "kind": .string(kind.rawValue), "voxel_size_nm": .string(voxelSize.text),
      ], policy: policy, runner: runner)
    guard !image.isComplete else { return }
    try copy(to: image, with: runner, block: block)
    try image.buildPyramid(kind.downsampling, with: runner)
    try image.complete()
  }

  private func copy(to image: OutputImage, with runner: StageRunner, block: VoxelExtent?) throws {
    let metadata = input.reader.metadata
    let stage = CopyStage(
      source: input.reader, target: image.finest, sourceIdentity: input.identity)
    let ledger = image.ledger("level-0")
    let values = metadata.channels * metadata.dataType.byteCount
    // The volume read, the chunk gathered from it and the chunk encoded.
    let set = WorkingSet(
      bytesPerReadVoxel: values, bytesPerWriteVoxel: 2 * values,
      sharedBytes: (input.reader as? HDF5Dataset)?.cacheBytes ?? 0)
    // Sections are decoded whole rows at a time: a block as wide as the volume reads each once.
    let unit = image.finest.metadata.storageUnit
    let wide = VoxelExtent(
      z: unit.z, y: unit.y, x: metadata.extent.x.roundedUp(toMultipleOf: unit.x))
    let isSections = metadata.storageUnit.z < unit.z
    let blocks: StageRunner.Blocks
    do {
      blocks = try runner.blocks(
        for: set, storageUnit: isSections ? wide : unit, volume: metadata.extent,
        ledgers: [ledger], block: block)
    } catch is MemoryBudgetError where isSections {
      blocks = try runner.blocks(
        for: set, storageUnit: unit, volume: metadata.extent, ledgers: [ledger], block: block)
    }
    try runner.run(stage, on: blocks, ledger: ledger)
  }

  private func check(_ metadata: VolumeMetadata) throws {
    if kind == .labels {
      guard metadata.dataType.isInteger else {
        throw VolumeError(
          .dataTypeMismatch, path: input.reader.path, "labels are whole numbers",
          found: metadata.dataType.rawValue, remedy: "import it with --kind image")
      }
      guard !input.isLossy else {
        throw VolumeError(
          .unsupportedFeature, path: input.reader.path,
          "lossy compression has changed the labels", found: "JPEG", expected: "lossless values",
          remedy: "export the labels again without JPEG")
      }
    }
  }
}

extension Int {
  /// The least multiple of a number that is not below this one.
  func roundedUp(toMultipleOf unit: Int) -> Int { (self + unit - 1) / unit * unit }
}

extension VoxelExtent {
  /// Whether every length is a multiple of another extent's.
  func isMultiple(of unit: VoxelExtent) -> Bool {
    z % unit.z == 0 && y % unit.y == 0 && x % unit.x == 0
  }
}
