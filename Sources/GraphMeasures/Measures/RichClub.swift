/// How densely, or strongly, nodes of high degree are connected with each other.
enum RichClub: GraphMeasure {
  static let name = "rich_club"
  static let summary =
    "How densely, or strongly, nodes of high degree are connected with each other."
  static let scope = MeasureScope.level
  static let domain: MeasureDomain = .all
  static let source = "Colizza et al. 2006; Opsahl et al. 2008; van den Heuvel & Sporns 2011"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .levels(first: 1, richClub(of: analysis.graph, analysis.weighting))
  }
}
