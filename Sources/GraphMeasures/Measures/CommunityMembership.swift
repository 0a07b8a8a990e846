/// The number of the community of a node.
enum CommunityMembership: GraphMeasure {
  static let name = "community"
  static let summary = "The number of the community of a node."
  static let scope = MeasureScope.node
  static let domain: MeasureDomain = .all
  static let needs: Set<MeasureNeed> = [.communities]
  static let source = "Traag et al. 2019; Blondel et al. 2008"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .nodes(try analysis.partition().communities.map { Double($0) })
  }
}
