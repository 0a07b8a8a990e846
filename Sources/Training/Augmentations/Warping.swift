import Voxels

/// The places of a row of voxels in a volume, in voxels from its first one.
///
/// Places outside the volume are moved to its faces.
struct RowPlaces {
  var z: [Float]
  var y: [Float]
  var x: [Float]

  init(count: Int) {
    z = Array(repeating: 0, count: count)
    y = z
    x = z
  }

  /// Moves places outside a volume to its faces.
  mutating func clamp(to extent: VoxelExtent) {
    func clamp(_ places: inout [Float], _ length: Int) {
      let last = Float(length - 1)
      for index in places.indices { places[index] = min(max(places[index], 0), last) }
    }
    clamp(&z, extent.z)
    clamp(&y, extent.y)
    clamp(&x, extent.x)
  }

  /// The values at the places, interpolated linearly.
  func interpolated(
    _ source: Span<Float>, extent: VoxelExtent, into row: inout MutableSpan<Float>
  ) {
    let plane = extent.y * extent.x
    for index in row.indices {
      let (z0, y0, x0) = (Int(z[index]), Int(y[index]), Int(x[index]))
      let fz = z[index] - Float(z0)
      let fy = y[index] - Float(y0)
      let fx = x[index] - Float(x0)
      let stepX = x0 &+ 1 < extent.x ? 1 : 0
      let stepY = y0 &+ 1 < extent.y ? extent.x : 0
      let corner = z0 &* plane &+ y0 &* extent.x &+ x0
      let near = Self.bilinear(source, corner, stepY, stepX, fy, fx)
      guard fz > 0, z0 &+ 1 < extent.z else {
        row[index] = near
        continue
      }
      let far = Self.bilinear(source, corner &+ plane, stepY, stepX, fy, fx)
      row[index] = near + (far - near) * fz
    }
  }

  private static func bilinear(
    _ source: Span<Float>, _ corner: Int, _ stepY: Int, _ stepX: Int, _ fy: Float, _ fx: Float
  ) -> Float {
    let first = source[corner]
    let upper = first + (source[corner &+ stepX] - first) * fx
    let second = source[corner &+ stepY]
    let lower = second + (source[corner &+ stepY &+ stepX] - second) * fx
    return upper + (lower - upper) * fy
  }

  /// The places of the voxels nearest to the places, as indices.
  func nearest(extent: VoxelExtent, into indices: inout [Int]) {
    let plane = extent.y * extent.x
    for index in indices.indices {
      indices[index] =
        Int(z[index] + 0.5) &* plane &+ Int(y[index] + 0.5) &* extent.x &+ Int(x[index] + 0.5)
    }
  }
}
