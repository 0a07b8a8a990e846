/// How short the paths among the neighbours of a node are without it.
enum LocalEfficiency: GraphMeasure {
  static let name = "local_efficiency"
  static let summary = "How short the paths among the neighbours of a node are without it."
  static let scope = MeasureScope.node
  static let domain: MeasureDomain = .all
  static let needs: Set<MeasureNeed> = [.lengths]
  static let source = "Latora & Marchiori 2001; Wang et al. 2017"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .nodes(neighbourhoodEfficiency(of: analysis.scaled, threads: analysis.settings.threads))
  }
}
