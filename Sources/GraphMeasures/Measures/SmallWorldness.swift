/// Clustering over that of rewired graphs, by path length over theirs.
enum SmallWorldness: GraphMeasure {
  static let name = "small_worldness"
  static let summary = "Clustering over that of rewired graphs, by path length over theirs."
  static let scope = MeasureScope.parts
  static let domain: MeasureDomain = .all
  static let needs: Set<MeasureNeed> = [.lengths, .nulls]
  static let source = "Humphries & Gurney 2008; Maslov & Sneppen 2002"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    let nulls = try analysis.nulls()
    let chance = concurrentMap(nulls.count, threads: analysis.settings.threads) { number in
      (
        clustering: Triangles(of: nulls[number], threads: 1).shares.mean,
        length: pathSummaries(along: LengthGraph(inverseOf: nulls[number]), threads: 1).meanLength
      )
    }
    let clustering = (
      found: analysis.triangles().shares.mean, chance: chance.map(\.clustering).mean
    )
    let length = (found: analysis.paths().meanLength, chance: chance.map(\.length).mean)
    let gamma = clustering.found / clustering.chance
    let lambda = length.found / length.chance
    return .parts([
      MeasuredValue.Part("sigma", gamma / lambda),
      MeasuredValue.Part("gamma", gamma),
      MeasuredValue.Part("lambda", lambda),
      MeasuredValue.Part("null_clustering", clustering.chance),
      MeasuredValue.Part("null_path_length", length.chance),
    ])
  }
}
