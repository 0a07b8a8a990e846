import Voxels

/// Which voxels of a part its skeleton accounts for.
struct PathCover {
  /// Whether each voxel is covered.
  private(set) var isCovered: [Bool]
  private let spacing: VoxelSize
  /// The path from which each voxel was last reached.
  private var rolls: [Int32]
  private var rollCount: Int32 = 0

  init(count: Int, spacing: VoxelSize) {
    isCovered = Array(repeating: false, count: count)
    self.spacing = spacing
    rolls = Array(repeating: 0, count: count)
  }

  /// Covers a ball that rolls along a path, as far as ways within the ball and the part lead.
  ///
  /// What lies near but is joined to the path only from afar stays as it is.
  ///
  /// - Parameters:
  ///   - path: Voxels, each a neighbour of the one before.
  ///   - reach: The ball's radius at a voxel, in the unit of the spacing.
  ///   - graph: The part.
  ///   - components: Its numbers and ranks.
  mutating func roll(
    along path: [Int], reach: (Int) -> Double, in graph: borrowing VoxelGraph,
    _ components: borrowing LabelComponents
  ) {
    let ranks = components.ranks.span
    rollCount += 1
    var queue = path.map { (voxel: $0, place: Int32(truncatingIfNeeded: $0)) }
    for voxel in path { rolls[voxel] = rollCount }
    var next = 0
    while next < queue.count {
      let (voxel, center) = queue[next]
      next &+= 1
      isCovered[voxel] = true
      let middle = graph.position(of: Int(center))
      let radius = reach(Int(center))
      let index = Int(graph.indices[voxel])
      var bits = graph.neighbours[voxel]
      while bits != 0 {
        let direction = bits.trailingZeroBitCount
        bits &= bits &- 1
        let other = Int(ranks[index &+ graph.steps[direction]])
        guard rolls[other] != rollCount else { continue }
        let step = graph.position(of: other) - middle
        let (z, y, x) = (
          Double(step.z) * spacing.z, Double(step.y) * spacing.y, Double(step.x) * spacing.x
        )
        guard z * z + y * y + x * x <= radius * radius else { continue }
        rolls[other] = rollCount
        queue.append((other, center))
      }
    }
  }

  /// Covers a ball.
  mutating func coverBall(around center: Int, radius: Double, in graph: borrowing VoxelGraph) {
    let middle = graph.position(of: center)
    for voxel in 0..<graph.count {
      let step = graph.position(of: voxel) - middle
      let (z, y, x) = (
        Double(step.z) * spacing.z, Double(step.y) * spacing.y, Double(step.x) * spacing.x
      )
      if z * z + y * y + x * x <= radius * radius { isCovered[voxel] = true }
    }
  }
}
