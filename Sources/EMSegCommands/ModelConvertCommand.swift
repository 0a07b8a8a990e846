import CommandLineInterface
import Networks
import VolumeStore

/// The command `emseg model convert`.
struct ModelConvertCommand: Command {
  var weights = ""
  var output = ""
  var isReplacing = false

  static let manual = Manual<Self>(
    "model convert",
    summary: "Write the published weights of a flood-filling network as an ONNX model.",
    discussion: """
      The model reads image and mask, (1, 2, z, y, x), and gives the mask's new logits; every \
      command that takes a model takes it, and so does any program that runs ONNX. \
      tools/convert-ffn-checkpoint makes the HDF5 file of a TensorFlow checkpoint.
      """,
    arguments: [
      .positional(
        "WEIGHTS", \.weights,
        "An HDF5 file with arrays conv0_a__weights, conv0_a__biases and so on."),
      .option("--output", \.output, .required, placeholder: "M.onnx", "Where the model goes."),
      .flag("--force", \.isReplacing, "Replace a file that is there."),
    ],
    examples: [
      Example("emseg model convert fib25.h5 --output fib25.onnx", "Make a model of the weights.")
    ],
    references: ["Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4"])

  func run(_ context: CommandContext) throws {
    guard isReplacing || !ExistingOutput.exists(output) else {
      throw ExistingOutput.error(output, "it is there already")
    }
    let model = try FloodWeights.model(at: weights)
    try ExistingOutput.createFolder(of: output)
    try FileStore(root: output).write(model.encoded().rawSpan, to: "")
  }
}
