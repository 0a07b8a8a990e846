import Connectomes
import GraphMeasures
import Testing

@Suite struct GraphTests {
  @Test func `parallel connections are joined and self connections left out`() throws {
    let graph = try Graph(
      nodeCount: 4, isDirected: true,
      edges: [
        GraphEdge(2, 0, weight: 1), GraphEdge(0, 1, weight: 2), GraphEdge(0, 1, weight: 3),
        GraphEdge(3, 3, weight: 9), GraphEdge(1, 0, weight: 0),
      ])
    #expect(graph.edges == [GraphEdge(0, 1, weight: 5), GraphEdge(2, 0, weight: 1)])
    #expect(graph.selfConnectionCount == 1)
    #expect(graph.inDegrees == [1, 1, 0, 0])
    #expect(graph.outStrengths == [5, 0, 1, 0])
    #expect(graph.components == [0, 0, 0, 1])
    #expect(graph.symmetrized.edges == [GraphEdge(0, 1, weight: 5), GraphEdge(0, 2, weight: 1)])
    #expect(graph.incoming.weight(from: 0, to: 2) == 1)
    #expect(graph.incoming.weight(from: 0, to: 1) == 0)
  }

  @Test func `a matrix of the upper triangle alone makes the same graph as a full one`() throws {
    let upper = ConnectomeMatrix(count: 3, values: [7, 1, 2, 0, 0, 3, 0, 0, 0], isSymmetric: false)
    #expect(try Graph(upper) == Graph(upper.symmetrized()))
    #expect(try Graph(upper).edgeCount == 3)
    #expect(try Graph(upper, isDirected: true).inStrengths == [0, 1, 5])
  }

  @Test(arguments: [-1.0, .nan, .infinity])
  func `weights that are negative or no numbers are refused`(weight: Double) {
    #expect(throws: GraphError.self) {
      try Graph(
        ConnectomeMatrix(count: 2, values: [0, weight, weight, 0], isSymmetric: true))
    }
  }

  @Test(arguments: [0, 1, 2, 5], [true, false])
  func `graphs without connections are measured`(count: Int, isDirected: Bool) throws {
    let graph = try Graph(nodeCount: count, isDirected: isDirected, edges: [])
    for weighting in GraphAnalysis.Weighting.allCases {
      var analysis = GraphAnalysis(
        graph, weighting: weighting, settings: GraphAnalysis.Settings(nulls: 3))
      for measure in AllMeasures.list
      where measure.domain.contains(isDirected ? .directed : .undirected) {
        let values = try measured(measure.name, &analysis)
        #expect(measure.scope != .node || values.allSatisfy { $0.isFinite })
      }
    }
  }

  @Test func `names of measures are different and in order of words`() {
    let names = AllMeasures.list.map { $0.name }
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { $0.allSatisfy { $0.isLowercase || $0 == "_" } })
    #expect(AllMeasures.list.allSatisfy { $0.summary.hasSuffix(".") && !$0.source.isEmpty })
  }

  @Test(arguments: [true, false], [0.1, 0.5, 0.9])
  func `rewiring keeps degrees and weights, and nothing else`(
    isDirected: Bool, density: Double
  ) throws {
    let graph = try randomGraph(24, density: density, isDirected: isDirected, seed: 4)
    let first = try Rewiring.rewired(graph, swaps: 10, seed: 1, number: 0)
    #expect(first.outDegrees == graph.outDegrees)
    #expect(first.inDegrees == graph.inDegrees)
    #expect(first.edgeCount == graph.edgeCount)
    #expect(first.edges.map(\.weight).sorted() == graph.edges.map(\.weight).sorted())
    #expect(first != graph)
    #expect(try Rewiring.rewired(graph, swaps: 10, seed: 1, number: 0) == first)
    #expect(try Rewiring.rewired(graph, swaps: 10, seed: 1, number: 1) != first)
    #expect(try Rewiring.rewired(graph, swaps: 10, seed: 2, number: 0) != first)
    if density < 0.6 {
      let kept = first.edges.count { graph.outgoing.weight(from: $0.source, to: $0.target) != 0 }
      #expect(Double(kept) < 0.8 * Double(graph.edgeCount))
    }
  }

  @Test func `graphs that cannot be rewired stay as they are`() throws {
    for edges in [[], [GraphEdge(0, 1)], [GraphEdge(0, 1), GraphEdge(0, 2), GraphEdge(0, 3)]] {
      let graph = try Graph(nodeCount: 4, isDirected: false, edges: edges)
      #expect(try Rewiring.rewired(graph, swaps: 10, seed: 1, number: 0) == graph)
    }
  }
}
