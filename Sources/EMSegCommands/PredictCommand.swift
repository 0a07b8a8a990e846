public import CommandLineInterface
import FoundationEssentials
public import Networks
import VolumeStore
import Voxels

/// The command `emseg predict`.
struct PredictCommand: Command {
  var image = ""
  var model = ""
  var output = ""
  var isFloat = false
  var affinities = AffinitySelection.nearest
  var force = false
  var options = PredictionOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "predict",
    summary: "Predict affinities, or synapses, of an image with an ONNX network.",
    discussion: """
      The network runs on patches of a grid that is fixed to the volume's origin and overlaps by \
      margins; past the volume's faces it sees the mirror image. Where patches are blended, the \
      weights of a voxel sum to 1. So a voxel's value does not depend on blocks, threads or \
      memory. What the channels mean and how grey values become the input comes from the model's \
      metadata properties. In mirrored and turned patches affinities relate other voxels; they \
      are moved to where they belong, and refused where the model predicts no such offset. Of a \
      model that names its channels, such as one of synapses, all are stored.
      """,
    arguments: [
      .positional("IMAGE", \.image, "OME-Zarr image, from emseg import."),
      .option(
        "--model", \.model, .required, placeholder: "MODEL",
        "The network: an ONNX file, or the name of a model that comes with the program."),
      .option(
        "--output", \.output, .required, placeholder: "Z", "OME-Zarr of (c, z, y, x) to create."),
      .option(
        "--affinities", \.affinities,
        "Store those to the nearest neighbours alone, or also all others that the model predicts."),
      .flag("--float32", \.isFloat, "Store float32 in 0...1 instead of uint8 in 0...255."),
      .flag("--force", \.force, "Replace the output if it exists."),
      .group("Network", \.options, PredictionOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg predict raw.zarr --model unet.onnx --output affinities.zarr", "Predict affinities."),
      Example(
        "emseg predict raw.zarr --model fib-affinity --mask tissue.zarr "
          + "--test-time-augmentation flips --output affinities.zarr",
        "Predict with a model that comes with the program, in tissue alone, from eight views."),
    ],
    references: ["ONNX, https://onnx.ai", "oneDNN, https://oneapi-src.github.io/oneDNN"])

  func run(_ context: CommandContext) throws {
    if force {
      try ExistingOutput.checkApart(
        output, from: [image, model] + [options.mask].compactMap { $0 })
    }
    let runner = StageRunner(context: context, options: blockwise)
    let loaded = try LoadedModel(model)
    let step = PredictStep(
      image: try InputVolume.stored(image), model: loaded, output: output,
      options: options, mask: try options.openMask(context),
      dataType: isFloat ? .float32 : .uint8,
      content: loaded.description.channelNames == nil ? .affinities(affinities) : .named)
    try step.run(runner, policy: force ? .replace : .new)
  }
}

extension AffinitySelection: ArgumentValue {}
