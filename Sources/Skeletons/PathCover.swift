import Voxels

/// Which voxels of a part its skeleton accounts for.
struct PathCover {
  /// Whether each voxel is covered.
  private(set) var isCovered: [Bool]
  private let spacing: VoxelSize

  init(count: Int, spacing: VoxelSize) {
    isCovered = Array(repeating: false, count: count)
    self.spacing = spacing
  }

  /// Covers cubes that roll along a path.
  ///
  /// Of each cube, only what the one before it left out is gone over.
  ///
  /// - Parameters:
  ///   - path: Voxels, each a neighbour of the one before.
  ///   - reach: Half a cube's edge at a voxel, in the unit of the spacing.
  ///   - graph: The part.
  ///   - components: Its numbers and ranks.
  mutating func roll(
    along path: [Int], reach: (Int) -> Double, in graph: borrowing VoxelGraph,
    _ components: borrowing LabelComponents
  ) {
    let numbers = components.numbers.span
    let ranks = components.ranks.span
    let number = graph.number
    var last = VoxelBox(extent: .zero)
    for voxel in path {
      let box = cube(around: graph.position(of: voxel), reach(voxel)).intersection(graph.box)
      let (start, end) = (box.origin, box.end)
      let (lastStart, lastEnd) = (last.origin, last.end)
      for z in start.z..<end.z {
        for y in start.y..<end.y {
          let base = (z &* graph.extent.y &+ y) &* graph.extent.x
          let isSeen = z >= lastStart.z && z < lastEnd.z && y >= lastStart.y && y < lastEnd.y
          let before = isSeen ? min(max(lastStart.x, start.x), end.x) : end.x
          let after = isSeen ? max(min(lastEnd.x, end.x), before) : end.x
          for index in base &+ start.x..<base &+ before where numbers[index] == number {
            isCovered[Int(ranks[index])] = true
          }
          for index in base &+ after..<base &+ end.x where numbers[index] == number {
            isCovered[Int(ranks[index])] = true
          }
        }
      }
      last = box
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

  private func cube(around center: VoxelPosition, _ reach: Double) -> VoxelBox {
    // No part is longer than this many voxels.
    func steps(_ spacing: Double) -> Int { Int(min(reach / spacing, 0x1p31)) }
    let margin = VoxelExtent(z: steps(spacing.z), y: steps(spacing.y), x: steps(spacing.x))
    return VoxelBox(origin: center, extent: VoxelExtent(cube: 1)).grown(by: margin)
  }
}
