public import Codecs
import Connectomes

/// Measures of one or several graphs, as files hold them.
public struct MeasureReport: Sendable {
  private struct Entry: Sendable {
    var object: JSONObject
    var name: String
    var nodes: [String]
    var values: [(weighting: String, measure: String, value: MeasuredValue)] = []
  }

  private let head: JSONObject
  private var entries: [Entry] = []

  /// Begins a report.
  ///
  /// - Parameter head: What stands beside the list of graphs: tool, command, settings.
  public init(head: JSONObject) { self.head = head }

  /// Begins a graph.
  ///
  /// - Parameters:
  ///   - graph: The graph.
  ///   - name: What it is called in tables.
  ///   - nodes: The names of its nodes.
  ///   - facts: What else is to be told of it, such as the file it comes from.
  /// - Precondition: Every node has a name.
  public mutating func begin(_ graph: Graph, name: String, nodes: [String], facts: JSONObject) {
    precondition(nodes.count == graph.nodeCount, "every node has a name")
    let own: JSONObject = [
      "nodes": .array(nodes.map { .string($0) }),
      "node_count": .integer(Int64(graph.nodeCount)),
      "edge_count": .integer(Int64(graph.edgeCount)),
      "self_connections": .integer(Int64(graph.selfConnectionCount)),
    ]
    entries.append(Entry(object: own.merging(facts) { $1 }, name: name, nodes: nodes))
  }

  /// Measures the graph that was begun last, in one weighting.
  ///
  /// - Parameters:
  ///   - measures: What is measured; those that are not defined for such a graph are passed over.
  ///   - graph: The graph.
  ///   - weighting: Whether weights count.
  ///   - settings: How measures are taken.
  ///   - afterEach: Is called after each measure; what it throws ends the work.
  /// - Throws: ``GraphError``, or what `afterEach` throws.
  public mutating func add(
    _ measures: [any GraphMeasure.Type], of graph: Graph, _ weighting: GraphAnalysis.Weighting,
    settings: GraphAnalysis.Settings, afterEach: () throws -> Void
  ) throws {
    var analysis = GraphAnalysis(graph, weighting: weighting, settings: settings)
    for measure in measures where measure.isDefined(weighting, isDirected: graph.isDirected) {
      add(measure, weighting, try measure.measure(&analysis))
      try afterEach()
    }
  }

  /// Adds what a measure has given for the graph that was begun last.
  ///
  /// - Precondition: A graph was begun.
  public mutating func add(
    _ measure: any GraphMeasure.Type, _ weighting: GraphAnalysis.Weighting, _ value: MeasuredValue
  ) {
    entries[entries.count - 1].values.append((weighting.rawValue, measure.name, value))
  }

  /// An object with a list of graphs; what is not defined for one is null.
  ///
  /// - Throws: `EncodingError` where a number in the head is not finite.
  public func json() throws -> [UInt8] {
    var object = head
    object["graphs"] = .array(entries.map { .object(Self.object($0)) })
    return try JSONValue.object(object).encoded(pretty: true) + Array("\n".utf8)
  }

  /// A table with a line for each number, divided by tabs; what is not defined is `n/a`.
  public func table() -> [UInt8] {
    var text = "matrix\tweighting\tmeasure\tof\tvalue\n"
    for entry in entries {
      for (weighting, measure, value) in entry.values {
        for (part, number) in Self.lines(value, entry.nodes) {
          text += "\(entry.name)\t\(weighting)\t\(measure)\t\(part)\t"
          text += (number.isFinite ? DecimalText.shortest(number) : "n/a") + "\n"
        }
      }
    }
    return Array(text.utf8)
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
