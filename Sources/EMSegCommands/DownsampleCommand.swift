import Blockwise
import CommandLineInterface
import VolumeStore
import Voxels

/// The command `emseg downsample`.
struct DownsampleCommand: Command {
  var source = ""
  var factors = ExtentArgument(VoxelExtent(cube: 2))
  var method: Downsampling?
  var kind: VolumeKind?
  var selection = SourceOptions()
  var output = OutputOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "downsample",
    summary: "Make a volume of coarser voxels.",
    discussion: """
      Each voxel of the output is the mean, or of labels the most frequent, of the voxels it \
      covers; voxels are grouped from the volume's first. The voxel size and the offset of the \
      output say where its voxels lie. Of labels that are equally frequent, one that is not \
      background wins, then the smallest.
      """,
    arguments: [
      .positional("SOURCE", \.source, "The volume to downsample."),
      .option("--factors", \.factors, "The voxels that one covers along each axis."),
      .option("--method", \.method, "How voxels are joined; labels by mode, images by mean."),
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
        "emseg downsample raw.zarr --factors 1,4,4 --output coarse.zarr",
        "Make sections of 4 nm pixels as coarse as they are thick, 16 nm.")
    ])

  func run(_ context: CommandContext) throws {
    if output.isReplacing { try ExistingOutput.checkApart(output.path, from: [source]) }
    let longest = max(factors.extent.z, factors.extent.y, factors.extent.x)
    guard longest <= 256 else {
      throw UsageError(
        "--factors", "the factors are too large", found: factors.extent.text,
        expected: "at most 256 along an axis", remedy: "downsample twice")
    }
    let input = try selection.open(source, context: context)
    let kind = kind ?? .assumed(for: input.reader.metadata.dataType)
    let filter = DownsampleFilter(
      source: input.reader, factors: factors.extent, downsampling: method ?? kind.downsampling,
      kind: kind, voxelSize: input.reader.metadata.voxelSize ?? input.voxelSize(context))
    try FilterStep(filter: filter, input: input, output: output, command: "downsample")
      .run(context, options: blockwise)
  }
}

/// Joins groups of voxels.
private struct DownsampleFilter: VolumeFilter {
  let source: any VolumeReader
  let factors: VoxelExtent
  let downsampling: Downsampling
  let kind: VolumeKind
  let voxelSize: VoxelSize

  let name = "downsample"
  var method: String { "downsample 1, \(downsampling.rawValue) of \(factors.text)" }

  var metadata: VolumeMetadata {
    var metadata = source.metadata
    metadata.extent = metadata.box.coarsened(factors).extent
    metadata.voxelSize = VoxelSize(
      z: voxelSize.z * Double(factors.z), y: voxelSize.y * Double(factors.y),
      x: voxelSize.x * Double(factors.x), unit: voxelSize.unit)
    metadata.offset = PhysicalPosition(
      z: metadata.offset.z + voxelSize.z * Double(factors.z - 1) / 2,
      y: metadata.offset.y + voxelSize.y * Double(factors.y - 1) / 2,
      x: metadata.offset.x + voxelSize.x * Double(factors.x - 1) / 2)
    return metadata
  }

  var workingSet: WorkingSet {
    let values = metadata.channels * metadata.dataType.byteCount
    var set = WorkingSet(filtering: source, resultBytes: values)
    set.bytesPerReadVoxel *= factors.voxelCount
    return set
  }

  func write(_ box: VoxelBox, to target: any VolumeWriter) throws -> [ChunkRecord] {
    func mode<Scalar: VoxelScalar>(_ type: Scalar.Type) throws -> [ChunkRecord] {
      let volume = try source.read(box.refined(factors, within: source.metadata.box), as: type)
      return try target.write(volume.downsampledByMode(factors))
    }
    func mean<Scalar: MeanScalar>(_ type: Scalar.Type) throws -> [ChunkRecord] {
      let volume = try source.read(box.refined(factors, within: source.metadata.box), as: type)
      return try target.write(volume.downsampledByMean(factors))
    }
    let type = source.metadata.dataType.scalarType
    switch downsampling {
    case .mode: return try mode(type)
    case .mean:
      guard let type = type as? any MeanScalar.Type else {
        preconditionFailure("every stored type has a mean")
      }
      return try mean(type)
    }
  }
}

extension VoxelBox {
  /// The voxels of a finer grid that this box covers.
  func refined(_ factors: VoxelExtent, within whole: VoxelBox) -> VoxelBox {
    VoxelBox(
      from: VoxelPosition(
        z: origin.z * factors.z, y: origin.y * factors.y, x: origin.x * factors.x),
      to: VoxelPosition(z: end.z * factors.z, y: end.y * factors.y, x: end.x * factors.x)
    ).intersection(whole)
  }
}
