/// The mean over nodes of clustering.
enum MeanClustering: GraphMeasure {
  static let name = "mean_clustering"
  static let summary = "The mean over nodes of clustering."
  static let scope = MeasureScope.graph
  static let domain: MeasureDomain = .all

  static let source = "Watts & Strogatz 1998"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .graph(analysis.triangles().shares.mean)
  }
}
