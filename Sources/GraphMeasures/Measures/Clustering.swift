/// The intensity of triangles at a node over those possible.
enum Clustering: GraphMeasure {
  static let name = "clustering"
  static let summary = "The intensity of triangles at a node over those possible."
  static let scope = MeasureScope.node
  static let domain: MeasureDomain = .all

  static let source = "Watts & Strogatz 1998; Onnela et al. 2005; Fagiolo 2007"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    let triangles = analysis.triangles()
    return .nodes(triangles.shares)
  }
}
