/// The sum of the weights that leave a node.
enum OutStrength: GraphMeasure {
  static let name = "out_strength"
  static let summary = "The sum of the weights that leave a node."
  static let scope = MeasureScope.node
  static let domain: MeasureDomain = [.weighted, .directed]

  static let source = "Barrat et al. 2004"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .nodes(analysis.graph.outStrengths)
  }
}
