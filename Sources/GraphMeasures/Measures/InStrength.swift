/// The sum of the weights that enter a node.
enum InStrength: GraphMeasure {
  static let name = "in_strength"
  static let summary = "The sum of the weights that enter a node."
  static let scope = MeasureScope.node
  static let domain: MeasureDomain = [.weighted, .directed]

  static let source = "Barrat et al. 2004"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .nodes(analysis.graph.inStrengths)
  }
}
