/// The largest eccentricity.
enum Diameter: GraphMeasure {
  static let name = "diameter"
  static let summary = "The largest eccentricity."
  static let scope = MeasureScope.graph
  static let domain: MeasureDomain = .all
  static let needs: Set<MeasureNeed> = [.lengths]
  static let source = "Rubinov & Sporns 2010"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .graph(analysis.paths().map(\.largest).max() ?? .nan)
  }
}
