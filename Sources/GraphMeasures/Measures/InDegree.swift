/// The number of connections that enter a node.
enum InDegree: GraphMeasure {
  static let name = "in_degree"
  static let summary = "The number of connections that enter a node."
  static let scope = MeasureScope.node
  static let domain: MeasureDomain = [.binary, .directed]

  static let source = "Rubinov & Sporns 2010"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .nodes(analysis.graph.inDegrees.map { Double($0) })
  }
}
