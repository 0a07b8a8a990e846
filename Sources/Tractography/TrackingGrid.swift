public import Voxels

/// Where the voxels of an image lie in the scanner, in single precision.
public struct TrackingGrid: Hashable, Sendable {
  /// The number of voxels along each axis.
  public let extent: VoxelExtent
  /// From voxel indices to scanner mm.
  public let transform: ScannerTransform
  private let toVoxel: Columns
  private let toScanner: Columns
  private let upper: SIMD3<Float>

  /// The columns of an affine transform.
  private struct Columns: Hashable, Sendable {
    var x, y, z, origin: SIMD3<Float>

    init(_ transform: ScannerTransform) {
      func column(_ values: SIMD4<Double>) -> SIMD3<Float> {
        SIMD3(Float(values.x), Float(values.y), Float(values.z))
      }
      x = column(transform.x)
      y = column(transform.y)
      z = column(transform.z)
      origin = column(transform.origin)
    }

    @inline(__always)
    func apply(_ point: SIMD3<Float>) -> SIMD3<Float> {
      x * point.x + y * point.y + z * point.z + origin
    }
  }

  /// The grid of an image; nil where the transform has no inverse, or there are 2³¹ voxels or more.
  public init?(extent: VoxelExtent, transform: ScannerTransform) {
    guard let inverse = transform.inverse, extent.z > 0, extent.y > 0, extent.x > 0 else {
      return nil
    }
    let plane = extent.x.multipliedReportingOverflow(by: extent.y)
    let count = plane.partialValue.multipliedReportingOverflow(by: extent.z)
    guard !plane.overflow, !count.overflow, count.partialValue < Int(Int32.max) else { return nil }
    self.extent = extent
    self.transform = transform
    toVoxel = Columns(inverse)
    toScanner = Columns(transform)
    upper = SIMD3(Float(extent.x), Float(extent.y), Float(extent.z)) - 0.5
  }

  /// The edge in mm of the cube that is as large as a voxel.
  public var meanSpacing: Double {
    let spacing = transform.spacing
    return cubeRoot(spacing.x * spacing.y * spacing.z)
  }

  /// The point in scanner mm of voxel coordinates.
  @inline(__always)
  func point(_ place: SIMD3<Float>) -> SIMD3<Float> { toScanner.apply(place) }

  /// The index, x fastest, of a voxel.
  @inline(__always)
  func index(of place: SIMD3<Int32>) -> Int {
    (Int(place.z) &* extent.y &+ Int(place.y)) &* extent.x &+ Int(place.x)
  }

  /// The index of the voxel that a point in scanner mm lies in; nil outside.
  @inline(__always)
  func voxel(at point: SIMD3<Float>) -> Int? {
    let place = toVoxel.apply(point)
    guard isInside(place) else { return nil }
    return index(of: SIMD3<Int32>(place.rounded(.toNearestOrAwayFromZero), clampedTo: extent))
  }

  @inline(__always)
  private func isInside(_ place: SIMD3<Float>) -> Bool {
    // Comparisons with what is no number are false.
    place.x > -0.5 && place.y > -0.5 && place.z > -0.5 && place.x < upper.x && place.y < upper.y
      && place.z < upper.z
  }

  /// The eight voxels around a point in scanner mm, and what each counts; nil outside.
  ///
  /// At the border the voxel there stands for the one that is not.
  @inline(__always)
  func corners(at point: SIMD3<Float>) -> Corners? {
    let place = toVoxel.apply(point)
    guard isInside(place) else { return nil }
    let floor = place.rounded(.down)
    let part = place - floor
    let rest = 1 - part
    let (x, y, z) = (Int(floor.x), Int(floor.y), Int(floor.z))
    let x0 = max(x, 0)
    let x1 = min(x &+ 1, extent.x &- 1)
    let y0 = max(y, 0) &* extent.x
    let y1 = min(y &+ 1, extent.y &- 1) &* extent.x
    let plane = extent.x &* extent.y
    let z0 = max(z, 0) &* plane
    let z1 = min(z &+ 1, extent.z &- 1) &* plane
    let (a, b, c, d) = (z0 &+ y0, z0 &+ y1, z1 &+ y0, z1 &+ y1)
    let wx = SIMD8<Float>(
      rest.x, part.x, rest.x, part.x, rest.x, part.x, rest.x, part.x)
    let wy = SIMD8<Float>(
      rest.y, rest.y, part.y, part.y, rest.y, rest.y, part.y, part.y)
    let wz = SIMD8<Float>(
      rest.z, rest.z, rest.z, rest.z, part.z, part.z, part.z, part.z)
    return Corners(
      voxels: SIMD8<Int>(a &+ x0, a &+ x1, b &+ x0, b &+ x1, c &+ x0, c &+ x1, d &+ x0, d &+ x1),
      weights: wx * wy * wz,
      nearest: index(
        of: SIMD3<Int32>(place.rounded(.toNearestOrAwayFromZero), clampedTo: extent)))
  }

  /// Voxels around a point.
  struct Corners {
    /// Their indices.
    var voxels: SIMD8<Int>
    /// What each counts; the sum is 1.
    var weights: SIMD8<Float>
    /// The index of the voxel that the point lies in.
    var nearest: Int
  }

  /// The image axis nearest to each of the scanner's, and whether it runs the other way.
  var scannerAxes: [(stored: Int, isReversed: Bool)] {
    let spacing = transform.spacing
    let columns = [
      transform.x / spacing.x, transform.y / spacing.y, transform.z / spacing.z,
    ]
    var axes: [(stored: Int, isReversed: Bool)] = []
    for axis in 0..<3 {
      let free = (0..<3).filter { stored in !axes.contains { $0.stored == stored } }
      let best = free.max { abs(columns[$0][axis]) < abs(columns[$1][axis]) } ?? axis
      axes.append((best, columns[best][axis] < 0))
    }
    return axes
  }
}

extension SIMD3<Int32> {
  /// Whole coordinates, brought into an image.
  @inline(__always)
  fileprivate init(_ place: SIMD3<Float>, clampedTo extent: VoxelExtent) {
    self.init(
      Int32(Swift.max(0, Swift.min(Int(place.x), extent.x &- 1))),
      Int32(Swift.max(0, Swift.min(Int(place.y), extent.y &- 1))),
      Int32(Swift.max(0, Swift.min(Int(place.z), extent.z &- 1))))
  }
}
