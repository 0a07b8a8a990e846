import Codecs
import CommandLineInterface
import FoundationEssentials
import Networks
import Tensors
import Voxels

/// The command `emseg model time`.
struct ModelTimeCommand: Command {
  var model = ""
  var patch: ExtentArgument?
  var precision = PredictionOptions.NetworkPrecision.float32
  var requestedThreads: Int?
  var runs = 5
  var isJSON = false

  static let manual = Manual<Self>(
    "model time",
    summary: "Measure how fast this machine runs a network, operation by operation.",
    discussion: """
      Runs one patch a few times and prints medians. Rates count the multiplications and additions \
      of a convolution by its definition, so that Winograd's method, which needs fewer, may exceed \
      what the processor can do. Layers that were fused are one operation.
      """,
    arguments: [
      .positional("MODEL", \.model, "An ONNX file, or the name of a model of emseg model list."),
      .option("--patch", \.patch, "The patch to run; the model's own, or 64 voxels cubed."),
      .option(
        "--precision", \.precision,
        "How exactly the network computes, at least; the fastest such way on the processor is used."
      ),
      .option(
        "--threads", \.requestedThreads, accepting: .ifGiven(.atLeast(1)),
        "Threads to use, all cores when left out."),
      .option("--runs", \.runs, accepting: .atLeast(1), "How often to run the patch."),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [
      Example("emseg model time unet.onnx --patch 32,160,160 --threads 1", "Time a network.")
    ])

  func run(_ context: CommandContext) throws {
    let path = try ShippedModels.installed.path(of: model)
    let network = try ONNXModel(contentsOfFile: path)
    let summary = try ModelSummary(
      network, extent: patch?.extent,
      threads: requestedThreads ?? ProcessInfo.processInfo.activeProcessorCount,
      precision: precision.precision.fastest)
    let shape = summary.plan.inputShape
    let values = (0..<shape.c * shape.extent.voxelCount).map { Float(($0 * 7919) % 256) / 255 }
    let image = Volume<Float>(
      channels: shape.c, box: VoxelBox(extent: shape.extent), values: values)
    let times = try Network(summary.plan).times(image, runs: runs)
    let seconds = times.reduce(0) { $0 + $1.seconds }
    let work = times.reduce(0) { $0 + $1.floatingPointOperations }
    let facts: [(name: String, value: JSONValue)] = [
      ("patch_shape", .string(shape.extent.text)),
      ("threads", .integer(Int64(summary.plan.threads))),
      ("precision", .string(PredictionOptions.NetworkPrecision(summary.plan.precision).rawValue)),
      ("milliseconds", .number(seconds * 1e3)),
      ("voxels_per_second", .number(Double(shape.extent.voxelCount) / seconds)),
      ("gflop_per_second", .number(work / 1e9 / seconds)),
    ]
    if isJSON {
      var object = Dictionary(uniqueKeysWithValues: facts.map { ($0.name, $0.value) })
      object["operations"] = .array(times.map { .object(Self.json(of: $0)) })
      let text = try JSONValue.object(object).encoded(pretty: true)
      return try context.print(String(decoding: text, as: UTF8.self))
    }
    for (name, value) in facts {
      try context.print("\(name)\t\(value.string ?? shortText(value.double ?? 0))")
    }
    try context.print("")
    for line in Self.table(of: times, total: seconds).text.split(separator: "\n") {
      try context.print(String(line))
    }
  }

  private static func json(of time: OperationTime) -> JSONObject {
    [
      "operation": .string(time.name), "milliseconds": .number(time.seconds * 1e3),
      "gflop": .number(time.floatingPointOperations / 1e9),
    ]
  }

  private static func table(of times: [OperationTime], total: Double) -> TextTable {
    var table = TextTable([
      ("operation", .left), ("ms", .right), ("%", .right), ("GFLOP", .right), ("GFLOP/s", .right),
    ])
    for time in times {
      let work = time.floatingPointOperations / 1e9
      table.append([
        time.name, fixed(time.seconds * 1e3, decimals: 3),
        fixed(100 * time.seconds / total, decimals: 1), work == 0 ? "" : fixed(work, decimals: 3),
        work == 0 ? "" : fixed(work / time.seconds, decimals: 0),
      ])
    }
    return table
  }
}
