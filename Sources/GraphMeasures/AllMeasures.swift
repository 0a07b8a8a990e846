/// Every measure, in the order in which they are written.
public enum AllMeasures {
  /// The list.
  public static let list: [any GraphMeasure.Type] = [
    Density.self,
    ComponentCount.self,
    LargestComponent.self,
    Degree.self,
    InDegree.self,
    OutDegree.self,
    Strength.self,
    InStrength.self,
    OutStrength.self,
    Reciprocity.self,
    Clustering.self,
    MeanClustering.self,
    Transitivity.self,
    PathLength.self,
    GlobalEfficiency.self,
    LocalEfficiency.self,
    Eccentricity.self,
    Diameter.self,
    Betweenness.self,
    EigenvectorCentrality.self,
    Coreness.self,
    Assortativity.self,
    Modularity.self,
    CommunityMembership.self,
    Participation.self,
    WithinModuleZ.self,
    RichClub.self,
    NormalizedRichClub.self,
    SmallWorldness.self,
    TriadCensus.self,
    TriadScores.self,
  ]

  /// The measure of a name; nil where there is none.
  public static func named(_ name: String) -> (any GraphMeasure.Type)? {
    list.first { $0.name == name }
  }

  /// The measures of some names, for graphs of one kind.
  ///
  /// - Parameters:
  ///   - names: The names; none for all that are defined.
  ///   - weightings: The ways in which weights count.
  ///   - isDirected: Whether connections have a direction.
  ///   - withNulls: Whether all measures include those that compare with rewired graphs.
  /// - Returns: At least one measure, each defined for one of the weightings.
  /// - Throws: ``MeasureChoiceError`` for a name that is none, or of a measure that is not defined.
  public static func chosen(
    _ names: [String], for weightings: [GraphAnalysis.Weighting], isDirected: Bool, withNulls: Bool
  ) throws(MeasureChoiceError) -> [any GraphMeasure.Type] {
    func isDefined(_ measure: any GraphMeasure.Type) -> Bool {
      weightings.contains { measure.isDefined($0, isDirected: isDirected) }
    }
    guard !names.isEmpty else {
      return list.filter { isDefined($0) && (withNulls || !$0.needs.contains(.nulls)) }
    }
    var chosen: [any GraphMeasure.Type] = []
    for name in names {
      guard let measure = named(name) else {
        throw MeasureChoiceError(
          message: "there is no such measure", found: name,
          expected: list.map { $0.name }.joined(separator: ", "))
      }
      guard isDefined(measure) else {
        throw MeasureChoiceError(
          message: "\(name) is not defined for such a graph",
          found: isDirected ? "a directed graph" : "a graph without directions")
      }
      chosen.append(measure)
    }
    return chosen
  }
}

/// Measures that cannot be taken.
public struct MeasureChoiceError: Error, Hashable, Sendable {
  /// What is wrong, lower case, no full stop.
  public var message: String
  /// What was found.
  public var found: String
  /// What was expected; nil where the measure is not defined for such graphs.
  public var expected: String?
}
