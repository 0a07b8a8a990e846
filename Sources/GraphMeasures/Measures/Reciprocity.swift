/// The share of connections that are answered in the other direction.
enum Reciprocity: GraphMeasure {
  static let name = "reciprocity"
  static let summary = "The share of connections that are answered in the other direction."
  static let scope = MeasureScope.graph
  static let domain: MeasureDomain = [.binary, .directed]
  static let source = "Wasserman & Faust 1994; Garlaschelli & Loffredo 2004"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    let edges = analysis.graph.edges
    let answered = edges.count {
      analysis.graph.outgoing.weight(from: $0.target, to: $0.source) != 0
    }
    return .graph(edges.isEmpty ? .nan : Double(answered) / Double(edges.count))
  }
}
