import Codecs
import GraphMeasures
import TestSupport
import Testing

/// A JSON file as an object.
func jsonObject(_ path: String) throws -> JSONObject {
  try #require(try JSONValue(parsing: contents(of: path)).object)
}

/// Numbers of a list, null being no number.
func numbers(_ value: JSONValue?) -> [Double] {
  (value?.array ?? []).map { $0.double ?? .nan }
}

/// A list as whole numbers.
func wholeNumbers(_ value: JSONValue?) -> [Int] { (value?.array ?? []).compactMap(\.int) }

/// Whether two numbers agree to a relative tolerance, or both are none.
func agree(_ found: Double, _ expected: Double, _ relative: Double, _ absolute: Double) -> Bool {
  if found.isNaN || expected.isNaN { return found.isNaN && expected.isNaN }
  return found == expected || abs(found - expected) <= absolute + relative * abs(expected)
}

/// Expects lists to agree, number by number.
func expectEqual(
  _ found: [Double], _ expected: [Double], relative: Double = 1e-9, absolute: Double = 1e-12,
  _ what: String
) {
  #expect(found.count == expected.count, "\(what): how many")
  for (place, pair) in zip(found, expected).enumerated() {
    #expect(
      agree(pair.0, pair.1, relative, absolute), "\(what)[\(place)]: \(pair.0) for \(pair.1)")
  }
}

/// The measure of a name, as a list of numbers in the order in which a file has them.
func measured(_ name: String, _ analysis: inout GraphAnalysis) throws -> [Double] {
  let measure = try #require(AllMeasures.named(name), "no measure \(name)")
  switch try measure.measure(&analysis) {
  case .graph(let value):
    #expect(measure.scope == .graph)
    return [value]
  case .nodes(let values):
    #expect(measure.scope == .node && values.count == analysis.graph.nodeCount)
    return values
  case .levels(let first, let values):
    #expect(measure.scope == .level && first == 1)
    return values
  case .parts(let parts):
    #expect(measure.scope == .parts)
    return parts.map(\.value)
  }
}

/// An undirected or directed graph drawn at random, weights in (0, 1].
func randomGraph(
  _ count: Int, density: Double, isDirected: Bool, seed: UInt64
) throws -> Graph {
  var generator = SeededGenerator(seed: seed)
  var edges: [GraphEdge] = []
  for row in 0..<count {
    for column in 0..<count where isDirected ? row != column : row < column {
      if Double.random(in: 0..<1, using: &generator) < density {
        edges.append(GraphEdge(row, column, weight: .random(in: 0.01...1, using: &generator)))
      }
    }
  }
  return try Graph(nodeCount: count, isDirected: isDirected, edges: edges)
}
