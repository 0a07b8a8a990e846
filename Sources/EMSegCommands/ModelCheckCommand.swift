import Codecs
import CommandLineInterface
import FoundationEssentials
import Networks
import Tensors
import VolumeStore
import Voxels

/// The command `emseg model check`.
struct ModelCheckCommand: Command {
  var model = ""
  var reference: String?
  var image: String?
  var expected: String?
  var tolerance = 1e-4
  var isJSON = false

  static let manual = Manual<Self>(
    "model check",
    summary: "Run a network on a reference input and compare its output.",
    discussion: """
      Models that emseg train writes hold a reference: a pseudo-random input that every machine \
      can make, and values of the output. For models of other programs, store an input and what \
      it gives there in one file, as arrays named like the model's input and output, and name it \
      in --reference. Compared is the raw output, before any activation. A difference is relative \
      to the value expected, or to 1 where that is smaller.
      """,
    arguments: [
      .positional("MODEL", \.model, "An ONNX file, or the name of a model of emseg model list."),
      .option(
        "--reference", \.reference, placeholder: "FILE",
        "An HDF5 or NumPy .npz file with input and output; the one in the model when left out."),
      .option(
        "--image", \.image, placeholder: "NAME",
        "The input in that file; named as the model's input when left out."),
      .option(
        "--expected", \.expected, placeholder: "NAME",
        "The output in that file; named as the model's output when left out."),
      .option(
        "--tolerance", \.tolerance, accepting: .above(0), "The largest difference to accept."),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [
      Example("emseg model check fib-affinity", "Check a model that comes with the program."),
      Example(
        "emseg model check unet.onnx --reference pytorch.npz --tolerance 1e-3",
        "Check a model against the output of the program that made it."),
    ])

  func run(_ context: CommandContext) throws {
    let path = try ShippedModels.installed.path(of: model)
    let network = try ONNXModel(contentsOfFile: path)
    let threads = ProcessInfo.processInfo.activeProcessorCount
    let comparison: ModelComparison
    let extent: VoxelExtent
    if let file = reference {
      (comparison, extent) = try compare(network, with: file, threads: threads)
    } else if let stored = try ModelReference(storedIn: network) {
      extent = stored.extent
      comparison = try stored.compare(network, threads: threads)
    } else {
      throw ModelError(
        .missingMeaning, path: path, "the model holds no reference output",
        remedy: "store an input and its output in one file and name it in --reference")
    }
    let agrees = Double(comparison.largestRelativeDifference) <= tolerance
    let facts: [(String, JSONValue)] = [
      ("path", .string(path)), ("reference", .string(reference ?? "stored in the model")),
      ("patch_shape", .string(extent.text)), ("values", .integer(Int64(comparison.count))),
      ("largest_difference", Self.number(comparison.largestDifference)),
      ("largest_relative_difference", Self.number(comparison.largestRelativeDifference)),
      ("root_mean_square", Self.number(Float(comparison.rootMeanSquare))),
      ("tolerance", .number(tolerance)), ("agrees", .bool(agrees)),
    ]
    if isJSON {
      let object = JSONValue.object(Dictionary(uniqueKeysWithValues: facts))
      try context.print(String(decoding: try object.encoded(pretty: true), as: UTF8.self))
    } else {
      for (name, value) in facts {
        let number = value.double.map { value.int.map { "\($0)" } ?? "\(Float($0))" }
        let text = value.string ?? value.bool.map { $0 ? "yes" : "no" } ?? number
        try context.print("\(name)\t\(text ?? "not a number")")
      }
    }
    guard agrees else {
      throw ModelError(
        .mismatch, path: path, "the network does not give its reference output",
        found: "a difference of \(comparison.largestRelativeDifference)",
        expected: "at most \(tolerance)",
        remedy: "copy the file again, or report the model and this machine's processor")
    }
  }

  private static func number(_ value: Float) -> JSONValue {
    value.isFinite ? .number(Double(value)) : .null
  }

  private func compare(
    _ model: ONNXModel, with path: String, threads: Int
  ) throws -> (ModelComparison, VoxelExtent) {
    let file = try ReferenceFile(path: path)
    var input = try file.array(named: image ?? model.inputs.first?.name ?? "image")
    let output = try file.array(named: expected ?? model.outputs.first?.name ?? "output")
    if input.isGrey { input.scale(by: try ModelDescription(model).inputScale) }
    let extent = input.volume.extent
    let network = try Network(try NetworkPlan(model, extent: extent, threads: threads))
    guard network.inputShape.c == input.volume.channels,
      network.outputShape.c == output.volume.channels,
      network.outputShape.extent == output.volume.extent
    else {
      throw ModelError(
        .mismatch, path: path, "the reference is of other shapes than the model's",
        found: "\(input.text) to \(output.text)",
        expected: "\(network.inputShape) to \(network.outputShape)")
    }
    let found = try network.run(input.volume)
    var comparison = ModelComparison()
    let values = output.volume.span
    for index in found.indices { comparison.add(found: found[index], values[index]) }
    return (comparison, extent)
  }
}
