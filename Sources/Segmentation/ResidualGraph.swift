public import Voxels

/// The part of an agglomeration that a box of voxels cannot decide by itself.
public struct ResidualGraph<Statistic: ContactStatistic>: Hashable, Sendable {
  /// A region that may still merge.
  public struct Region: Hashable, Sendable {
    /// The smallest of its fragments' ids.
    public var id: UInt64
    /// The faces of the box by which it reaches, or lies, beyond it.
    public var openFaces: OpenFaces
    /// The number of its voxels in the box.
    public var voxelCount: UInt64
    /// Its voxels of each class, where classes are known.
    public var classes = ClassCounts()
  }

  /// The contact of two regions.
  public struct Edge: Hashable, Sendable {
    /// The two regions, the smaller id first.
    public var first: UInt64, second: UInt64
    /// The last of the contacts between fragments that it consists of.
    public var origin: FragmentPair
    /// What ranks it.
    public var statistic: Statistic
    /// The strongest link.
    public var peak: ContactPeak
    /// Whether the regions, or parts of them, are to stay apart.
    public var isVetoed = false
  }

  /// The voxels accounted for.
  public let box: VoxelBox
  /// The regions, by id.
  public let regions: [Region]
  /// The contacts, by first and second region.
  public let edges: [Edge]
}

/// Two fragments, the smaller id first.
public struct FragmentPair: Hashable, Comparable, Sendable {
  /// The ids.
  public var first: UInt64, second: UInt64

  /// Creates a pair.
  public init(first: UInt64, second: UInt64) {
    self.first = first
    self.second = second
  }

  /// Compares the first ids, then the second.
  @inlinable
  public static func < (left: FragmentPair, right: FragmentPair) -> Bool {
    left.first != right.first ? left.first < right.first : left.second < right.second
  }
}

extension ResidualGraph {
  /// The graph of a block in which nothing is decided yet.
  ///
  /// - Parameters:
  ///   - graph: The block's fragments and contacts.
  ///   - classes: The voxels of each class in its fragments, in any order; none of others.
  ///   - statistic: Gives what ranks the contact at a place in the graph's contacts.
  init(
    _ graph: RegionGraph, classes: [FragmentClass], statistic: (RegionGraph, Int) -> Statistic
  ) {
    var edges: [Edge] = []
    edges.reserveCapacity(graph.contacts.count)
    for place in graph.contacts.indices {
      edges.append(Edge(graph, place, statistic: statistic))
    }
    self.init(
      box: graph.box, regions: Self.regions(of: graph, classes: classes), edges: edges)
  }

  /// The fragments of a block, with the voxels of each class in them.
  static func regions(of graph: RegionGraph, classes: [FragmentClass]) -> [Region] {
    var regions = graph.fragments.map {
      Region(id: $0.id, openFaces: $0.openFaces, voxelCount: $0.voxelCount)
    }
    guard !classes.isEmpty else { return regions }
    let numbers = IdentifierNumbers(of: regions.map(\.id))
    for row in classes {
      guard let number = numbers.number(of: row.fragment) else { continue }
      regions[Int(number)].classes.add(row.voxelCount, of: row.label)
    }
    return regions
  }

  /// The graph of several boxes that tile one: contacts of the same regions added up, and faces
  /// closed that the boxes share.
  public init(joining parts: [ResidualGraph]) {
    precondition(!parts.isEmpty, "there is nothing to join")
    let box = parts.dropFirst().reduce(parts[0].box) { $0.hull(with: $1.box) }
    let regions = parts.flatMap { part in
      let outer = OpenFaces(of: part.box, sharedWith: box)
      return part.regions.map {
        var region = $0
        region.openFaces.formIntersection(outer)
        return region
      }
    }
    let edges = parts.flatMap(\.edges)
    self.init(
      box: box,
      regions: regions.sorted { $0.id < $1.id }
        .fusingEqual(by: { $0.id == $1.id }) {
          $0.openFaces.formUnion($1.openFaces)
          $0.voxelCount += $1.voxelCount
          $0.classes.add($1.classes)
        },
      edges: edges.sorted { ($0.first, $0.second) < ($1.first, $1.second) }
        .fusingEqual(by: { $0.first == $1.first && $0.second == $1.second }) {
          $0.statistic.add($1.statistic)
          $0.origin = max($0.origin, $1.origin)
          if $1.peak.precedes($0.peak) { $0.peak = $1.peak }
          $0.isVetoed = $0.isVetoed || $1.isVetoed
        })
  }
}

extension ResidualGraph.Edge {
  /// The contact of two fragments at a place in a block's contacts.
  init(_ graph: RegionGraph, _ place: Int, statistic: (RegionGraph, Int) -> Statistic) {
    let contact = graph.contacts[place]
    let peak = contact.peak
    self.init(
      first: contact.first, second: contact.second, origin: peak.fragments,
      statistic: statistic(graph, place), peak: peak)
  }
}

extension ResidualGraph where Statistic == MeanAffinity {
  /// The graph of a block in which nothing is decided yet, for merging by mean affinity.
  public init(_ graph: RegionGraph) {
    self.init(graph, classes: []) { $0.contacts[$1].affinity }
  }
}

extension Array {
  /// The elements with each run of equal ones fused into its first.
  func fusingEqual(
    by areEqual: (Element, Element) -> Bool, _ fuse: (inout Element, Element) -> Void
  ) -> [Element] {
    var result: [Element] = []
    result.reserveCapacity(count)
    for element in self {
      if let last = result.last, areEqual(last, element) {
        fuse(&result[result.count - 1], element)
      } else {
        result.append(element)
      }
    }
    return result
  }
}

extension VoxelBox {
  /// The smallest box that holds both boxes.
  func hull(with other: VoxelBox) -> VoxelBox {
    VoxelBox(
      from: VoxelPosition(
        z: min(origin.z, other.origin.z), y: min(origin.y, other.origin.y),
        x: min(origin.x, other.origin.x)),
      to: VoxelPosition(
        z: max(end.z, other.end.z), y: max(end.y, other.end.y), x: max(end.x, other.end.x)))
  }
}
