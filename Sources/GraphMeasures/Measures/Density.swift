/// The share of possible connections that are there.
enum Density: GraphMeasure {
  static let name = "density"
  static let summary = "The share of possible connections that are there."
  static let scope = MeasureScope.graph
  static let domain: MeasureDomain = [.binary, .undirected, .directed]

  static let source = "Rubinov & Sporns 2010"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    let count = Double(analysis.graph.nodeCount)
    let possible = count * (count - 1) / (analysis.graph.isDirected ? 1 : 2)
    return .graph(possible > 0 ? Double(analysis.graph.edgeCount) / possible : .nan)
  }
}
