public import Connectomes
public import Voxels

/// A part of the scanner's space that streamlines are selected by.
///
/// Only their vertices count: a region that a streamline crosses between two of them is not entered.
public enum SelectionRegion: Sendable {
  /// The voxels of an image that are set.
  case voxels(SelectedVoxels)
  /// A sphere in mm, with its surface.
  case sphere(centre: SIMD3<Float>, radius: Float)

  /// Whether a point in scanner mm lies inside.
  @inline(__always)
  public func contains(_ point: SIMD3<Float>) -> Bool {
    switch self {
    case .voxels(let voxels): return voxels.contains(point)
    case .sphere(let centre, let radius):
      let step = centre - point
      return step.x * step.x + (step.y * step.y + step.z * step.z) <= radius * radius
    }
  }

  /// The shortest edge of a voxel, or the radius, in mm: longer steps may pass without a vertex
  /// inside.
  public var leastFeature: Double {
    switch self {
    case .voxels(let voxels): voxels.grid.leastSpacing
    case .sphere(_, let radius): Double(radius)
    }
  }
}

/// The voxels of an image that are set, in the box around them.
///
/// Source: MRtrix3, `tckedit`, which keeps masks in the same way.
public struct SelectedVoxels: Sendable {
  /// The grid of the box.
  let grid: MappingGrid
  private let isSet: [Bool]

  /// Takes the voxels of a mask, (z, y, x), that are not zero; nil where there is none.
  ///
  /// - Precondition: The grid is that of the mask's box, which starts at the origin.
  public init?(_ mask: borrowing Volume<UInt8>, grid: VoxelGrid) {
    let extent = grid.extent
    var (low, high) = (extent, SIMD3(-1, -1, -1))
    var places: [SIMD3<Int>] = []
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        for x in 0..<extent.x {
          let stored = grid.stored(SIMD3(x, y, z))
          guard mask.row(z: stored.z, y: stored.y)[stored.x] != 0 else { continue }
          let place = SIMD3(x, y, z)
          places.append(place)
          low = pointwiseMin(low, place)
          high = pointwiseMax(high, place)
        }
      }
    }
    guard !places.isEmpty else { return nil }
    // One voxel around them.
    low = pointwiseMax(low &- 1, SIMD3(0, 0, 0))
    high = pointwiseMin(high &+ 1, extent &- 1)
    let size = high &- low &+ 1
    var isSet = [Bool](repeating: false, count: size.x * size.y * size.z)
    for place in places {
      let inside = place &- low
      isSet[(inside.z * size.y + inside.y) * size.x + inside.x] = true
    }
    self.isSet = isSet
    self.grid = MappingGrid(grid.part(from: low, extent: size))
  }

  /// Whether the voxel that a point in scanner mm lies in is set.
  @inline(__always)
  public func contains(_ point: SIMD3<Float>) -> Bool {
    guard let voxel = grid.voxel(of: point), let index = grid.index(of: voxel) else {
      return false
    }
    return isSet[Int(index)]
  }
}
