public import Voxels

/// A scalar image that is sampled along streamlines.
///
/// Source: MRtrix3, `tcksample`.
public struct ScalarImage: Sendable {
  private let grid: VoxelGrid
  private let values: [Float]

  /// Takes the values of an image.
  ///
  /// - Precondition: The grid is that of the volume's box, which starts at the origin.
  public init(_ volume: borrowing Volume<Float>, grid: VoxelGrid) {
    self.grid = grid
    var values: [Float] = []
    values.reserveCapacity(grid.extent.x * grid.extent.y * grid.extent.z)
    for z in 0..<grid.extent.z {
      for y in 0..<grid.extent.y {
        for x in 0..<grid.extent.x {
          let place = grid.stored(SIMD3(x, y, z))
          values.append(volume.row(z: place.z, y: place.y)[place.x])
        }
      }
    }
    self.values = values
  }

  /// The value at a point, interpolated between the eight voxels around it; nil outside the image.
  @inline(__always)
  package func value(at point: SIMD3<Double>) -> Float? {
    let place = grid.coordinates(of: point)
    let size = grid.extent
    guard place.x >= -0.5, place.y >= -0.5, place.z >= -0.5, place.x <= Double(size.x) - 0.5,
      place.y <= Double(size.y) - 0.5, place.z <= Double(size.z) - 0.5
    else { return nil }
    let floor = place.rounded(.down)
    let part = SIMD3<Float>(place - floor)
    let low = SIMD3(Int(floor.x), Int(floor.y), Int(floor.z))
    // At the border the voxel there stands for the one that is not.
    let x0 = max(low.x, 0)
    let x1 = min(low.x &+ 1, size.x &- 1)
    let y0 = max(low.y, 0) &* size.x
    let y1 = min(low.y &+ 1, size.y &- 1) &* size.x
    let plane = size.x &* size.y
    let z0 = max(low.z, 0) &* plane
    let z1 = min(low.z &+ 1, size.z &- 1) &* plane
    func along(_ row: Int) -> Float {
      values[row &+ x0] * (1 - part.x) + values[row &+ x1] * part.x
    }
    let lower = along(z0 &+ y0) * (1 - part.y) + along(z0 &+ y1) * part.y
    let upper = along(z1 &+ y0) * (1 - part.y) + along(z1 &+ y1) * part.y
    return lower * (1 - part.z) + upper * part.z
  }

  /// The mean along a streamline: of the values at its points, each weighted by half the length of
  /// the two steps beside it.
  ///
  /// - Parameters:
  ///   - positions: x, y, z of every point, in mm.
  ///   - points: The streamline's points.
  /// - Returns: The mean over the points within the image; not a number where there are none.
  public func mean(along positions: borrowing Span<Float>, _ points: Range<Int>) -> Float {
    precondition(3 * points.upperBound <= positions.count, "the points lie outside the positions")
    var (sum, total): (Float, Float) = (0, 0)
    var (plain, count): (Float, Float) = (0, 0)
    var before: Float = 0
    for index in points {
      let here = point(positions, index)
      let isLast = index + 1 == points.upperBound
      let after = isLast ? 0 : distance(point(positions, index + 1), here)
      let weight = (before + after) * 0.5
      before = after
      guard let value = value(at: SIMD3<Double>(here)) else { continue }
      sum += value * weight
      total += weight
      plain += value
      count += 1
    }
    return total > 0 ? sum / total : plain / count
  }
}
