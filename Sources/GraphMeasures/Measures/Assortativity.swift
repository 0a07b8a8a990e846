/// The correlation of the strengths of connected nodes; of out and in-strength in a directed graph.
enum Assortativity: GraphMeasure {
  static let name = "assortativity"
  static let summary =
    "The correlation of the strengths of connected nodes; of out and in-strength in a directed graph."
  static let scope = MeasureScope.graph
  static let domain: MeasureDomain = .all
  static let source = "Newman 2002; Foster et al. 2010"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    let graph = analysis.graph
    let (first, second) =
      graph.isDirected
      ? (graph.outStrengths, graph.inStrengths) : (graph.strengths, graph.strengths)
    let edges = graph.edges
    let count = Double(edges.count)
    var (product, sum, squares) = (0.0, 0.0, 0.0)
    for edge in edges {
      let (a, b) = (first[edge.source], second[edge.target])
      product += a * b
      sum += (a + b) / 2
      squares += (a * a + b * b) / 2
    }
    let square = (sum / count) * (sum / count)
    let spread = squares / count - square
    // A spread that is rounding alone is none: all strengths are alike.
    return .graph(spread > 1e-14 * square ? (product / count - square) / spread : .nan)
  }
}
