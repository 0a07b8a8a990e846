public import Voxels

/// Regions of a box, some of them too small or without a seed, and the strongest links between
/// them, over which such regions are absorbed.
public struct AbsorptionGraph: Hashable, Sendable {
  /// A region, as far as the box goes.
  public struct Region: Hashable, Sendable {
    /// The region's label.
    public var id: UInt64
    /// The voxels and seeds that the box itself has of it.
    public var growth: RegionGrowth
    /// The faces of the box by which it reaches, or lies, beyond it.
    public var openFaces: OpenFaces

    /// Creates a region.
    public init(id: UInt64, growth: RegionGrowth, openFaces: OpenFaces) {
      self.id = id
      self.growth = growth
      self.openFaces = openFaces
    }
  }

  /// A link between two voxels: the stronger comes first, of equal ones the one that lies first.
  public struct Link: Hashable, Comparable, Sendable {
    /// The affinity in units of 1 / (2²⁴ − 1).
    public var strength: UInt32
    /// Three times the later voxel's index in the volume's raster order, plus the channel.
    public var position: UInt64

    /// Creates a link.
    public init(strength: UInt32, position: UInt64) {
      self.strength = strength
      self.position = position
    }

    /// Whether a link comes first.
    public static func < (left: Link, right: Link) -> Bool {
      left.strength != right.strength
        ? left.strength > right.strength : left.position < right.position
    }
  }

  /// The first of the links between two regions.
  public struct Edge: Hashable, Sendable {
    /// The regions.
    public var first: UInt64, second: UInt64
    /// The link.
    public var link: Link

    /// Creates an edge.
    public init(first: UInt64, second: UInt64, link: Link) {
      self.first = first
      self.second = second
      self.link = link
    }
  }

  /// The voxels accounted for.
  public var box: VoxelBox
  /// The regions, by id.
  public var regions: [Region]
  /// Links between regions, by first and second region; both are among ``regions``.
  public var edges: [Edge]

  /// Creates a graph.
  public init(box: VoxelBox, regions: [Region], edges: [Edge]) {
    self.box = box
    self.regions = regions.sorted { $0.id < $1.id }
    self.edges = edges.sorted { ($0.first, $0.second) < ($1.first, $1.second) }
  }

  /// Creates a graph whose regions are in the order of their ids; its edges need not be in order.
  init(box: VoxelBox, ordered regions: [Region], edges: [Edge]) {
    self.box = box
    self.regions = regions
    self.edges = edges
  }

  /// The graph of several boxes that tile one: what they have of the same regions added up, faces
  /// closed that the boxes share.
  public init(joining parts: [AbsorptionGraph]) {
    precondition(!parts.isEmpty, "there is nothing to join")
    let box = parts.dropFirst().reduce(parts[0].box) { $0.hull(with: $1.box) }
    var regions: [Region] = []
    for part in parts {
      let outer = OpenFaces(of: part.box, sharedWith: box)
      regions += part.regions.map { region in
        var region = region
        region.openFaces.formIntersection(outer)
        return region
      }
    }
    self.init(box: box, regions: regions, edges: parts.flatMap(\.edges))
    fuseEqual()
  }

  /// The graph with other ids; regions that get the same id become one.
  ///
  /// - Parameter names: The new id of every old one.
  /// - Returns: The graph.
  public consuming func renamed(_ names: [UInt64]) -> AbsorptionGraph {
    var result = AbsorptionGraph(
      box: box,
      regions: regions.map { region in
        var region = region
        region.id = names[Int(region.id)]
        return region
      },
      edges: edges.compactMap { edge in
        let ends = (names[Int(edge.first)], names[Int(edge.second)])
        guard ends.0 != ends.1 else { return nil }
        return Edge(first: min(ends.0, ends.1), second: max(ends.0, ends.1), link: edge.link)
      })
    result.fuseEqual()
    return result
  }

  /// Makes one of the entries of a region, and keeps the first link of each two regions.
  mutating func fuseEqual() {
    regions = regions.fusingEqual(by: { $0.id == $1.id }) {
      $0.growth.add($1.growth)
      $0.openFaces.formUnion($1.openFaces)
    }
    edges = edges.fusingEqual(by: { $0.first == $1.first && $0.second == $1.second }) {
      $0.link = min($0.link, $1.link)
    }
  }
}
