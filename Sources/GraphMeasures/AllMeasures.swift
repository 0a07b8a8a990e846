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
}
