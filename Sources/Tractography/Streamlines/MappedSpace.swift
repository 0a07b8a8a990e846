public import Voxels

/// The space of an image that streamlines are mapped to.
public struct MappedSpace: Hashable, Sendable {
  /// The number of voxels.
  public var extent: VoxelExtent
  /// From voxel indices to the scanner.
  public var transform: ScannerTransform
  /// The edges of a voxel in mm.
  public var spacing: SIMD3<Double>

  /// Creates a space.
  public init(extent: VoxelExtent, transform: ScannerTransform, spacing: SIMD3<Double>) {
    self.extent = extent
    self.transform = transform
    self.spacing = spacing
  }

  /// The space of an image divided into voxels of another size, which may reach a little beyond it.
  ///
  /// - Returns: Nil where there would be 2³¹ voxels or more.
  ///
  /// Source: MRtrix3, `tckmap -template -vox`.
  public func divided(intoVoxelsOf edges: SIMD3<Double>) -> MappedSpace? {
    let counts = [extent.x, extent.y, extent.z]
    var columns = [transform.x, transform.y, transform.z]
    var origin = transform.origin
    var sizes: [Double] = []
    for axis in 0..<3 {
      let direction = columns[axis] / transform.spacing[axis]
      origin += direction * (0.5 * (edges[axis] - spacing[axis]))
      columns[axis] = direction * edges[axis]
      sizes.append((Double(counts[axis]) * spacing[axis] / edges[axis]).rounded(.up))
    }
    return Self.space(columns, origin, sizes, edges)
  }

  /// The box around points, and three voxels more on all sides.
  ///
  /// - Returns: Nil where there would be 2³¹ voxels or more, or the bounds are not finite.
  ///
  /// Source: MRtrix3, `tckmap -vox`.
  public static func around(
    _ low: SIMD3<Float>, _ high: SIMD3<Float>, voxelsOf edges: SIMD3<Double>
  ) -> MappedSpace? {
    let margin = SIMD3<Float>(3 * edges)
    let (first, last) = (low - margin, high + margin)
    let columns = [
      SIMD4(edges.x, 0, 0, 0), SIMD4(0, edges.y, 0, 0), SIMD4(0, 0, edges.z, 0),
    ]
    let sizes = (0..<3).map { (Double(last[$0] - first[$0]) / edges[$0]).rounded(.up) }
    let origin = SIMD3<Double>(first)
    return space(columns, SIMD4(origin, 1), sizes, edges)
  }

  private static func space(
    _ columns: [SIMD4<Double>], _ origin: SIMD4<Double>, _ sizes: [Double], _ edges: SIMD3<Double>
  ) -> MappedSpace? {
    let count = sizes.reduce(1, *)
    guard count.isFinite, count >= 1, count < 2_147_483_647 else { return nil }
    var transform = ScannerTransform(rows: [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    (transform.x, transform.y, transform.z) = (columns[0], columns[1], columns[2])
    transform.origin = origin
    return MappedSpace(
      extent: VoxelExtent(z: Int(sizes[2]), y: Int(sizes[1]), x: Int(sizes[0])),
      transform: transform, spacing: edges)
  }
}
