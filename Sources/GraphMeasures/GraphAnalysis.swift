/// A graph under measurement, with what several measures share, computed when first asked for.
public struct GraphAnalysis: Sendable {
  /// Whether weights count.
  public enum Weighting: String, Hashable, Sendable, CaseIterable {
    /// A connection is there or not.
    case binary
    /// Weights count.
    case weighted
  }

  /// How measures are taken.
  public struct Settings: Hashable, Sendable {
    /// Whether weights are divided by the largest where lengths and triangles are taken.
    public var isNormalizing: Bool
    /// How communities are found.
    public var communities: CommunityDetection
    /// Communities given beforehand, for each node; nil to find them.
    public var partition: Partition?
    /// How many rewired graphs stand for chance; above 0.
    public var nulls: Int
    /// How often each connection is drawn when a graph is rewired.
    public var swaps: Int
    /// What the random numbers of rewiring begin with.
    public var seed: UInt64
    /// How many threads work at once; never changes a result.
    public var threads: Int

    /// Creates settings.
    public init(
      isNormalizing: Bool = true, communities: CommunityDetection = CommunityDetection(),
      partition: Partition? = nil, nulls: Int = 100, swaps: Int = 10, seed: UInt64 = 0,
      threads: Int = 1
    ) {
      precondition(nulls > 0 && swaps > 0 && threads > 0, "nulls, swaps and threads are above 0")
      self.isNormalizing = isNormalizing
      self.communities = communities
      self.partition = partition
      self.nulls = nulls
      self.swaps = swaps
      self.seed = seed
      self.threads = threads
    }
  }

  /// Whether weights count.
  public let weighting: Weighting
  /// The graph; all weights are 1 where it is binary.
  public let graph: Graph
  /// The graph with its largest weight 1, unless weights are to stay; what triangles and lengths
  /// are taken of.
  public let scaled: Graph
  /// How measures are taken.
  public let settings: Settings
  private var knownLengths: LengthGraph?
  private var knownPaths: [PathSummary]?
  private var knownTriangles: Triangles?
  private var knownPartition: Partition?
  private var knownNulls: [Graph]?

  /// Prepares a graph.
  ///
  /// - Precondition: A partition given in the settings names every node.
  public init(_ graph: Graph, weighting: Weighting, settings: Settings = Settings()) {
    precondition(
      settings.partition.map { $0.communities.count == graph.nodeCount } ?? true,
      "a partition names every node")
    self.weighting = weighting
    self.graph = weighting == .binary ? graph.binarized : graph
    scaled =
      weighting == .weighted && settings.isNormalizing ? graph.normalized : self.graph
    self.settings = settings
  }

  /// The length of each connection: one by its weight.
  mutating func lengths() -> LengthGraph {
    let lengths = knownLengths ?? LengthGraph(inverseOf: scaled)
    knownLengths = lengths
    return lengths
  }

  /// What the shortest paths from each node come to.
  mutating func paths() -> [PathSummary] {
    let paths = knownPaths ?? pathSummaries(along: lengths(), threads: settings.threads)
    knownPaths = paths
    return paths
  }

  /// The triangles at each node.
  mutating func triangles() -> Triangles {
    let triangles = knownTriangles ?? Triangles(of: scaled, threads: settings.threads)
    knownTriangles = triangles
    return triangles
  }

  /// The communities.
  mutating func partition() throws(GraphError) -> Partition {
    if let known = settings.partition ?? knownPartition { return known }
    let found = try settings.communities.partition(of: graph, threads: settings.threads)
    knownPartition = found
    return found
  }

  /// Rewired graphs, with the weights of ``scaled``.
  mutating func nulls() throws(GraphError) -> [Graph] {
    if let knownNulls { return knownNulls }
    let (scaled, settings) = (scaled, settings)
    let results = concurrentMap(settings.nulls, threads: settings.threads) { number in
      Result { () throws(GraphError) in
        try Rewiring.rewired(
          scaled, swaps: settings.swaps, seed: settings.seed, number: number)
      }
    }
    var nulls: [Graph] = []
    for result in results { nulls.append(try result.get()) }
    knownNulls = nulls
    return nulls
  }
}
