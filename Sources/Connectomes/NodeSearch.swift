/// What searches for nodes write down; the same one can serve again, and only for one assigner.
public struct NodeSearch: Sendable {
  var forward = ForwardSearch()
  var nearest = NearestNodes()

  /// Creates a search.
  public init() {}
}

/// What radial searches have found out about voxels that ends lie in: which labelled voxels can be the
/// nearest to a point there.
///
/// Only what does not depend on the point is kept, so that answers are those of a search from scratch.
struct NearestNodes: Sendable {
  /// What is known of a voxel.
  enum Knowledge {
    case nothing
    /// An end lay in it once.
    case visited
    /// All points in it have this node.
    case node(UInt32)
    /// One of these is nearest: indices of offsets, the first ones first.
    case candidates(Range<Int>)
  }

  /// By voxel of the box of labels: 0 for nothing, 1 for visited, twice the node and 1, or twice the
  /// number of a list.
  private var entries: [UInt32] = []
  private var starts = [0, 0]
  private(set) var candidates: [Int32] = []

  /// The most indices that lists hold together.
  private static let mostCandidates = 1 << 20

  /// What is known of a voxel, by its place among `count`.
  @inline(__always)
  mutating func knowledge(at place: Int, of count: Int) -> Knowledge {
    if entries.isEmpty { entries = [UInt32](repeating: 0, count: count) }
    let entry = entries[place]
    switch entry {
    case 0: return .nothing
    case 1: return .visited
    case _ where entry & 1 == 1: return .node((entry &- 3) / 2)
    default:
      let list = Int(entry / 2)
      return .candidates(starts[list]..<starts[list + 1])
    }
  }

  /// Notes that an end lay in a voxel.
  mutating func visit(_ place: Int) { entries[place] = 1 }

  /// Notes the node of all points of a voxel.
  mutating func note(_ node: UInt32, at place: Int) {
    guard node < UInt32.max / 4 else { return }
    entries[place] = 2 * node + 3
  }

  /// Notes what can be the nearest, where there is room.
  mutating func note(_ list: [Int32], at place: Int) {
    guard candidates.count + list.count <= Self.mostCandidates else { return }
    entries[place] = 2 * UInt32(starts.count - 1)
    candidates += list
    starts.append(candidates.count)
  }
}

/// A voxel beside another, and how far their centres are apart in mm.
struct NeighbourOffset: Sendable {
  var step: SIMD3<Int>
  /// How far apart they are in the box of labels that is held.
  var skip: Int
  var distance: Double
}
