import Glibc

/// A best-first search for a labelled voxel ahead of a streamline's end, and what it writes down.
///
/// Source: MRtrix3, `tck2connectome -assignment_forward_search`.
public struct ForwardSearch: Sendable {
  /// By voxel of the window around the end: the search that has seen it last.
  private var seen: [UInt32] = []
  private var run: UInt32 = 0
  /// A heap of the voxels to look at.
  private var queue: [Entry] = []
  private var order = 0

  private struct Entry: Sendable {
    var cost: Float
    /// Of equal costs only the voxel found first is ever looked at.
    var order: Int
    var voxel: SIMD3<Int>

    @inline(__always)
    static func < (first: Entry, second: Entry) -> Bool {
      first.cost < second.cost || (first.cost == second.cost && first.order < second.order)
    }
  }

  /// 45°.
  private static let widestAngle = Double.pi / 4
  /// A little less than the cosine of 45°: what lies below need not be measured exactly.
  private static let leastCosine = 0.7071

  /// Creates a search.
  public init() {}

  mutating func run(
    in image: NodeImage, from start: SIMD3<Int>, at end: SIMD3<Double>,
    along direction: SIMD3<Double>, limit: Double, reach: Int
  ) -> UInt32 {
    let width = 2 * reach + 1
    if seen.count != width * width * width || run == .max {
      seen = [UInt32](repeating: 0, count: width * width * width)
      run = 0
    }
    run += 1
    order = 0
    queue.removeAll(keepingCapacity: true)
    let corner = start &- reach
    mark(start &- corner, width)
    push(Entry(cost: 0, order: 0, voxel: start))
    while let best = pop() {
      while let next = queue.first, next.cost == best.cost { _ = pop() }
      let voxel = best.voxel
      guard image.grid.contains(voxel) else { continue }
      let label = image.label(at: voxel)
      if label != 0 { return label }
      for z in -1...1 {
        for y in -1...1 {
          for x in -1...1 {
            let neighbour = voxel &+ SIMD3(x, y, z)
            guard mark(neighbour &- corner, width) else { continue }
            let cost = Self.cost(image.grid.centre(of: neighbour) - end, direction, limit)
            guard cost.isFinite else { continue }
            order += 1
            push(Entry(cost: cost, order: order, voxel: neighbour))
          }
        }
      }
    }
    return 0
  }

  /// Notes that a voxel was seen; false where it was before, or lies too far away to be reached.
  @inline(__always) @discardableResult
  private mutating func mark(_ place: SIMD3<Int>, _ width: Int) -> Bool {
    guard place.x >= 0, place.y >= 0, place.z >= 0, place.x < width, place.y < width,
      place.z < width
    else { return false }
    let index = (place.z * width + place.y) * width + place.x
    guard seen[index] != run else { return false }
    seen[index] = run
    return true
  }

  /// The distance, doubled at 45° off the direction; not finite beyond that and beyond the limit.
  @inline(__always)
  private static func cost(
    _ offset: SIMD3<Double>, _ direction: SIMD3<Double>, _ limit: Double
  ) -> Float {
    let distance = offset.lengthInOrder
    if distance > limit { return .nan }
    let cosine = (direction * offset.normalized).inOrderSum
    if cosine < leastCosine { return .nan }
    let angle = acos(cosine)
    if angle > widestAngle { return .nan }
    let cost = distance * (1 + angle / widestAngle)
    return cost > limit ? .nan : Float(cost)
  }

  private mutating func push(_ entry: Entry) {
    queue.append(entry)
    var child = queue.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard queue[child] < queue[parent] else { break }
      queue.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func pop() -> Entry? {
    guard let best = queue.first, let last = queue.popLast() else { return nil }
    guard !queue.isEmpty else { return best }
    queue[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < queue.count && queue[child] < queue[least] {
        least = child
      }
      guard least != parent else { return best }
      queue.swapAt(parent, least)
      parent = least
    }
  }
}
