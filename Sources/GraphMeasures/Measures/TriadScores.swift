/// How far each count of triads lies from those of rewired graphs, in standard deviations.
enum TriadScores: GraphMeasure {
  static let name = "triad_z"
  static let summary =
    "How far each count of triads lies from those of rewired graphs, in standard deviations."
  static let scope = MeasureScope.parts
  static let domain: MeasureDomain = [.binary, .directed]
  static let needs: Set<MeasureNeed> = [.nulls]
  static let source = "Milo et al. 2002"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    let counts = try Igraph.triadCensus(of: analysis.graph)
    var chance: [[Double]] = []
    for null in try analysis.nulls() { chance.append(try Igraph.triadCensus(of: null)) }
    return .parts(
      counts.indices.map { place in
        let values = chance.map { $0[place] }
        let spread = values.standardDeviation
        return MeasuredValue.Part(
          TriadCensus.names[place],
          spread > 0 ? (counts[place] - values.mean) / spread : .nan)
      })
  }
}
