public import Voxels

/// A part of the scanner's space.
public enum Region: Sendable {
  /// The voxels of an image that are set.
  case voxels(VoxelRegion)
  /// A sphere, in mm, with its surface.
  case sphere(centre: SIMD3<Float>, radius: Float)

  /// Whether a point in scanner mm lies inside.
  @inline(__always)
  public func contains(_ point: SIMD3<Float>) -> Bool {
    switch self {
    case .voxels(let voxels): return voxels.contains(point)
    case .sphere(let centre, let radius):
      let difference = point - centre
      return (difference * difference).sum() <= radius * radius
    }
  }
}

/// The voxels of an image that are set.
public struct VoxelRegion: Sendable {
  /// The image's grid.
  public let grid: TrackingGrid
  /// Whether each voxel is set, x fastest.
  private let isSet: [Bool]

  /// Takes the voxels of a mask, (z, y, x), that are not zero.
  ///
  /// - Precondition: The mask has the grid's size.
  public init(_ mask: borrowing Volume<UInt8>, grid: TrackingGrid) {
    precondition(mask.extent == grid.extent, "a mask of the grid's size")
    self.grid = grid
    let values = mask.span
    isSet = values.indices.map { values[$0] != 0 }
  }

  /// The number of voxels that are set.
  public var count: Int { isSet.count { $0 } }

  /// Whether the voxel that a point in scanner mm lies in is set.
  @inline(__always)
  public func contains(_ point: SIMD3<Float>) -> Bool {
    guard let voxel = grid.voxel(at: point) else { return false }
    return isSet[voxel]
  }

  /// The places of the voxels that are set: x slowest and z fastest, along the image axes in the
  /// order and direction of the scanner's.
  var orderedPlaces: [SIMD3<Int32>] {
    let axes = grid.scannerAxes
    let lengths = [grid.extent.x, grid.extent.y, grid.extent.z]
    var places: [SIMD3<Int32>] = []
    func indices(_ axis: Int) -> [Int] {
      let range = 0..<lengths[axes[axis].stored]
      return axes[axis].isReversed ? range.reversed() : Array(range)
    }
    for first in indices(0) {
      for second in indices(1) {
        for third in indices(2) {
          var place = SIMD3<Int32>()
          place[axes[0].stored] = Int32(first)
          place[axes[1].stored] = Int32(second)
          place[axes[2].stored] = Int32(third)
          if isSet[grid.index(of: place)] { places.append(place) }
        }
      }
    }
    return places
  }
}
