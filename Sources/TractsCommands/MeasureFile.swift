import Codecs
import CommandLineInterface
import Connectomes
import GraphMeasures

/// Measures of graphs, as they are written.
struct MeasureFile {
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

  private struct Entry {
    var object: JSONObject
    var name: String
    var nodes: [String]
    var values: [(weighting: String, measure: String, value: MeasuredValue)] = []
  }

  private let head: JSONObject
  private var entries: [Entry] = []

  /// Begins a file.
  init(_ context: CommandContext, settings: JSONObject) {
    head = [
      "tool": .string("\(context.tool) \(context.version)"),
      "command": .string(
        ([context.tool, context.command]
          + context.arguments.dropFirst(
            context.command.split(separator: " ").count)).joined(separator: " ")),
      "settings": .object(settings),
    ]
  }

  /// Begins a graph.
  mutating func begin(_ source: StoredMatrix, _ graph: Graph) {
    let nodes = source.matrix.nodes.map(\.title)
    entries.append(
      Entry(
        object: [
          "matrix": .string(source.path), "digest": .string(source.digest.description),
          "nodes": .array(nodes.map { .string($0) }),
          "node_count": .integer(Int64(graph.nodeCount)),
          "edge_count": .integer(Int64(graph.edgeCount)),
          "self_connections": .integer(Int64(graph.selfConnectionCount)),
        ], name: source.name, nodes: nodes))
  }

  /// Adds what a measure has given for the graph that was begun last.
  mutating func add(
    _ measure: any GraphMeasure.Type, _ weighting: GraphAnalysis.Weighting, _ value: MeasuredValue
  ) {
    entries[entries.count - 1].values.append((weighting.rawValue, measure.name, value))
  }

  /// The file.
  func bytes(as format: Format) throws -> [UInt8] {
    switch format {
    case .json:
      var object = head
      object["graphs"] = .array(entries.map { .object(Self.object($0)) })
      return try JSONValue.object(object).encoded(pretty: true) + Array("\n".utf8)
    case .tsv:
      var text = "matrix\tweighting\tmeasure\tof\tvalue\n"
      for entry in entries {
        for (weighting, measure, value) in entry.values {
          for (part, number) in Self.lines(value, entry.nodes) {
            text += "\(entry.name)\t\(weighting)\t\(measure)\t\(part)\t"
            text += Self.text(of: number) + "\n"
          }
        }
      }
      return Array(text.utf8)
    }
  }

  /// A number with all its digits, whole ones without a point.
  private static func text(of number: Double) -> String {
    guard number.isFinite else { return "n/a" }
    return number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
  }

  private static func object(_ entry: Entry) -> JSONObject {
    var sections: [String: JSONObject] = [:]
    for (weighting, measure, value) in entry.values {
      sections[weighting, default: [:]][measure] = json(value)
    }
    return entry.object.merging(sections.mapValues { .object($0) }) { first, _ in first }
  }

  private static func json(_ value: MeasuredValue) -> JSONValue {
    func number(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
    switch value {
    case .graph(let value): return number(value)
    case .nodes(let values): return .array(values.map(number))
    case .levels(let first, let values):
      return .object(["first": .integer(Int64(first)), "values": .array(values.map(number))])
    case .parts(let parts):
      return .object(
        Dictionary(parts.map { ($0.name, number($0.value)) }) { first, _ in first })
    }
  }

  private static func lines(
    _ value: MeasuredValue, _ nodes: [String]
  ) -> [(part: String, number: Double)] {
    switch value {
    case .graph(let value): [("", value)]
    case .nodes(let values): zip(nodes, values).map { ($0, $1) }
    case .levels(let first, let values):
      values.enumerated().map { ("\(first + $0.offset)", $0.element) }
    case .parts(let parts): parts.map { ($0.name, $0.value) }
    }
  }
}
