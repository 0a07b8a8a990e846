/// The number of connections of a node, both directions counted.
enum Degree: GraphMeasure {
  static let name = "degree"
  static let summary = "The number of connections of a node, both directions counted."
  static let scope = MeasureScope.node
  static let domain: MeasureDomain = [.binary, .undirected, .directed]

  static let source = "Rubinov & Sporns 2010"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .nodes(analysis.graph.degrees.map { Double($0) })
  }
}
