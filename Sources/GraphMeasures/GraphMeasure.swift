/// A number, or numbers, that say something of a graph.
///
/// One type in one file under `Measures`, and one line in ``AllMeasures``.
public protocol GraphMeasure: Sendable {
  /// What it is called on the command line and in files, such as `local_efficiency`.
  static var name: String { get }
  /// What it says, as one sentence.
  static var summary: String { get }
  /// What it gives.
  static var scope: MeasureScope { get }
  /// For which graphs it is defined.
  static var domain: MeasureDomain { get }
  /// What it needs besides the graph.
  static var needs: Set<MeasureNeed> { get }
  /// The paper that defines it.
  static var source: String { get }
  /// Measures a graph.
  ///
  /// - Parameter analysis: The graph, with what measures share; weights are 1 where it is binary.
  /// - Returns: The values, shaped as ``scope`` says.
  /// - Throws: ``GraphError`` where the graph library fails or the graph is too large.
  static func measure(_ analysis: inout GraphAnalysis) throws(GraphError) -> MeasuredValue
}

extension GraphMeasure {
  /// Nothing.
  public static var needs: Set<MeasureNeed> { [] }

  /// Whether the measure is defined for a graph.
  public static func isDefined(_ weighting: GraphAnalysis.Weighting, isDirected: Bool) -> Bool {
    domain.contains(weighting == .binary ? .binary : .weighted)
      && domain.contains(isDirected ? .directed : .undirected)
  }
}

/// What a measure gives.
public enum MeasureScope: String, Hashable, Sendable {
  /// One number.
  case graph
  /// A number for each node.
  case node
  /// A number for each level, such as each degree.
  case level
  /// Several named numbers.
  case parts
}

/// What a measure needs besides the graph.
public enum MeasureNeed: String, Hashable, Sendable {
  /// The lengths of shortest paths.
  case lengths
  /// A partition into communities.
  case communities
  /// Graphs of the same degrees, otherwise random.
  case nulls
}

/// For which graphs a measure is defined.
public struct MeasureDomain: OptionSet, Hashable, Sendable {
  /// The sum of the cases.
  public let rawValue: Int

  /// Creates a set of cases.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Graphs of which only the presence of connections counts.
  public static let binary = MeasureDomain(rawValue: 1)
  /// Graphs of which weights count.
  public static let weighted = MeasureDomain(rawValue: 2)
  /// Graphs whose connections have no direction.
  public static let undirected = MeasureDomain(rawValue: 4)
  /// Graphs whose connections have a direction.
  public static let directed = MeasureDomain(rawValue: 8)
  /// Every graph.
  public static let all: MeasureDomain = [.binary, .weighted, .undirected, .directed]
}

/// What a measure gave.
public enum MeasuredValue: Hashable, Sendable {
  /// One number; not a number where it is not defined for the graph.
  case graph(Double)
  /// A number for each node.
  case nodes([Double])
  /// A number for each level from a first one.
  case levels(first: Int, [Double])
  /// Named numbers.
  case parts([Part])

  /// A named number.
  public struct Part: Hashable, Sendable {
    /// What the number is.
    public var name: String
    /// The number.
    public var value: Double

    /// Creates a named number.
    public init(_ name: String, _ value: Double) {
      self.name = name
      self.value = value
    }
  }
}
