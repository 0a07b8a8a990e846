public import Voxels

/// Where the voxels of an image lie in the scanner, with its axes in the order of the scanner's.
///
/// Voxel indices count to the right, to the front and up, however the image is stored, and every sum
/// is taken in one fixed order: a point on the face between two voxels falls to the same one, and of
/// two voxels equally far away the same one is nearer, as in MRtrix3.
///
/// Source: MRtrix3 documentation, "Coordinate system"; the image axes are brought into the order
/// nearest to the scanner's on reading.
public struct VoxelGrid: Hashable, Sendable {
  /// The number of voxels along each axis.
  public let extent: SIMD3<Int>
  /// The edges of a voxel in mm.
  public let spacing: SIMD3<Double>
  /// The stored axis that each axis is.
  package let order: SIMD3<Int>
  /// Whether the stored axis counts the other way.
  package let isFlipped: [Bool]
  /// Whether the axes stand at right angles, but for what single precision explains.
  package let isOrthogonal: Bool
  private let forward: Rows
  private let backward: Rows

  /// Three rows of four numbers.
  private struct Rows: Hashable, Sendable {
    var x: SIMD4<Double>
    var y: SIMD4<Double>
    var z: SIMD4<Double>

    @inline(__always)
    func apply(_ point: SIMD3<Double>) -> SIMD3<Double> {
      // The order of the sums is part of the rule: see the type's comment.
      SIMD3(
        ((x.x * point.x + x.y * point.y) + x.z * point.z) + x.w,
        ((y.x * point.x + y.y * point.y) + y.z * point.z) + y.w,
        (z.x * point.x + z.y * point.y) + (z.z * point.z + z.w))
    }
  }

  /// The grid of an image; nil where the transform has no inverse or is not finite.
  ///
  /// - Parameters:
  ///   - stored: The image's size.
  ///   - transform: From stored voxel indices to the scanner.
  ///   - stated: The edges of a voxel along the stored axes, where the image states them beside its
  ///     transform; they count unless they differ by more than what single precision explains.
  public init?(
    extent stored: VoxelExtent, transform: ScannerTransform, spacing stated: SIMD3<Double>? = nil
  ) {
    var columns = [transform.x, transform.y, transform.z].map { SIMD3($0.x, $0.y, $0.z) }
    var origin = SIMD3(transform.origin.x, transform.origin.y, transform.origin.z)
    var lengths = columns.map { ($0 * $0).inOrderSum.squareRoot() }
    guard lengths.allSatisfy({ $0 > 0 && $0.isFinite }), transform.inverse != nil else {
      return nil
    }
    for axis in 0..<3 {
      columns[axis] /= lengths[axis]
      if let edge = stated?[axis], abs(edge - lengths[axis]) <= 1e-5 * lengths[axis] {
        lengths[axis] = edge
      }
    }
    let order = Self.nearestOrder(columns)
    let counts = [stored.x, stored.y, stored.z]
    var isFlipped = [false, false, false]
    for axis in 0..<3 where columns[order[axis]][axis] < 0 {
      let column = order[axis]
      isFlipped[axis] = true
      columns[column] = -columns[column]
      origin -= Double(counts[column] - 1) * lengths[column] * columns[column]
    }
    let x = columns[order[0]] * lengths[order[0]]
    let y = columns[order[1]] * lengths[order[1]]
    let z = columns[order[2]] * lengths[order[2]]
    self.order = SIMD3(order[0], order[1], order[2])
    self.isFlipped = isFlipped
    isOrthogonal = [(0, 1), (0, 2), (1, 2)].allSatisfy { pair in
      abs((columns[pair.0] * columns[pair.1]).inOrderSum) < 1e-5
    }
    extent = SIMD3(counts[order[0]], counts[order[1]], counts[order[2]])
    spacing = SIMD3(lengths[order[0]], lengths[order[1]], lengths[order[2]])
    forward = Rows(
      x: SIMD4(x.x, y.x, z.x, origin.x), y: SIMD4(x.y, y.y, z.y, origin.y),
      z: SIMD4(x.z, y.z, z.z, origin.z))
    backward = Self.inverse(x, y, z, origin)
  }

  /// For each scanner axis the image axis nearest to it.
  private static func nearestOrder(_ columns: [SIMD3<Double>]) -> [Int] {
    var order = (0..<3).map { axis in
      (0..<3).reduce(0) { best, column in
        abs(columns[column][axis]) > abs(columns[best][axis]) ? column : best
      }
    }
    func remaining(_ first: Int, _ second: Int) -> Int {
      (0..<3).first { $0 != first && $0 != second } ?? 0
    }
    if order[0] == order[1] { order[1] = remaining(order[0], order[2]) }
    if order[0] == order[2] { order[2] = remaining(order[0], order[1]) }
    if order[1] == order[2] { order[2] = remaining(order[0], order[1]) }
    return order
  }

  private static func inverse(
    _ x: SIMD3<Double>, _ y: SIMD3<Double>, _ z: SIMD3<Double>, _ origin: SIMD3<Double>
  ) -> Rows {
    let m = [x, y, z]
    func cofactor(_ i: Int, _ j: Int) -> Double {
      let (i1, i2, j1, j2) = ((i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3)
      return m[j1][i1] * m[j2][i2] - m[j2][i1] * m[j1][i2]
    }
    let first = SIMD3(cofactor(0, 0), cofactor(1, 0), cofactor(2, 0))
    let scale = 1 / (first * x).inOrderSum
    let rows = (0..<3).map { j in
      SIMD3(cofactor(0, j), cofactor(1, j), cofactor(2, j)) * scale
    }
    func row(_ index: Int) -> SIMD4<Double> {
      let products = rows[index] * origin
      let sum =
        index == 2 ? products.x + (products.y + products.z) : products.inOrderSum
      return SIMD4(rows[index], -sum)
    }
    return Rows(x: row(0), y: row(1), z: row(2))
  }

  private init(part other: VoxelGrid, from voxel: SIMD3<Int>, extent: SIMD3<Int>) {
    let place = other.centre(of: voxel)
    let m = other.forward
    self.extent = extent
    spacing = other.spacing
    order = other.order
    isFlipped = other.isFlipped
    isOrthogonal = other.isOrthogonal
    forward = Rows(
      x: SIMD4(m.x.x, m.x.y, m.x.z, place.x), y: SIMD4(m.y.x, m.y.y, m.y.z, place.y),
      z: SIMD4(m.z.x, m.z.y, m.z.z, place.z))
    backward = Self.inverse(
      SIMD3(m.x.x, m.y.x, m.z.x), SIMD3(m.x.y, m.y.y, m.z.y), SIMD3(m.x.z, m.y.z, m.z.z), place)
  }

  /// The voxels of a box of the grid, as a grid of their own.
  package func part(from voxel: SIMD3<Int>, extent: SIMD3<Int>) -> VoxelGrid {
    VoxelGrid(part: self, from: voxel, extent: extent)
  }

  /// From voxel indices, in the order of the scanner's axes, to the scanner.
  public var transform: ScannerTransform {
    ScannerTransform(
      rows: [forward.x, forward.y, forward.z].map { [$0.x, $0.y, $0.z, $0.w] })
  }

  /// The edges of a voxel along the stored axes, in mm.
  public var spacingOfStoredAxes: SIMD3<Double> {
    var edges = SIMD3<Double>()
    for axis in 0..<3 { edges[order[axis]] = spacing[axis] }
    return edges
  }

  /// The rows of the transform from the scanner to voxel coordinates.
  package var rowsToVoxels: [SIMD4<Double>] { [backward.x, backward.y, backward.z] }

  /// The place of a voxel's centre.
  @inline(__always)
  package func centre(of voxel: SIMD3<Int>) -> SIMD3<Double> {
    forward.apply(SIMD3(Double(voxel.x), Double(voxel.y), Double(voxel.z)))
  }

  /// The voxel coordinates of a point.
  @inline(__always)
  package func coordinates(of point: SIMD3<Double>) -> SIMD3<Double> { backward.apply(point) }

  /// The voxel that a point lies in, which may lie outside the image; nil for points that are not
  /// finite or too far away to be counted.
  @inline(__always)
  package func voxel(of point: SIMD3<Double>) -> SIMD3<Int>? {
    let place = backward.apply(point)
    let bound = 1e8
    guard abs(place.x) < bound, abs(place.y) < bound, abs(place.z) < bound else { return nil }
    // Halves go away from zero.
    let nearest = place.rounded(.toNearestOrAwayFromZero)
    return SIMD3(Int(nearest.x), Int(nearest.y), Int(nearest.z))
  }

  /// Whether a voxel lies in the image.
  @inline(__always)
  package func contains(_ voxel: SIMD3<Int>) -> Bool {
    voxel.x >= 0 && voxel.y >= 0 && voxel.z >= 0 && voxel.x < extent.x && voxel.y < extent.y
      && voxel.z < extent.z
  }

  /// The stored position of a voxel.
  package func stored(_ voxel: SIMD3<Int>) -> VoxelPosition {
    var place = SIMD3<Int>()
    for axis in 0..<3 {
      place[order[axis]] = isFlipped[axis] ? extent[axis] - 1 - voxel[axis] : voxel[axis]
    }
    return VoxelPosition(z: place.z, y: place.y, x: place.x)
  }
}

extension SIMD3<Double> {
  /// The sum of the lanes from first to last.
  @inline(__always)
  var inOrderSum: Double { (x + y) + z }
}

/// The point at an index of positions in x, y, z order.
@inline(__always)
package func point(_ positions: borrowing Span<Float>, _ index: Int) -> SIMD3<Float> {
  SIMD3(positions[3 &* index], positions[3 &* index &+ 1], positions[3 &* index &+ 2])
}

/// The distance of two points, in single precision.
@inline(__always)
package func distance(_ first: SIMD3<Float>, _ second: SIMD3<Float>) -> Float {
  let step = first - second
  return (step.x * step.x + (step.y * step.y + step.z * step.z)).squareRoot()
}

/// The length of a streamline in mm, summed in single precision from its first point to its last; 0
/// with fewer than two points.
///
/// - Parameters:
///   - positions: x, y, z of every point, in mm.
///   - points: The streamline's points.
/// - Returns: The length.
/// - Complexity: O(points).
///
/// Source: MRtrix3, `tckstats`.
public func streamlineLength(_ positions: borrowing Span<Float>, _ points: Range<Int>) -> Float {
  guard points.count > 1 else { return 0 }
  precondition(3 * points.upperBound <= positions.count, "the points lie outside the positions")
  var length: Float = 0
  var last = point(positions, points.lowerBound)
  for index in points.lowerBound + 1..<points.upperBound {
    let next = point(positions, index)
    length += distance(next, last)
    last = next
  }
  return length
}
