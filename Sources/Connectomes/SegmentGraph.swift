/// Which segments synapses join, and by how many: a directed graph of neurons.
///
/// Memory is proportional to segments and connections, so that it serves as many as there are.
public struct SegmentGraph: Hashable, Sendable {
  /// One synapse, as far as a graph needs it.
  public struct Contact: Hashable, Sendable {
    /// The segments that send and receive.
    public var source: UInt64, target: UInt64
    /// How large it is; nil where that is not known.
    public var size: Double?
    /// How sure its finder is; nil where that is not known.
    public var score: Double?
    /// The region it lies in, 0 for none; nil where there are no regions.
    public var region: UInt64?

    /// Creates a contact.
    public init(
      from source: UInt64, to target: UInt64, size: Double? = nil, score: Double? = nil,
      region: UInt64? = nil
    ) {
      self.source = source
      self.target = target
      self.size = size
      self.score = score
      self.region = region
    }
  }

  /// What several synapses come to.
  public struct Sums: Hashable, Sendable {
    /// How many they are.
    public internal(set) var count = 0
    /// The sum of those sizes that are known; nil where none is.
    public internal(set) var size: Double?
    /// The sum of those scores that are known; nil where none is.
    public internal(set) var score: Double?
    private var scoredCount = 0

    /// The mean of the scores that are known; nil where none is.
    public var meanScore: Double? { score.map { $0 / Double(scoredCount) } }

    mutating func add(_ contact: Contact) {
      count += 1
      if let size = contact.size { self.size = (self.size ?? 0) + size }
      if let score = contact.score {
        self.score = (self.score ?? 0) + score
        scoredCount += 1
      }
    }
  }

  /// All synapses from one segment to another.
  public struct Edge: Hashable, Sendable {
    /// The places of the segments in ``SegmentGraph/segments``.
    public internal(set) var source: Int, target: Int
    /// What the synapses come to.
    public internal(set) var sums = Sums()
    /// What those of each region come to, by region; empty where there are no regions.
    public internal(set) var regions: [RegionSums] = []

    init(_ source: Int, _ target: Int) {
      self.source = source
      self.target = target
    }
  }

  /// What the synapses of a connection that lie in one region come to.
  public struct RegionSums: Hashable, Sendable {
    /// The region; 0 for none.
    public var region: UInt64
    /// What they come to.
    public var sums: Sums
  }

  /// What the weight of a connection is.
  public enum Weight: String, Hashable, Sendable, CaseIterable {
    /// The number of its synapses.
    case count
    /// The sum of their sizes.
    case area
    /// The sum of their scores.
    case score
  }

  /// The segments that are joined, ascending.
  public let segments: [UInt64]
  /// The connections, by source, then target, each pair once.
  public let edges: [Edge]
  /// What weights are.
  public let weight: Weight

  /// Joins the synapses of each pair of segments.
  ///
  /// Sums are taken in the order of the contacts.
  ///
  /// - Parameters:
  ///   - contacts: The synapses; those of a segment with itself are connections too.
  ///   - weight: What weights are; synapses that do not have it count 0.
  ///   - minimumWeight: Connections of a lower weight are left out, and so are segments without any.
  /// - Complexity: O(*k* log *k*) in the contacts.
  public init(joining contacts: [Contact], weight: Weight = .count, minimumWeight: Double = 0) {
    let order = contacts.indices.sorted { first, second in
      let (one, other) = (contacts[first], contacts[second])
      return (one.source, one.target, first) < (other.source, other.target, second)
    }
    var joined: [(source: UInt64, target: UInt64, edge: Edge)] = []
    var first = order.startIndex
    while first < order.endIndex {
      let contact = contacts[order[first]]
      var edge = Edge(0, 0)
      var regions: [UInt64: Sums] = [:]
      var next = first
      while next < order.endIndex, case let member = contacts[order[next]],
        member.source == contact.source, member.target == contact.target
      {
        edge.sums.add(member)
        if let region = member.region { regions[region, default: Sums()].add(member) }
        next += 1
      }
      edge.regions = regions.sorted { $0.key < $1.key }.map {
        RegionSums(region: $0.key, sums: $0.value)
      }
      if edge.weight(weight) >= minimumWeight {
        joined.append((contact.source, contact.target, edge))
      }
      first = next
    }
    segments = Set(joined.lazy.flatMap { [$0.source, $0.target] }).sorted()
    let places = Dictionary(uniqueKeysWithValues: segments.enumerated().map { ($1, $0) })
    edges = joined.map { source, target, edge in
      var edge = edge
      edge.source = places[source] ?? 0
      edge.target = places[target] ?? 0
      return edge
    }
    self.weight = weight
  }

  /// The weight of a connection.
  public func weight(of edge: Edge) -> Double { edge.weight(weight) }

  /// Whether connections are told apart by regions.
  public var hasRegions: Bool { edges.contains { !$0.regions.isEmpty } }

  /// The number of synapses in all connections.
  public var synapseCount: Int { edges.reduce(0) { $0 + $1.sums.count } }
}

extension SegmentGraph.Edge {
  fileprivate func weight(_ weight: SegmentGraph.Weight) -> Double { sums.weight(weight) }
}

extension SegmentGraph.Sums {
  func weight(_ weight: SegmentGraph.Weight) -> Double {
    switch weight {
    case .count: Double(count)
    case .area: size ?? 0
    case .score: score ?? 0
    }
  }
}
