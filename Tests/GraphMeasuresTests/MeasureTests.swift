import GraphMeasures
import Testing

@Suite struct MeasureTests {
  @Test func `betweenness equals the count of paths in a small graph`() throws {
    // 0 - 1 - 2 and 0 - 3 - 2, then 2 - 4: half of the paths between 0 and 2 or 4 run through 1.
    let graph = try Graph(
      nodeCount: 5, isDirected: false,
      edges: [(0, 1), (1, 2), (0, 3), (3, 2), (2, 4)].map { GraphEdge($0, $1) })
    var analysis = GraphAnalysis(graph, weighting: .binary)
    #expect(try measured("betweenness", &analysis) == [1, 2, 7, 2, 0])
  }

  @Test(arguments: [true, false])
  func `no measure depends on the number of threads`(isDirected: Bool) throws {
    let graph = try randomGraph(40, density: 0.15, isDirected: isDirected, seed: 9)
    for weighting in GraphAnalysis.Weighting.allCases {
      // As texts: what is no number is equal to itself there.
      func all(threads: Int) throws -> [String: String] {
        var analysis = GraphAnalysis(
          graph, weighting: weighting,
          settings: GraphAnalysis.Settings(
            communities: CommunityDetection(runs: 10, seed: 5), nulls: 6, seed: 3,
            threads: threads))
        var values: [String: String] = [:]
        for measure in AllMeasures.list {
          if measure.domain.contains(isDirected ? .directed : .undirected) {
            values[measure.name] = "\(try measure.measure(&analysis))"
          }
        }
        return values
      }
      let (one, three) = (try all(threads: 1), try all(threads: 3))
      for (name, text) in one { #expect(three[name] == text, "\(name)") }
    }
  }

  @Test func `a ring with shortcuts is a small world and a random graph is none`() throws {
    var edges: [GraphEdge] = []
    for node in 0..<60 {
      for step in 1...3 { edges.append(GraphEdge(node, (node + step) % 60)) }
    }
    edges += [GraphEdge(0, 30), GraphEdge(15, 45), GraphEdge(8, 51), GraphEdge(22, 38)]
    let ring = try Graph(nodeCount: 60, isDirected: false, edges: edges)
    let random = try randomGraph(60, density: 0.11, isDirected: false, seed: 2)
    for (graph, isSmallWorld) in [(ring, true), (random, false)] {
      var analysis = GraphAnalysis(
        graph, weighting: .binary, settings: GraphAnalysis.Settings(nulls: 20, seed: 1))
      let parts = try measured("small_worldness", &analysis)
      #expect((parts[0] > 1.5) == isSmallWorld)
      #expect(abs(parts[0] - parts[1] / parts[2]) < 1e-12)
    }
  }

  @Test func `feed-forward loops beyond chance have a high score`() throws {
    // Twelve separate feed-forward loops, joined in a chain.
    var edges: [GraphEdge] = []
    for loop in 0..<12 {
      let first = loop * 3
      edges += [(0, 1), (1, 2), (0, 2)].map { GraphEdge(first + $0, first + $1) }
      if loop > 0 { edges.append(GraphEdge(first - 1, first)) }
    }
    let graph = try Graph(nodeCount: 36, isDirected: true, edges: edges)
    var analysis = GraphAnalysis(
      graph, weighting: .binary, settings: GraphAnalysis.Settings(nulls: 50, seed: 8))
    let place = try #require(TriadNames.all.firstIndex(of: "030T"))
    #expect(try measured("triad_census", &analysis)[place] == 12)
    #expect(try measured("triad_z", &analysis)[place] > 3)
  }

  @Test func `the rich club of a graph with a core lies above those of rewired graphs`() throws {
    let graph = try randomGraph(40, density: 0.1, isDirected: false, seed: 6)
    let core = (0..<8).flatMap { first in (first + 1..<8).map { GraphEdge(first, $0) } }
    let whole = try Graph(
      nodeCount: 40, isDirected: false, edges: graph.edges + core)
    var analysis = GraphAnalysis(
      whole, weighting: .binary, settings: GraphAnalysis.Settings(nulls: 30, seed: 1))
    let curve = try measured("rich_club_normalized", &analysis)
    #expect(abs(curve[0] - 1) < 0.1)
    #expect((curve.filter { $0.isFinite }.max() ?? 0) > 1.2)
  }

  @Test func `weights are divided by the largest unless they are to stay`() throws {
    let graph = try Graph(
      nodeCount: 3, isDirected: false,
      edges: [GraphEdge(0, 1, weight: 4), GraphEdge(1, 2, weight: 2)])
    for (isNormalizing, length) in [(true, (1.0 + 2 + 3) / 3), (false, (0.25 + 0.5 + 0.75) / 3)] {
      var analysis = GraphAnalysis(
        graph, weighting: .weighted,
        settings: GraphAnalysis.Settings(isNormalizing: isNormalizing))
      #expect(try measured("path_length", &analysis) == [length])
    }
  }

  @Test func `a graph of two sides and one without circles have their eigenvectors`() throws {
    let star = try Graph(
      nodeCount: 5, isDirected: false, edges: (1...4).map { GraphEdge(0, $0) })
    var analysis = GraphAnalysis(star, weighting: .binary)
    expectEqual(
      try measured("eigenvector_centrality", &analysis),
      [(0.5).squareRoot()] + [Double](repeating: (0.125).squareRoot(), count: 4), "star")
    let chain = try Graph(
      nodeCount: 3, isDirected: true, edges: [GraphEdge(0, 1), GraphEdge(1, 2)])
    analysis = GraphAnalysis(chain, weighting: .binary)
    #expect(try measured("eigenvector_centrality", &analysis) == [0, 0, 0])
  }
}
