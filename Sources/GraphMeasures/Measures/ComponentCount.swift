/// The number of parts between which there is no path; directions do not count.
enum ComponentCount: GraphMeasure {
  static let name = "components"
  static let summary =
    "The number of parts between which there is no path; directions do not count."
  static let scope = MeasureScope.graph
  static let domain: MeasureDomain = [.binary, .undirected, .directed]

  static let source = "Rubinov & Sporns 2010"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .graph(Double((analysis.graph.components.max() ?? -1) + 1))
  }
}
