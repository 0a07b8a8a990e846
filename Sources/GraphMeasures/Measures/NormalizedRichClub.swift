/// The rich club over the mean of those of rewired graphs.
enum NormalizedRichClub: GraphMeasure {
  static let name = "rich_club_normalized"
  static let summary = "The rich club over the mean of those of rewired graphs."
  static let scope = MeasureScope.level
  static let domain: MeasureDomain = .all
  static let needs: Set<MeasureNeed> = [.nulls]
  static let source = "Colizza et al. 2006"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    let curve = richClub(of: analysis.graph, analysis.weighting)
    let weighting = analysis.weighting
    let nulls = try analysis.nulls()
    let chance = concurrentMap(nulls.count, threads: analysis.settings.threads) {
      richClub(of: nulls[$0], weighting)
    }
    return .levels(
      first: 1,
      curve.indices.map { level in
        let mean = chance.map { $0[level] }.mean
        return mean > 0 ? curve[level] / mean : .nan
      })
  }
}
