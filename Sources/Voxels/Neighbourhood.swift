/// Which voxels count as neighbours of one.
public enum Neighbourhood: Int, Hashable, Sendable, CaseIterable {
  /// Voxels that share a face.
  case faces = 6
  /// Voxels that share a face or an edge.
  case edges = 18
  /// Voxels that share a face, an edge or a corner.
  case corners = 26

  /// The steps to every neighbour, in raster order.
  public var steps: [VoxelExtent] {
    let maximalDistance =
      switch self {
      case .faces: 1
      case .edges: 2
      case .corners: 3
      }
    var steps: [VoxelExtent] = []
    for z in -1...1 {
      for y in -1...1 {
        for x in -1...1 where (1...maximalDistance).contains(abs(z) + abs(y) + abs(x)) {
          steps.append(VoxelExtent(z: z, y: y, x: x))
        }
      }
    }
    return steps
  }
}
