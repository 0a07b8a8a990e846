import Codecs
import Connectomes
import Testing

private typealias Contact = SegmentGraph.Contact

private func lines(_ bytes: [UInt8]) -> [String] {
  String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
}

struct SegmentGraphTests {
  /// Beyond the numbers that a viewer's 53 bits hold.
  private static let large: UInt64 = 720_575_940_621_035_573
  private static let contacts = [
    Contact(from: 7, to: large, size: 10, score: 0.5, region: 2),
    Contact(from: large, to: 3, size: 4, score: 1, region: 1),
    Contact(from: 7, to: large, size: 2.5, score: 0.25, region: 1),
    Contact(from: 3, to: 3, region: 0),
    Contact(from: 7, to: large, size: 1, score: 0.75, region: 2),
  ]

  @Test func `synapses of the same pair are one connection`() {
    let graph = SegmentGraph(joining: Self.contacts)
    #expect(graph.segments == [3, 7, Self.large])
    #expect(graph.edges.map(\.source) == [0, 1, 2] && graph.edges.map(\.target) == [0, 2, 0])
    let edge = graph.edges[1]
    #expect(edge.sums.count == 3 && edge.sums.size == 13.5 && edge.sums.meanScore == 0.5)
    #expect(edge.regions.map(\.region) == [1, 2] && edge.regions.map(\.sums.count) == [1, 2])
    #expect(graph.edges[0].sums.size == nil && graph.edges[0].sums.meanScore == nil)
    #expect(graph.synapseCount == 5)
    #expect(graph.adjacency == [1, 0, 0, 0, 0, 3, 1, 0, 0])
  }

  @Test(
    arguments: zip(
      SegmentGraph.Weight.allCases,
      [[0, 0, 3, 1, 0, 0], [0, 0, 13.5, 4, 0, 0], [0, 0, 1.5, 1, 0, 0]]))
  func `weights are counts, sizes or scores`(weight: SegmentGraph.Weight, last: [Double]) {
    let graph = SegmentGraph(joining: Self.contacts, weight: weight)
    #expect(Array(graph.adjacency.dropFirst(3)) == last)
  }

  @Test func `connections of low weight go, and the neurons that they alone joined`() {
    let graph = SegmentGraph(joining: Self.contacts, minimumWeight: 2)
    #expect(graph.segments == [7, Self.large] && graph.edges.count == 1)
    #expect(SegmentGraph(joining: Self.contacts, minimumWeight: 4).edges.isEmpty)
    #expect(SegmentGraph(joining: []).segments.isEmpty)
  }

  @Test func `the order of synapses changes no connection`() {
    let turned = SegmentGraph(joining: Self.contacts.reversed())
    #expect(turned == SegmentGraph(joining: Self.contacts))
  }

  @Test func `a table has a line for each region of a connection`() {
    let graph = SegmentGraph(joining: Self.contacts)
    #expect(
      lines(graph.table()) == [
        "pre,post,count,size,mean_score,weight,region", "3,3,1,,,1,0",
        "7,\(Self.large),1,2.5,0.25,1,1", "7,\(Self.large),2,11,0.625,2,2",
        "\(Self.large),3,1,4,1,1,1",
      ])
    let plain = SegmentGraph(joining: [Contact(from: 1, to: 2, score: 0.5)])
    #expect(
      lines(plain.table(separator: "\t")) == [
        "pre\tpost\tcount\tsize\tmean_score\tweight", "1\t2\t1\t\t0.5\t1",
      ])
  }

  @Test func `what is written is read back`() throws {
    let graph = SegmentGraph(joining: Self.contacts, weight: .area)
    let text = graph.graphML(facts: ["tool": .string("a < b & \"c\"")])
    let read = try ParsedMatrix(parsing: text, as: .graphML)
    #expect(read.isDirected == true && read.values == graph.adjacency)
    var array: [UInt8] = []
    graph.forEachNumPyPiece { array += $0 }
    #expect(try ParsedMatrix(parsing: array, as: .numPy).values == graph.adjacency)
    #expect(
      lines(graph.rowTable) == ["row,segment", "0,3", "1,7", "2,\(Self.large)"])
  }

  @Test func `numbers keep all their digits`() {
    for (value, text) in [
      (1.0 / 3, "0.3333333333333333"), (-2, "-2"), (1e15, "1000000000000000"), (1e17, "1e+17"),
      (0, "0"),
    ] {
      #expect(DecimalText.shortest(value) == text)
    }
  }

  @Test func `viewers get segments as texts`() throws {
    let graph = SegmentGraph(joining: Self.contacts)
    let text = try graph.nodeLinkJSON(
      facts: ["tool": .string("t")], nodes: [["n": .integer(1)], [:], [:]])
    let object = try #require(try JSONValue(parsing: text).object)
    #expect(object["directed"] == .bool(true) && object["graph"]?.object?["tool"] == .string("t"))
    let nodes = try #require(object["nodes"]?.array)
    #expect(nodes[0] == .object(["id": .string("3"), "n": .integer(1)]))
    let edges = try #require(object["edges"]?.array)
    #expect(edges.count == 3 && edges[1].object?["target"] == .string("\(Self.large)"))
    #expect(
      edges[1].object?["regions"]?.object?.mapValues(\.double) == ["1": 1.0, "2": 2.0])
  }
}
