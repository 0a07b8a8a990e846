/// Something to be done with contacts by whichever statistic is chosen.
protocol ContactScoring {
  associatedtype Value
  /// Does it with a statistic, given what makes one of the contact at a place in a graph.
  func run<Statistic: ContactStatistic>(
    _ statistic: @escaping @Sendable (RegionGraph, Int) -> Statistic
  ) throws -> Value
}

extension ContactScore {
  /// Does something with the statistic that this stands for.
  func apply<Scoring: ContactScoring>(_ scoring: Scoring) throws -> Scoring.Value {
    switch self {
    case .mean:
      try scoring.run { graph, place in graph.contacts[place].affinity }
    case .maximum:
      try scoring.run { graph, place in
        let contact = graph.contacts[place]
        return MaximumAffinity(count: contact.affinity.count, strongest: contact.strongest)
      }
    case .quantile(let level):
      try scoring.run { graph, place in
        QuantileAffinity(graph.histogram(of: place), level: level)
      }
    }
  }
}
