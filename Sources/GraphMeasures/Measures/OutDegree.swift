/// The number of connections that leave a node.
enum OutDegree: GraphMeasure {
  static let name = "out_degree"
  static let summary = "The number of connections that leave a node."
  static let scope = MeasureScope.node
  static let domain: MeasureDomain = [.binary, .directed]

  static let source = "Rubinov & Sporns 2010"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .nodes(analysis.graph.outDegrees.map { Double($0) })
  }
}
