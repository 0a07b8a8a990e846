import Codecs
import Connectomes
import GraphMeasures
import TestSupport
import Testing

/// Structural connectomes that were measured beside this package; present where FASCICLE_SHARED is.
@Suite struct SharedReferenceTests {
  static let folder = shared.map { "\($0)/data/dti/reference/graph" }
  static let names = [
    "enigma_hcp68_struct", "tractor68_nStreamlines", "tractor68_weightedFA", "wm2gm_fs84_count",
  ]
  /// What a key of the file is called here, and of which graph.
  static let keys: [(key: String, measure: String, weighting: GraphAnalysis.Weighting)] = [
    ("density", "density", .binary), ("degree", "degree", .binary),
    ("strength", "strength", .weighted), ("n_components", "components", .binary),
    ("largest_component", "largest_component", .binary),
    ("clustering_bu", "clustering", .binary), ("clustering_wu_onnela", "clustering", .weighted),
    ("transitivity_bu", "transitivity", .binary), ("transitivity_wu", "transitivity", .weighted),
    ("charpath_bin_finite", "path_length", .binary),
    ("charpath_wei_finite", "path_length", .weighted),
    ("efficiency_bin_global", "global_efficiency", .binary),
    ("efficiency_wei_global", "global_efficiency", .weighted),
    ("efficiency_bin_local", "local_efficiency", .binary),
    ("betweenness_bin_bct", "betweenness", .binary),
    ("betweenness_wei_bct", "betweenness", .weighted),
    ("eigenvector_centrality", "eigenvector_centrality", .weighted),
    ("assortativity_bin", "assortativity", .binary),
    ("assortativity_wei", "assortativity", .weighted), ("coreness", "coreness", .binary),
    ("rich_club_bu", "rich_club", .binary),
    ("participation_coef", "participation", .weighted),
    ("module_degree_z", "within_module_z", .weighted),
    ("nx_modularity_of_louvain_partition", "modularity", .weighted),
    ("nx_clustering_bin", "clustering", .binary),
    ("nx_clustering_weighted", "clustering", .weighted),
    ("nx_global_efficiency_bin", "global_efficiency", .binary),
  ]

  @Test(.enabled(if: folder != nil, "FASCICLE_SHARED is not set"), arguments: names)
  func `every number equals the reference`(name: String) throws {
    let folder = try #require(Self.folder)
    let file = try jsonObject("\(folder)/\(name).json")
    let rows = String(decoding: contents(of: "\(folder)/\(name).csv"), as: UTF8.self)
      .split(separator: "\n").map { $0.split(separator: ",").compactMap { Double($0) } }
    let graph = try Graph(
      ConnectomeMatrix(count: rows.count, values: rows.flatMap { $0 }, isSymmetric: false))
    #expect(graph.nodeCount == file["n"]?.int)
    #expect(graph.selfConnectionCount == file["self_connections"]?.int)
    #expect(graph.edgeCount + graph.selfConnectionCount == file["edges_incl_self"]?.int)
    let louvain = file["modularity_louvain_best20"]?.object
    let settings = GraphAnalysis.Settings(
      partition: Partition(wholeNumbers(louvain?["partition"])), threads: 2)
    var analyses = [
      GraphAnalysis.Weighting.binary: GraphAnalysis(graph, weighting: .binary, settings: settings),
      .weighted: GraphAnalysis(graph, weighting: .weighted, settings: settings),
    ]
    for (key, measure, weighting) in Self.keys {
      let value = try #require(file[key], "\(key)")
      var analysis = try #require(analyses[weighting])
      let found = try measured(measure, &analysis)
      analyses[weighting] = analysis
      // The file writes -1 for what is no number.
      let list = value.array == nil ? [value.double ?? .nan] : numbers(value)
      let isCurve = key == "rich_club_bu"
      let expected = list.map { isCurve && $0 == -1 ? Double.nan : $0 }
      expectEqual(
        found, expected, absolute: key == "eigenvector_centrality" ? 1e-10 : 1e-12,
        "\(name) \(key)")
    }
    try checkNetworkX(file, &analyses, name)
    let best = try #require(louvain?["Q"]?.double)
    for method in CommunityDetection.Method.allCases {
      let found = try CommunityDetection(method: method, runs: 100, seed: 1)
        .partition(of: graph, threads: 2).modularity(of: graph)
      #expect(found >= best - 1e-9, "\(name) \(method)")
    }
  }

  /// What networkx counts otherwise: pairs once, and a mean of local efficiency.
  private func checkNetworkX(
    _ file: JSONObject, _ analyses: inout [GraphAnalysis.Weighting: GraphAnalysis], _ name: String
  ) throws {
    for (key, weighting) in [
      ("nx_betweenness_bin_unnormalised", GraphAnalysis.Weighting.binary),
      ("nx_betweenness_weighted_unnormalised", .weighted),
    ] {
      var analysis = try #require(analyses[weighting])
      let found = try measured("betweenness", &analysis).map { $0 / 2 }
      expectEqual(found, numbers(file[key]), "\(name) \(key)")
    }
    var analysis = try #require(analyses[.binary])
    let local = try measured("local_efficiency", &analysis)
    expectEqual(
      [local.reduce(0, +) / Double(local.count)],
      [try #require(file["nx_local_efficiency_bin"]?.double)],
      "\(name) local efficiency")
  }
}
