/// The number of nodes of the largest part.
enum LargestComponent: GraphMeasure {
  static let name = "largest_component"
  static let summary = "The number of nodes of the largest part."
  static let scope = MeasureScope.graph
  static let domain: MeasureDomain = [.binary, .undirected, .directed]

  static let source = "Rubinov & Sporns 2010"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    var sizes: [Int: Int] = [:]
    for component in analysis.graph.components { sizes[component, default: 0] += 1 }
    return .graph(Double(sizes.values.max() ?? 0))
  }
}
