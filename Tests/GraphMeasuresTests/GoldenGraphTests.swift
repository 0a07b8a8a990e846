import Codecs
import Connectomes
import GraphMeasures
import TestSupport
import Testing

/// Graphs that bctpy and networkx have measured: tools/golden/graph-measures.py.
@Suite struct GoldenGraphTests {
  static let names = [
    "weighted", "ties", "apart", "loops", "complete", "star", "pair", "directed", "directed-ties",
    "directed-sparse",
  ]

  @Test(arguments: names, GraphAnalysis.Weighting.allCases)
  func `every measure equals that of bctpy and networkx`(
    name: String, weighting: GraphAnalysis.Weighting
  ) throws {
    let file = try jsonObject("\(volumesFolder)/golden/bctpy-0.6.1/graphs/\(name).json")
    let isDirected = file["directed"]?.bool == true
    let matrix = ConnectomeMatrix(
      count: try #require(file["count"]?.int), values: numbers(file["matrix"]),
      isSymmetric: !isDirected)
    let graph = try Graph(matrix, isDirected: isDirected)
    #expect(graph.selfConnectionCount == file["self_connections"]?.int)
    let partition = Partition(wholeNumbers(file["partition"]))
    var analysis = GraphAnalysis(
      graph, weighting: weighting,
      settings: GraphAnalysis.Settings(
        communities: CommunityDetection(runs: 20, seed: 7), partition: partition, threads: 2))
    let expected = try #require(file[weighting.rawValue]?.object)
    #expect(expected.count > 12)
    for (measure, value) in expected {
      if measure == "best_modularity" {
        try checkModularity(analysis.graph, atLeast: try #require(value.double), name)
        continue
      }
      let found = try measured(measure, &analysis)
      if measure == "triad_census" {
        let order = TriadNames.all.map { value.object?[$0]?.double ?? .nan }
        expectEqual(found, order, "\(name) \(measure)")
      } else if let list = value.array {
        // A leading eigenvector that another one nearly equals is known less well.
        expectEqual(
          found, numbers(.array(list)), absolute: measure.hasPrefix("eigen") ? 1e-10 : 1e-12,
          "\(name) \(weighting) \(measure)")
      } else {
        expectEqual(found, [value.double ?? .nan], "\(name) \(weighting) \(measure)")
      }
    }
  }

  /// Leiden and Louvain reach at least the best of twenty runs of bctpy's Louvain.
  private func checkModularity(_ graph: Graph, atLeast best: Double, _ name: String) throws {
    for method in CommunityDetection.Method.allCases
    where method == .louvain || !graph.isDirected {
      let found = try CommunityDetection(method: method, runs: 100, seed: 1)
        .partition(of: graph, threads: 2)
      #expect(found.modularity(of: graph) >= best - 1e-9, "\(name) \(method)")
    }
  }
}

enum TriadNames {
  static let all = [
    "003", "012", "102", "021D", "021U", "021C", "111D", "111U", "030T", "030C", "201", "120D",
    "120U", "120C", "210", "300",
  ]
}
