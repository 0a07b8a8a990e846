/// How often each of the 16 directed graphs of three nodes occurs.
enum TriadCensus: GraphMeasure {
  static let name = "triad_census"
  static let summary = "How often each of the 16 directed graphs of three nodes occurs."
  static let scope = MeasureScope.parts
  static let domain: MeasureDomain = [.binary, .directed]
  static let source = "Davis & Leinhardt 1972; Batagelj & Mrvar 2001"

  /// The names of the 16, by numbers of mutual, one-way and absent connections.
  static let names = [
    "003", "012", "102", "021D", "021U", "021C", "111D", "111U", "030T", "030C", "201", "120D",
    "120U", "120C", "210", "300",
  ]

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    let counts = try Igraph.triadCensus(of: analysis.graph)
    return .parts(zip(names, counts).map { MeasuredValue.Part($0, $1) })
  }
}
