/// How much more weight lies within communities than by chance.
enum Modularity: GraphMeasure {
  static let name = "modularity"
  static let summary = "How much more weight lies within communities than by chance."
  static let scope = MeasureScope.graph
  static let domain: MeasureDomain = .all
  static let needs: Set<MeasureNeed> = [.communities]
  static let source = "Newman 2006; Leicht & Newman 2008"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    let partition = try analysis.partition()
    let resolution = analysis.settings.communities.resolution
    return .graph(partition.modularity(of: analysis.graph, resolution: resolution))
  }
}
