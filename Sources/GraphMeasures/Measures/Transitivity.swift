/// The intensity of all triangles over those possible.
enum Transitivity: GraphMeasure {
  static let name = "transitivity"
  static let summary = "The intensity of all triangles over those possible."
  static let scope = MeasureScope.graph
  static let domain: MeasureDomain = .all

  static let source = "Newman 2003; Rubinov & Sporns 2010"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .graph(analysis.triangles().transitivity)
  }
}
