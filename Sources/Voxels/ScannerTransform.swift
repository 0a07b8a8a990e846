/// The affine transform from voxel indices to scanner coordinates.
///
/// Voxel indices are (x, y, z), the centre of the first voxel is (0, 0, 0); scanner coordinates are
/// in mm, x to the right, y to the front, z up ("RAS").
///
/// Source: NIfTI-1, <https://nifti.nimh.nih.gov/nifti-1/documentation/nifti1fields>.
public struct ScannerTransform: Hashable, Sendable {
  /// The image of one voxel step along x; the fourth lane is 0.
  public var x: SIMD4<Double>
  /// The image of one voxel step along y; the fourth lane is 0.
  public var y: SIMD4<Double>
  /// The image of one voxel step along z; the fourth lane is 0.
  public var z: SIMD4<Double>
  /// The place of the first voxel's centre; the fourth lane is 1.
  public var origin: SIMD4<Double>

  /// The transform with three rows of four numbers, as headers hold it.
  ///
  /// - Precondition: There are three rows of four.
  public init(rows: [[Double]]) {
    precondition(
      rows.count == 3 && rows.allSatisfy { $0.count == 4 },
      "an affine transform has three rows of four numbers")
    x = SIMD4(rows[0][0], rows[1][0], rows[2][0], 0)
    y = SIMD4(rows[0][1], rows[1][1], rows[2][1], 0)
    z = SIMD4(rows[0][2], rows[1][2], rows[2][2], 0)
    origin = SIMD4(rows[0][3], rows[1][3], rows[2][3], 1)
  }

  /// The three rows of four numbers.
  public var rows: [[Double]] {
    (0..<3).map { row in [x[row], y[row], z[row], origin[row]] }
  }

  /// The image of a point.
  @inlinable
  public func apply(_ point: SIMD3<Double>) -> SIMD3<Double> {
    let image = x * point.x + y * point.y + z * point.z + origin
    return SIMD3(image.x, image.y, image.z)
  }

  /// The determinant of the linear part: the volume of a voxel in mm³, negative where the axes are
  /// left-handed.
  public var determinant: Double {
    x[0] * (y[1] * z[2] - y[2] * z[1]) - y[0] * (x[1] * z[2] - x[2] * z[1])
      + z[0] * (x[1] * y[2] - x[2] * y[1])
  }

  /// The lengths of a voxel's edges along x, y and z, in mm.
  public var spacing: SIMD3<Double> {
    SIMD3(
      (x * x).sum().squareRoot(), (y * y).sum().squareRoot(), (z * z).sum().squareRoot())
  }

  /// The transform from scanner coordinates to voxel indices; nil where this one is singular.
  public var inverse: ScannerTransform? {
    let scale = determinant
    guard scale.isFinite, scale != 0 else { return nil }
    let r = rows
    func cofactor(_ row: Int, _ column: Int) -> Double {
      let (a, b) = ((row + 1) % 3, (row + 2) % 3)
      let (c, d) = ((column + 1) % 3, (column + 2) % 3)
      return r[a][c] * r[b][d] - r[a][d] * r[b][c]
    }
    let linear = (0..<3).map { row in (0..<3).map { cofactor($0, row) / scale } }
    return ScannerTransform(
      rows: linear.map { row in
        row + [-(row[0] * origin.x + row[1] * origin.y + row[2] * origin.z)]
      })
  }
}
