/// The mean over pairs of one by the length of their shortest path.
enum GlobalEfficiency: GraphMeasure {
  static let name = "global_efficiency"
  static let summary = "The mean over pairs of one by the length of their shortest path."
  static let scope = MeasureScope.graph
  static let domain: MeasureDomain = .all
  static let needs: Set<MeasureNeed> = [.lengths]
  static let source = "Latora & Marchiori 2001"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    let paths = analysis.paths()
    let count = Double(paths.count)
    return .graph(
      count > 1 ? paths.reduce(0) { $0 + $1.inverseSum } / (count * (count - 1)) : .nan)
  }
}
