public import LinearAlgebra

/// The diffusion weighting of every volume of an image.
public struct GradientTable: Hashable, Sendable {
  /// The directions in scanner axes: of length 1, or zero where there is none.
  public let directions: [SIMD3<Double>]
  /// The b-values in s/mm².
  public let bValues: [Double]
  /// Whether b-values were scaled by the squared length of their direction.
  public let isScaled: Bool

  /// The largest b-value in s/mm² of a volume that counts as not weighted.
  public static let largestUnweighted = 50.0
  /// How far the logarithm of a squared length may be from zero before lengths have a meaning.
  private static let lengthTolerance = 0.01

  /// Makes a table of rows (x, y, z, b).
  ///
  /// Directions get length 1. Where one is more than half a percent longer or shorter than that,
  /// lengths are taken to carry the b-value, as scanners with one nominal b-value write shells:
  /// each b-value is multiplied by the squared length.
  ///
  /// - Throws: ``DiffusionError`` where there is no row, or a number is none.
  public init(rows: [SIMD4<Double>]) throws(DiffusionError) {
    guard !rows.isEmpty else { throw DiffusionError("the gradient table is empty") }
    var directions: [SIMD3<Double>] = []
    var squares: [Double] = []
    for (index, row) in rows.enumerated() {
      let direction = SIMD3(row.x, row.y, row.z)
      let square = (direction * direction).sum()
      guard square.isFinite, row.w.isFinite, row.w >= 0 else {
        throw DiffusionError(
          "row \(index) of the gradient table is not sound", found: "\(row)",
          expected: "finite numbers and a b-value from 0 on")
      }
      directions.append(square > 0 ? direction / square.squareRoot() : direction)
      squares.append(square)
    }
    let bounds = (1 - GradientTable.lengthTolerance)...(1 + GradientTable.lengthTolerance)
    isScaled = zip(squares, rows).contains { $0 > 0 && $1.w > 0 && !bounds.contains($0) }
    let scaled = isScaled
    bValues = zip(rows, squares).map { scaled && $1 > 0 ? $0.w * $1 : $0.w }
    self.directions = directions
  }

  /// The number of volumes.
  public var count: Int { bValues.count }

  /// The volumes that count as not weighted.
  public var unweighted: [Int] {
    bValues.indices.filter { bValues[$0] <= GradientTable.largestUnweighted }
  }

  /// The linear model of the logarithm of a tensor's signals: a row
  /// −b (x², y², z², 2xy, 2xz, 2yz), 1 a volume.
  ///
  /// Source: Basser, Mattiello & LeBihan 1994, J Magn Reson B 103:247.
  public var tensorDesign: Matrix {
    var design = Matrix(rows: count, columns: 7)
    for (row, (g, b)) in zip(directions, bValues).enumerated() {
      design[row, 0] = -b * g.x * g.x
      design[row, 1] = -b * g.y * g.y
      design[row, 2] = -b * g.z * g.z
      design[row, 3] = -b * 2 * g.x * g.y
      design[row, 4] = -b * 2 * g.x * g.z
      design[row, 5] = -b * 2 * g.y * g.z
      design[row, 6] = 1
    }
    return design
  }

  /// The table with every direction mapped.
  public func mapDirections(_ body: (SIMD3<Double>) -> SIMD3<Double>) -> GradientTable {
    GradientTable(directions: directions.map(body), bValues: bValues, isScaled: isScaled)
  }

  private init(directions: [SIMD3<Double>], bValues: [Double], isScaled: Bool) {
    self.directions = directions
    self.bValues = bValues
    self.isScaled = isScaled
  }
}
