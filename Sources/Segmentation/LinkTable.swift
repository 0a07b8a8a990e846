import Voxels

/// The first link between every two touching fragments of which one is not grown.
///
/// A pair is looked up among the neighbours of a fragment that is not grown, so small: most have
/// their few neighbours side by side in one line of the processor's cache, near those of the
/// fragments around. A hash table, which scatters them, is only for the others.
struct LinkTable {
  private static let groupSize = 16

  private(set) var edges: [AbsorptionGraph.Edge] = []
  private let isGrown: [Bool]
  /// The first neighbours of each fragment, and the places of the edges to them.
  private var neighbours: [UInt32]
  private var places: [UInt32]
  private var neighbourCounts: [UInt8]
  /// The places of all other edges.
  private var others = IndexTable()

  /// Creates an empty table; fragments count from 1, and background counts as grown.
  init(isGrown: [Bool]) {
    self.isGrown = isGrown
    neighbours = Array(repeating: 0, count: Self.groupSize * isGrown.count)
    places = neighbours
    neighbourCounts = Array(repeating: 0, count: isGrown.count)
  }

  /// Adds the links of a row of voxels to another; positions go up in threes.
  @specialized(where Affinity == UInt8)
  @specialized(where Affinity == Float)
  mutating func add<Affinity: AffinityScalar>(
    _ links: Span<Affinity>, _ own: Span<UInt32>, _ other: Span<UInt32>, above weakest: Affinity,
    from start: UInt64
  ) {
    // Neighbouring links are often between the same two: the first of these is found first.
    var run = (left: UInt32(0), right: UInt32(0), link: Affinity.zero, x: 0)
    for x in 0..<min(links.count, min(own.count, other.count)) {
      let (left, right) = (own[x], other[x])
      guard left != right, left != 0, right != 0 else { continue }
      let link = links[x]
      guard link > weakest else { continue }
      if left == run.left && right == run.right {
        if link > run.link { (run.link, run.x) = (link, x) }
      } else {
        if run.left != 0 {
          add(run.link.fixedPoint, run.left, run.right, start + 3 * UInt64(run.x))
        }
        run = (left, right, link, x)
      }
    }
    if run.left != 0 { add(run.link.fixedPoint, run.left, run.right, start + 3 * UInt64(run.x)) }
  }

  private mutating func add(
    _ strength: UInt64, _ left: UInt32, _ right: UInt32, _ position: UInt64
  ) {
    let (first, second) = (min(left, right), max(left, right))
    let isFirstGrown = isGrown[Int(first)]
    guard !isFirstGrown || !isGrown[Int(second)] else { return }
    let link = AbsorptionGraph.Link(
      strength: UInt32(truncatingIfNeeded: strength), position: position)
    let place = Int(isFirstGrown ? self.place(second, first) : self.place(first, second))
    if place == edges.count {
      edges.append(
        AbsorptionGraph.Edge(first: UInt64(first), second: UInt64(second), link: link))
    } else if link < edges[place].link {
      edges[place].link = link
    }
  }

  /// The place of the edge from a fragment that is not grown to a neighbour; a new one stands last.
  private mutating func place(_ fragment: UInt32, _ neighbour: UInt32) -> UInt32 {
    let start = Int(fragment) &* Self.groupSize
    let count = Int(neighbourCounts[Int(fragment)])
    for index in start..<start &+ count where neighbours[index] == neighbour {
      return places[index]
    }
    let new = UInt32(edges.count)
    if count < Self.groupSize {
      neighbours[start &+ count] = neighbour
      places[start &+ count] = new
      neighbourCounts[Int(fragment)] = UInt8(count &+ 1)
      return new
    }
    let key = UInt64(fragment) << 32 | UInt64(neighbour)
    if let known = others.value(of: key) { return known }
    others.set(key, to: new)
    return new
  }
}
