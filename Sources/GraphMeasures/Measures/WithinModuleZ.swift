/// How strongly a node is connected within its community, in standard deviations.
enum WithinModuleZ: GraphMeasure {
  static let name = "within_module_z"
  static let summary =
    "How strongly a node is connected within its community, in standard deviations."
  static let scope = MeasureScope.node
  static let domain: MeasureDomain = .all
  static let needs: Set<MeasureNeed> = [.communities]
  static let source = "Guimerà & Amaral 2005"

  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue {
    .nodes(try analysis.partition().withinModuleZ(in: analysis.graph))
  }
}
