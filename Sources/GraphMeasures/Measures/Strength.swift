/// The sum of the weights of a node, both directions counted.
enum Strength: GraphMeasure {
  static let name = "strength"
  static let summary = "The sum of the weights of a node, both directions counted."
  static let scope = MeasureScope.node
  static let domain: MeasureDomain = [.weighted, .undirected, .directed]

  static let source = "Barrat et al. 2004"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .nodes(analysis.graph.strengths)
  }
}
