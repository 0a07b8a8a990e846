import Codecs
import CommandLineInterface

/// Measures of graphs, as they are written.
enum MeasureFile {
  /// How they are written.
  enum Format {
    /// An object with a list of graphs.
    case json
    /// A table with a line for each number.
    case tsv

    /// The format that a file's name ends in.
    init(path: String) throws(UsageError) {
      let name = path.lowercased()
      guard
        let format: Format = name.hasSuffix(".json") ? .json : name.hasSuffix(".tsv") ? .tsv : nil
      else {
        throw UsageError(
          "--output", "the kind of file is not known", found: path,
          expected: "a name in .json or .tsv")
      }
      self = format
    }
  }

  /// What stands at the head of a file.
  static func head(_ context: CommandContext, settings: JSONObject) -> JSONObject {
    [
      "tool": .string("\(context.tool) \(context.version)"),
      "command": .string(
        ([context.tool, context.command]
          + context.arguments.dropFirst(
            context.command.split(separator: " ").count)).joined(separator: " ")),
      "settings": .object(settings),
    ]
  }
}
