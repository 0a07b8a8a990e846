/// The mean length of shortest paths between nodes that have one.
enum PathLength: GraphMeasure {
  static let name = "path_length"
  static let summary = "The mean length of shortest paths between nodes that have one."
  static let scope = MeasureScope.graph
  static let domain: MeasureDomain = .all
  static let needs: Set<MeasureNeed> = [.lengths]
  static let source = "Watts & Strogatz 1998"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .graph(analysis.paths().meanLength)
  }
}
