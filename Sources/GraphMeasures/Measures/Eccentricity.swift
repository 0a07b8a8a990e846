/// The length of the longest shortest path from a node, among those there are.
enum Eccentricity: GraphMeasure {
  static let name = "eccentricity"
  static let summary = "The length of the longest shortest path from a node, among those there are."
  static let scope = MeasureScope.node
  static let domain: MeasureDomain = .all
  static let needs: Set<MeasureNeed> = [.lengths]
  static let source = "Rubinov & Sporns 2010"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .nodes(analysis.paths().map(\.largest))
  }
}
