import Codecs
import CommandLineInterface
import Connectomes
import Drawing
import GraphMeasures
import VolumeStore

/// Everything that a folder of a connectome holds.
struct ConnectomeContents {
  let graph: SegmentGraph
  let facts: JSONObject
  /// The graph as it is measured, without connections of neurons with themselves.
  var measured: Graph?
  private(set) var partition: Partition?
  private(set) var measures: [UInt8]?

  init(graph: SegmentGraph, facts: JSONObject) {
    self.graph = graph
    self.facts = facts
  }

  /// Finds communities, by which the matrix is drawn.
  mutating func findCommunities(seed: UInt64, threads: Int, _ context: CommandContext) throws {
    guard let measured else { return }
    context.detail("communities of \(measured.nodeCount) neurons")
    partition = try CommunityDetection(runs: 20, seed: seed)
      .partition(of: measured, threads: threads)
  }

  /// Takes measures.
  mutating func measure(
    _ chosen: [any GraphMeasure.Type], settings: GraphAnalysis.Settings, origin: JSONObject,
    _ context: CommandContext
  ) throws {
    guard let measured else { return }
    var head = origin
    head["settings"] = .object([
      "directed": .bool(true), "seed": .unsigned(settings.seed),
      "nulls": .integer(Int64(settings.nulls)), "swaps": .integer(Int64(settings.swaps)),
    ])
    var report = MeasureReport(head: head)
    report.begin(
      measured, name: "connectome", nodes: graph.segments.map { "\($0)" },
      facts: ["matrix": .string("connectome.graphml")])
    let weightings = GraphAnalysis.Weighting.allCases
    let total = weightings.reduce(0) { sum, weighting in
      sum + chosen.count { $0.isDefined(weighting, isDirected: true) }
    }
    let line = context.progress("measures", total: total, unit: .items("measures"))
    defer { line.finish() }
    for weighting in weightings {
      try report.add(chosen, of: measured, weighting, settings: settings) {
        line.advance(by: 1)
        try context.checkCancellation()
      }
    }
    measures = try report.json()
  }

  /// What is known of each neuron besides its segment.
  var nodes: [JSONObject] {
    var (into, out) = (Array(repeating: (0, 0.0), count: graph.segments.count), [(Int, Double)]())
    out = into
    for edge in graph.edges {
      let weight = graph.weight(of: edge)
      out[edge.source] = (out[edge.source].0 + 1, out[edge.source].1 + weight)
      into[edge.target] = (into[edge.target].0 + 1, into[edge.target].1 + weight)
    }
    return graph.segments.indices.map { node in
      var facts: JSONObject = [
        "in_degree": .integer(Int64(into[node].0)), "in_weight": .number(into[node].1),
        "out_degree": .integer(Int64(out[node].0)), "out_weight": .number(out[node].1),
      ]
      facts["community"] = partition.map { .integer(Int64($0.communities[node])) }
      return facts
    }
  }

  /// The matrix as a picture, by communities.
  func matrixPicture() throws(DrawingError) -> [UInt8] {
    let groups: [[Int]]
    if let partition, let measured {
      groups = partition.members(byStrengthIn: measured)
    } else {
      groups = [Array(graph.segments.indices)]
    }
    let order = groups.flatMap { $0 }
    let (values, count) = (graph.adjacency, graph.segments.count)
    let weights = values.filter { $0 > 0 }
    let labels: [SegmentGraph.Weight: String] = [
      .count: "synapses", .area: "sum of sizes", .score: "sum of scores",
    ]
    let areGrouped = groups.count > 1 && groups.count <= Self.mostGroups
    return try HeatMap(
      title: "Rows send, columns receive", label: labels[graph.weight] ?? "",
      values: order.flatMap { row in order.map { values[row * count + $0] } },
      names: order.map { "\(graph.segments[$0])" },
      groups: areGrouped
        ? groups.enumerated().map { HeatMap.Group("\($0.offset + 1)", count: $0.element.count) }
        : [],
      isLogarithmic: (weights.max() ?? 1) > 20 * (weights.min() ?? 1)
    ).drawn(as: .svg)
  }

  /// The numbers of connections of neurons as a picture.
  func degreePicture() throws(DrawingError) -> [UInt8] {
    try Histogram(
      title: "Connections of a neuron, in both directions", xLabel: "degree", yLabel: "neurons",
      values: (measured?.degrees ?? []).map { Double($0) }
    ).drawn(as: .svg)
  }

  /// The most communities whose numbers can be read beside a matrix.
  private static let mostGroups = 24
}

/// A folder with a connectome in all its formats.
struct ConnectomeFolder {
  /// The file that marks such a folder and says how it was made.
  static let marker = "connectome.json"
  /// The most neurons whose matrix is drawn.
  private static let mostDrawn = 4096

  let path: String

  private var unfinished: String { OutputImage.unfinishedPath(of: FileStore(root: path).root) }

  /// Checks that the folder can be made, before the work begins.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists`.
  func checkFree(replacing: Bool) throws {
    guard ExistingOutput.exists(path) else { return }
    guard replacing else { throw ExistingOutput.error(path, "is there already") }
    guard try FileStore(root: path).exists(Self.marker) else {
      throw VolumeError(
        .alreadyExists, path: path, "something else than a connectome is not replaced",
        remedy: "choose another output, or remove it yourself")
    }
    try ExistingOutput.checkReplaceable(path)
  }

  /// Writes everything beside the place of the folder, then gives it its name.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` or `inputOutput`.
  func write(
    _ contents: ConnectomeContents, replacing: Bool, drawsPictures: Bool, _ context: CommandContext
  ) throws {
    if ExistingOutput.exists(unfinished) {
      guard try FileStore(root: unfinished).exists(Self.marker) else {
        throw VolumeError(
          .alreadyExists, path: unfinished, "something else is where the connectome is prepared",
          remedy: "choose another output, or remove it yourself")
      }
      try ExistingOutput.remove(unfinished)
    }
    let (store, graph) = (FileStore(root: unfinished), contents.graph)
    func write(_ bytes: [UInt8], _ name: String) throws {
      try context.checkCancellation()
      try ExistingOutput.creating { () throws(VolumeError) in
        try store.write(bytes.rawSpan, to: name)
      }
    }
    // First, so that what a stopped run leaves is known for what it is.
    try write(
      graph.nodeLinkJSON(facts: contents.facts, nodes: contents.nodes), Self.marker)
    try write(graph.table(), "edges.csv")
    try write(graph.table(separator: "\t"), "edges.tsv")
    try write(graph.graphML(facts: contents.facts), "connectome.graphml")
    try write(graph.rowTable, "labels.csv")
    if graph.segments.count <= ParsedMatrix.mostNodes {
      try writeMatrix(graph)
    } else {
      context.warn(
        "adjacency.npy is not written: \(graph.segments.count) segments are too many for a matrix")
    }
    if let measures = contents.measures { try write(measures, "measures.json") }
    if drawsPictures {
      do {
        try write(contents.degreePicture(), "degrees.svg")
        if graph.segments.count <= Self.mostDrawn {
          try write(contents.matrixPicture(), "adjacency.svg")
        } else {
          context.warn(
            "adjacency.svg is not drawn: \(graph.segments.count) segments are too many to see")
        }
      } catch let error as DrawingError {
        throw VolumeError(.inputOutput, path: path, error.message)
      }
    }
    if replacing { try ExistingOutput.remove(path) }
    try store.move(to: FileStore(root: path).root)
  }

  private func writeMatrix(_ graph: SegmentGraph) throws {
    var file = try NewFile(path: "\(unfinished)/adjacency.npy", replacing: false)
    var offset = 0
    try graph.forEachNumPyPiece { piece throws(VolumeError) in
      try file.write(piece.rawSpan, at: offset)
      offset += piece.count
    }
    try file.commit()
  }
}
