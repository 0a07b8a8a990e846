import CommandLineInterface
import FoundationEssentials
import Networks
import VolumeStore
import Voxels

/// The command `emseg predict`.
struct PredictCommand: Command {
  var image = ""
  var model = ""
  var output = ""
  var patch: ExtentArgument?
  var isFloat = false
  var force = false
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "predict",
    summary: "Predict affinities of an image with an ONNX network.",
    discussion: """
      The network runs on overlapping patches of a grid that is fixed to the volume's origin; \
      where patches overlap they are blended with weights that sum to 1 at every voxel, and \
      borders are mirrored. So a voxel's value does not depend on blocks, threads or memory. What \
      the channels mean comes from the model's metadata properties.
      """,
    arguments: [
      .positional("IMAGE", \.image, "OME-Zarr image, from emseg import."),
      .option("--model", \.model, .required, placeholder: "M.onnx", "The network."),
      .option(
        "--output", \.output, .required, placeholder: "Z", "OME-Zarr of (3, z, y, x) to create."),
      .option("--patch", \.patch, "Patch size; the model's own, or a fitting one, when left out."),
      .flag("--float32", \.isFloat, "Store float32 in 0...1 instead of uint8 in 0...255."),
      .flag("--force", \.force, "Replace the output if it exists."),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg predict raw.zarr --model unet.onnx --output affinities.zarr", "Predict affinities.")
    ],
    references: ["ONNX, https://onnx.ai", "oneDNN, https://oneapi-src.github.io/oneDNN"])

  func run(_ context: CommandContext) throws {
    if force { try ExistingOutput.checkApart(output, from: [image, model]) }
    let runner = StageRunner(context: context, options: blockwise)
    let step = PredictStep(
      image: try InputVolume.stored(image), model: try LoadedModel(path: model), output: output,
      patch: patch?.extent, dataType: isFloat ? .float32 : .uint8)
    try step.run(runner, policy: force ? .replace : .new)
  }
}

/// A network read from its file, and what identifies it.
struct LoadedModel {
  let model: ONNXModel
  let description: ModelDescription
  let identity: String

  init(path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw VolumeError(
        .notFound, path: path, "there is no such model", remedy: "check the path")
    }
    model = try ONNXModel(contentsOfFile: path)
    description = try ModelDescription(model)
    identity = try ContentIdentity.ofContent(at: path)
  }
}

extension LoadedModel {
  /// The agglomeration threshold that the model's author recommends; nil where there is none.
  ///
  /// - Throws: ``ModelError`` where the property is not a cost.
  var agglomerationThreshold: Double? {
    get throws {
      guard let text = model.metadata["agglomeration_threshold"] else { return nil }
      guard let value = Double(text), (0...1).contains(value) else {
        throw ModelError(
          .malformed, path: model.path, "the recommended agglomeration_threshold is no cost",
          found: text, expected: "a number from 0 to 1", remedy: "correct the model's metadata")
      }
      return value
    }
  }
}
