/// How evenly the connections of a node are spread over communities.
enum Participation: GraphMeasure {
  static let name = "participation"
  static let summary = "How evenly the connections of a node are spread over communities."
  static let scope = MeasureScope.node
  static let domain: MeasureDomain = .all
  static let needs: Set<MeasureNeed> = [.communities]
  static let source = "Guimerà & Amaral 2005"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .nodes(try analysis.partition().participation(in: analysis.graph))
  }
}
