import Codecs
import CommandLineInterface
import Networks

/// The command `emseg model list`.
struct ModelListCommand: Command {
  var isJSON = false

  static let manual = Manual<Self>(
    "model list",
    summary: "List the networks that come with the program.",
    discussion: """
      Their names can be used wherever a network's file is asked for. They are the ONNX files of \
      the folder named in EMSEG_MODELS, or else of share/emseg/models and models beside the \
      folder of the program, or of models in the package that it was built in.
      """,
    arguments: [.flag("--json", \.isJSON, "Print JSON.")],
    examples: [Example("emseg model list", "Show names, tasks and voxel sizes.")])

  func run(_ context: CommandContext) throws {
    let shipped = ShippedModels.installed
    var table = TextTable([
      ("name", .left), ("task", .left), ("voxel size nm", .left), ("parameters", .right),
      ("file", .left),
    ])
    var objects: [JSONValue] = []
    let list = shipped.list
    for (name, path) in list {
      let model: ONNXModel
      let description: ModelDescription
      do {
        model = try ONNXModel(contentsOfFile: path)
        description = try ModelDescription(model)
      } catch {
        context.warn(error.description)
        continue
      }
      let count = model.parameters.last?.range.upperBound ?? 0
      table.append([
        name, description.task ?? "", description.voxelSize?.text ?? "", "\(count)", path,
      ])
      objects.append(
        .object([
          "name": .string(name), "path": .string(path),
          "task": description.task.map { .string($0) } ?? .null,
          "voxel_size_nm": description.voxelSize.map { .string($0.text) } ?? .null,
          "parameters": .integer(Int64(count)),
        ]))
    }
    if list.isEmpty {
      context.note("no models in \(shipped.folders.joined(separator: " or "))")
    }
    if isJSON {
      let text = try JSONValue.array(objects).encoded(pretty: true)
      try context.print(String(decoding: text, as: UTF8.self))
    } else if !objects.isEmpty {
      for line in table.text.split(separator: "\n") { try context.print(String(line)) }
    }
  }
}
