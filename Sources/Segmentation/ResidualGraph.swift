public import Voxels

/// The part of an agglomeration that a box of voxels cannot decide by itself.
public struct ResidualGraph: Hashable, Sendable {
  /// A region that may still merge.
  public struct Region: Hashable, Sendable {
    /// The smallest of its fragments' ids.
    public var id: UInt64
    /// The faces of the box by which it reaches, or lies, beyond it.
    public var openFaces: OpenFaces
  }

  /// The contact of two regions.
  public struct Edge: Hashable, Sendable {
    /// The two regions, the smaller id first.
    public var first: UInt64, second: UInt64
    /// The first of the contacts between fragments that it consists of.
    public var origin: FragmentPair
    /// The number and sum of the links' affinities.
    public var affinity: MeanAffinity
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
  public init(_ graph: RegionGraph) {
    self.init(
      box: graph.box,
      regions: graph.fragments.map { Region(id: $0.id, openFaces: $0.openFaces) },
      edges: graph.contacts.map {
        Edge(
          first: $0.first, second: $0.second,
          origin: FragmentPair(first: $0.first, second: $0.second), affinity: $0.affinity)
      })
  }

  /// The graph of several boxes that tile one: contacts of the same regions added up, and faces
  /// closed that the boxes share.
  public init(joining parts: [ResidualGraph]) {
    precondition(!parts.isEmpty, "there is nothing to join")
    let box = parts.dropFirst().reduce(parts[0].box) { $0.hull(with: $1.box) }
    let regions = parts.flatMap { part in
      let outer = OpenFaces(of: part.box, sharedWith: box)
      return part.regions.map {
        Region(id: $0.id, openFaces: $0.openFaces.intersection(outer))
      }
    }
    let edges = parts.flatMap(\.edges)
    self.init(
      box: box,
      regions: regions.sorted { $0.id < $1.id }
        .fusingEqual(by: { $0.id == $1.id }) { $0.openFaces.formUnion($1.openFaces) },
      edges: edges.sorted { ($0.first, $0.second) < ($1.first, $1.second) }
        .fusingEqual(by: { $0.first == $1.first && $0.second == $1.second }) {
          $0.affinity.add($1.affinity)
          $0.origin = min($0.origin, $1.origin)
        })
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
