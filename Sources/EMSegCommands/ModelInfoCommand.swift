import Codecs
import CommandLineInterface
import FoundationEssentials
import Networks
import Tensors
import Voxels

/// The command `emseg model info`.
struct ModelInfoCommand: Command {
  var model = ""
  var patch: ExtentArgument?
  var isJSON = false

  static let manual = Manual<Self>(
    "model info",
    summary: "Print what a network is for, its layers, and what a patch costs.",
    discussion: """
      What the model says of itself, the reach of one output voxel into the input, the multiple \
      that a patch's lengths must be of, and for one patch the memory and the operations, in all \
      and layer by layer. GFLOP counts a multiplication and an addition as two; memory is a \
      layer's output in float32, of which only what is needed at the same time is held at once.
      """,
    arguments: [
      .positional("MODEL", \.model, "An ONNX file, or the name of a model of emseg model list."),
      .option(
        "--patch", \.patch, "The patch to count for; the model's own, or 64 voxels cubed."),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [
      Example("emseg model info unet.onnx --patch 32,160,160", "Describe a network.")
    ])

  func run(_ context: CommandContext) throws {
    let path = try ShippedModels.installed.path(of: model)
    let network = try ONNXModel(contentsOfFile: path)
    let summary = try ModelSummary(
      network, extent: patch?.extent, threads: ProcessInfo.processInfo.activeProcessorCount)
    let facts = try Self.facts(of: network, summary)
    if isJSON {
      var object = Dictionary(uniqueKeysWithValues: facts)
      object["layers"] = .array(summary.layers.map { .object(Self.json(of: $0)) })
      try context.print(
        String(decoding: try JSONValue.object(object).encoded(pretty: true), as: UTF8.self))
      return
    }
    for (name, value) in facts { try context.print("\(name)\t\(Self.text(of: value))") }
    try context.print("")
    for line in Self.table(of: summary).text.split(separator: "\n") {
      try context.print(String(line))
    }
  }

  private static func facts(
    of model: ONNXModel, _ summary: ModelSummary
  ) throws -> [(String, JSONValue)] {
    let description = try ModelDescription(model)
    let (plan, field) = (summary.plan, summary.plan.receptiveField)
    let voxels = plan.inputShape.extent.voxelCount
    var facts: [(String, JSONValue)] = [("path", .string(model.path))]
    func add(_ name: String, _ text: String?) {
      if let text { facts.append((name, .string(text))) }
    }
    func count(_ name: String, _ number: Int) { facts.append((name, .integer(Int64(number)))) }
    let producer = [model.producer, model.producerVersion].filter { !$0.isEmpty }
    add("producer", producer.isEmpty ? nil : producer.joined(separator: " "))
    count("operator_set", model.operatorSetVersion)
    add("task", description.task)
    count("input_channels", plan.inputShape.c)
    count("output_channels", plan.outputShape.c)
    add("voxel_size_nm", description.voxelSize?.text)
    add("offsets", description.offsets?.map { $0.text }.joined(separator: ";"))
    add("affinity_polarity", description.polarity?.text)
    add("activation", description.activation.map { "\($0)" } ?? "none")
    if let reference = try ModelReference(storedIn: model) {
      add("reference", "stored, for a patch of \(reference.extent.text); see emseg model check")
    }
    add(
      "receptive_field",
      field.isGlobal
        ? "the whole patch" : "\(field.radius.text) voxels before and after the output's")
    add("required_multiple", field.requiredMultiple.text)
    add("patch_shape", plan.inputShape.extent.text)
    count("parameters", summary.parameterCount)
    facts.append(("gflop", .number(summary.floatingPointOperations / 1e9)))
    facts.append(
      ("kflop_per_voxel", .number(summary.floatingPointOperations / 1e3 / Double(voxels))))
    count("memory_bytes", plan.memory.totalBytes)
    count("weight_bytes", plan.memory.weightBytes)
    count("activation_bytes", plan.memory.activationBytes)
    count("scratch_bytes", plan.memory.scratchBytes)
    for (name, value) in model.metadata.sorted(by: { $0.key < $1.key })
    where !facts.contains(where: { $0.0 == name }) {
      add(name, value)
    }
    return facts
  }

  private static func text(of value: JSONValue) -> String {
    switch value {
    case .string(let text): text.replacing("\n", with: "; ")
    case .number(let number): shortText(number)
    default: value.int.map { "\($0)" } ?? ""
    }
  }

  private static func json(of layer: ModelSummary.Layer) -> JSONObject {
    [
      "name": .string(layer.name), "operator": .string(layer.operatorType),
      "output": layer.outputShape.map { shape in
        .array(shape.lengths.map { .integer(Int64($0)) })
      } ?? .null,
      "parameters": .integer(Int64(layer.parameterCount)),
      "gflop": .number(layer.floatingPointOperations / 1e9),
      "output_bytes": .integer(Int64(layer.outputBytes)),
    ]
  }

  private static func table(of summary: ModelSummary) -> TextTable {
    var table = TextTable([
      ("layer", .left), ("operator", .left), ("output c,z,y,x", .right), ("parameters", .right),
      ("GFLOP", .right), ("%", .right), ("output MiB", .right),
    ])
    let total = summary.floatingPointOperations
    func mebibytes(_ bytes: Int) -> String { fixed(Double(bytes) / 1_048_576, decimals: 2) }
    for layer in summary.layers {
      let flop = layer.floatingPointOperations
      table.append([
        layer.name, layer.operatorType,
        layer.outputShape.map { $0.lengths.dropFirst().map { "\($0)" }.joined(separator: ",") }
          ?? "",
        layer.parameterCount == 0 ? "" : "\(layer.parameterCount)",
        flop == 0 ? "" : fixed(flop / 1e9, decimals: 3),
        flop == 0 ? "" : fixed(100 * flop / total, decimals: 1), mebibytes(layer.outputBytes),
      ])
    }
    table.append([
      "total", "", "", "\(summary.parameterCount)", fixed(total / 1e9, decimals: 3), "",
      mebibytes(summary.layers.reduce(0) { $0 + $1.outputBytes }),
    ])
    return table
  }
}

extension ModelDescription.Polarity {
  /// The polarity as the metadata property says it.
  var text: String {
    switch self {
    case .sameObject: "1=same object"
    case .differentObjects: "0=same object"
    }
  }
}
