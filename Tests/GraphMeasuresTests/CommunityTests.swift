import GraphMeasures
import Testing

@Suite struct CommunityTests {
  /// Cliques of six nodes in a ring, one connection between neighbours.
  private func ringOfCliques(isDirected: Bool) throws -> (graph: Graph, truth: Partition) {
    var edges: [GraphEdge] = []
    for clique in 0..<5 {
      for first in 0..<6 {
        for second in 0..<6 where isDirected ? first != second : first < second {
          edges.append(GraphEdge(clique * 6 + first, clique * 6 + second))
        }
      }
      edges.append(GraphEdge(clique * 6, (clique * 6 + 7) % 30))
    }
    return (
      try Graph(nodeCount: 30, isDirected: isDirected, edges: edges),
      Partition((0..<30).map { $0 / 6 })
    )
  }

  @Test(
    arguments: CommunityDetection.Method.allCases, CommunityDetection.Choice.allCases)
  func `cliques are found as communities`(
    method: CommunityDetection.Method, choice: CommunityDetection.Choice
  ) throws {
    for isDirected in [true, false] {
      let (graph, truth) = try ringOfCliques(isDirected: isDirected)
      let detection = CommunityDetection(method: method, choice: choice, runs: 10, seed: 3)
      #expect(try detection.partition(of: graph, threads: 2) == truth)
    }
  }

  @Test(arguments: CommunityDetection.Method.allCases, CommunityDetection.Choice.allCases)
  func `the same seed gives the same communities`(
    method: CommunityDetection.Method, choice: CommunityDetection.Choice
  ) throws {
    let graph = try randomGraph(50, density: 0.1, isDirected: false, seed: 12)
    func found(_ seed: UInt64) throws -> Partition {
      try CommunityDetection(method: method, choice: choice, runs: 3, seed: seed)
        .partition(of: graph, threads: 1)
    }
    let first = try found(1)
    #expect(try found(1) == first)
    #expect(try (2...8).contains { try found($0) != first })
  }

  @Test func `a higher resolution makes smaller communities`() throws {
    let graph = try randomGraph(50, density: 0.2, isDirected: false, seed: 1)
    let counts = try [0.5, 1, 2].map {
      try CommunityDetection(runs: 10, resolution: $0).partition(of: graph, threads: 1).count
    }
    #expect(counts == counts.sorted() && counts[0] < counts[2])
  }

  @Test func `modularity follows its definition`() throws {
    let graph = try randomGraph(12, density: 0.4, isDirected: true, seed: 5)
    let partition = Partition((0..<12).map { $0 % 3 })
    let total = graph.outStrengths.reduce(0, +)
    var expected = 0.0
    for first in 0..<12 {
      for second in 0..<12 where first % 3 == second % 3 {
        expected +=
          graph.outgoing.weight(from: first, to: second)
          - 1.3 * graph.outStrengths[first] * graph.inStrengths[second] / total
      }
    }
    #expect(abs(partition.modularity(of: graph, resolution: 1.3) - expected / total) < 1e-12)
  }

  @Test func `nodes without connections are communities of their own`() throws {
    let graph = try Graph(nodeCount: 4, isDirected: false, edges: [GraphEdge(1, 2)])
    for method in CommunityDetection.Method.allCases {
      let found = try CommunityDetection(method: method).partition(of: graph, threads: 1)
      #expect(found.communities == [1, 2, 2, 3])
    }
  }

  @Test func `communities are numbered in the order of their first nodes`() {
    #expect(Partition([7, 7, -3, 7, 0, -3]).communities == [1, 1, 2, 1, 3, 2])
    #expect(Partition([Int]()).count == 0)
  }
}
