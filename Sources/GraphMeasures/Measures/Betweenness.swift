/// How many shortest paths of ordered pairs of other nodes run through a node.
enum Betweenness: GraphMeasure {
  static let name = "betweenness"
  static let summary = "How many shortest paths of ordered pairs of other nodes run through a node."
  static let scope = MeasureScope.node
  static let domain: MeasureDomain = .all
  static let needs: Set<MeasureNeed> = [.lengths]
  static let source = "Freeman 1977; Brandes 2001"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .nodes(pathCentrality(along: analysis.lengths(), threads: analysis.settings.threads))
  }
}
