/// The part of a node in the leading eigenvector, which has length 1.
enum EigenvectorCentrality: GraphMeasure {
  static let name = "eigenvector_centrality"
  static let summary = "The part of a node in the leading eigenvector, which has length 1."
  static let scope = MeasureScope.node
  static let domain: MeasureDomain = .all
  static let source = "Bonacich 1972"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .nodes(leadingEigenvector(of: analysis.graph))
  }
}
