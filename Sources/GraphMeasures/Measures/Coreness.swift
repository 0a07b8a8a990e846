/// The largest k of a core, in which all nodes have k connections, that a node belongs to.
enum Coreness: GraphMeasure {
  static let name = "coreness"
  static let summary =
    "The largest k of a core, in which all nodes have k connections, that a node belongs to."
  static let scope = MeasureScope.node
  static let domain: MeasureDomain = [.binary, .undirected, .directed]
  static let source = "Seidman 1983; Hagmann et al. 2008"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .nodes(try Igraph.coreness(of: analysis.graph).map { Double($0) })
  }
}
