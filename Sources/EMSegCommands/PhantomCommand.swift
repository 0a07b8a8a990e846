import Blockwise
import Codecs
import CommandLineInterface
import Phantoms
import VolumeStore
import Voxels

/// The command `emseg phantom`.
struct PhantomCommand: Command {
  var extent = ExtentArgument(VoxelExtent(z: 128, y: 256, x: 256))
  var seed: UInt64 = 1
  var output = ""
  var labels: String?
  var force = false
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "phantom",
    summary: "Make a synthetic FIB-SEM volume with known truth.",
    discussion: """
      Neurites with membranes, mitochondria, shading and noise, at 10 nm isotropic voxels. The \
      volume is a function of position and seed: the same seed gives the same bytes, at any size \
      and in any blocks. Labels are 0 on membranes.
      """,
    arguments: [
      .option("--extent", \.extent, "Size in voxels."),
      .option("--seed", \.seed, "Which phantom."),
      .option("--output", \.output, .required, placeholder: "Z", "OME-Zarr image to create."),
      .option(
        "--labels", \.labels, placeholder: "Z", "OME-Zarr to create with the true labels."),
      .flag("--force", \.force, "Replace the outputs if they exist."),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg phantom --extent 128,256,256 --seed 7 --output image.zarr --labels truth.zarr",
        "Make an image and its truth.")
    ])

  func run(_ context: CommandContext) throws {
    let phantom = Phantom(seed: seed)
    let runner = StageRunner(context: context, options: blockwise)
    let outputs = [(output, VolumeKind.image)] + (labels.map { [($0, VolumeKind.labels)] } ?? [])
    for (path, kind) in outputs {
      let reader = PhantomReader(phantom: phantom, kind: kind, extent: extent.extent)
      let input = InputVolume(
        reader: reader, formatName: "phantom", identity: reader.path)
      try ConversionStep(
        input: input, kind: kind, voxelSize: phantom.voxelSize,
        output: OutputOptions(path: path, isReplacing: force), command: "phantom"
      ).run(runner)
    }
  }
}

/// A phantom as a volume to read from.
private struct PhantomReader: VolumeReader {
  let phantom: Phantom
  let kind: VolumeKind
  let extent: VoxelExtent

  var path: String { "phantom of seed \(phantom.seed), \(kind.rawValue)" }

  var metadata: VolumeMetadata {
    VolumeMetadata(
      extent: extent, dataType: kind == .labels ? .uint64 : .uint8, voxelSize: phantom.voxelSize,
      storageUnit: VoxelExtent(cube: 64))
  }

  func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    let volume: Any = kind == .labels ? phantom.labels(in: box) : phantom.image(in: box)
    guard let volume = volume as? Volume<Scalar> else {
      throw VolumeError(
        .dataTypeMismatch, path: path, "the phantom is of another type",
        found: metadata.dataType.rawValue, expected: Scalar.dataType.rawValue)
    }
    return volume
  }
}
