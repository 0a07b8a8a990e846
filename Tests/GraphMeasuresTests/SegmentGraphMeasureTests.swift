import Codecs
import Connectomes
import GraphMeasures
import Testing

struct SegmentGraphMeasureTests {
  private static func graph() throws -> Graph {
    typealias Contact = SegmentGraph.Contact
    return try Graph(
      SegmentGraph(joining: [
        Contact(from: 5, to: 9), Contact(from: 9, to: 5), Contact(from: 5, to: 9),
        Contact(from: 9, to: 20), Contact(from: 9, to: 9),
      ]))
  }

  @Test func `neurons become nodes in the order of their segments`() throws {
    let graph = try Self.graph()
    #expect(graph.isDirected && graph.nodeCount == 3 && graph.selfConnectionCount == 1)
    #expect(graph.edges == [GraphEdge(0, 1, weight: 2), GraphEdge(1, 0), GraphEdge(1, 2)])
  }

  @Test func `members stand by the size of their community, then by strength`() throws {
    let members = Partition([4, 7, 7]).members(byStrengthIn: try Self.graph())
    #expect(members == [[1, 2], [0]])
  }

  @Test func `a report holds what the measures give`() throws {
    let graph = try Self.graph()
    let chosen = try AllMeasures.chosen(
      ["reciprocity", "triad_census"], for: [.binary, .weighted], isDirected: true,
      withNulls: false)
    var report = MeasureReport(head: ["tool": .string("t")])
    report.begin(graph, name: "g", nodes: ["5", "9", "20"], facts: ["matrix": .string("m")])
    var count = 0
    try report.add(chosen, of: graph, .binary, settings: GraphAnalysis.Settings()) { count += 1 }
    #expect(count == 2)
    let object = try #require(try JSONValue(parsing: report.json()).object)
    let entry = try #require(object["graphs"]?.array?.first?.object)
    #expect(entry["edge_count"]?.int == 3 && entry["matrix"] == .string("m"))
    let binary = try #require(entry["binary"]?.object)
    #expect(abs((binary["reciprocity"]?.double ?? 0) - 2 / 3) < 1e-12)
    #expect(binary["triad_census"]?.object?["111U"]?.int == 1)
    #expect(String(decoding: report.table(), as: UTF8.self).contains("g\tbinary\ttriad_census\t"))
  }

  @Test func `names that are no measures, or not of such graphs, are refused`() {
    for (name, message) in [("beauty", "no such"), ("triad_census", "not defined")] {
      let error = #expect(throws: MeasureChoiceError.self) {
        _ = try AllMeasures.chosen([name], for: [.weighted], isDirected: true, withNulls: true)
      }
      #expect(error?.message.contains(message) == true)
    }
  }
}
