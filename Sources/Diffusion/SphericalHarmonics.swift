public import LinearAlgebra

/// Real functions on the sphere that are the same in opposite directions, as sums of spherical
/// harmonics of even degree.
///
/// Coefficients come in the order of degrees, and of orders −l … l within each:
/// index(l, m) = l (l + 1) / 2 + m. The basis is orthonormal; negative orders are sines, positive ones
/// cosines of the azimuth, with the sign (−1)ᵐ of the Condon–Shortley phase.
///
/// Source: Tournier, Calamante & Connelly 2007, NeuroImage 35:1459; the basis is that of MRtrix3.
public enum SphericalHarmonics {
  /// The largest degree that is supported.
  public static let greatestDegree = 20

  /// The number of coefficients up to an even degree.
  public static func count(degree: Int) -> Int { (degree + 1) * (degree + 2) / 2 }

  /// The place of the coefficient of a degree and an order.
  public static func index(degree: Int, order: Int) -> Int { degree * (degree + 1) / 2 + order }

  /// The degree of so many coefficients; nil where no even degree up to the greatest has as many.
  public static func degree(count: Int) -> Int? {
    stride(from: 0, through: greatestDegree, by: 2).first { self.count(degree: $0) == count }
  }

  /// The largest even degree with no more coefficients than there are measurements.
  public static func degree(determinedBy measurements: Int) -> Int {
    stride(from: greatestDegree, through: 0, by: -2).first {
      count(degree: $0) <= measurements
    } ?? 0
  }

  /// The basis functions along directions: amplitudes = matrix · coefficients.
  ///
  /// A direction of zero length has the constant function alone.
  ///
  /// - Parameters:
  ///   - directions: Vectors of length 1.
  ///   - degree: The largest, even degree.
  /// - Returns: (direction, coefficient).
  public static func basis(along directions: [SIMD3<Double>], degree: Int) -> Matrix {
    precondition(
      degree >= 0 && degree.isMultiple(of: 2) && degree <= greatestDegree,
      "an even degree up to the greatest")
    var matrix = Matrix(rows: directions.count, columns: count(degree: degree))
    let legendre = LegendreFunctions<Double>(degree: degree)
    var values = [Double](repeating: 0, count: LegendreFunctions<Double>.count(degree: degree))
    for (row, direction) in directions.enumerated() {
      guard (direction * direction).sum() > 0 else {
        matrix[row, 0] = legendre.constant
        continue
      }
      legendre.evaluate(at: direction.z, into: &values)
      let length = (direction.x * direction.x + direction.y * direction.y).squareRoot()
      let unit = length > 0 ? SIMD2(direction.x, direction.y) / length : SIMD2(1, 0)
      var turn = SIMD2(1.0, 0.0)
      for order in 0...degree {
        if order > 0 {
          turn = SIMD2(
            turn.x * unit.x - turn.y * unit.y, turn.y * unit.x + turn.x * unit.y)
        }
        for l in stride(from: order + order % 2, through: degree, by: 2) {
          let value = values[LegendreFunctions<Double>.index(degree: l, order: order)]
          if order == 0 {
            matrix[row, index(degree: l, order: 0)] = value
          } else {
            matrix[row, index(degree: l, order: order)] = 2.0.squareRoot() * value * turn.x
            matrix[row, index(degree: l, order: -order)] = 2.0.squareRoot() * value * turn.y
          }
        }
      }
    }
    return matrix
  }

  /// The zonal functions, those of order 0, of every even degree at the cosine of an elevation.
  public static func zonal(atCosine cosine: Double, degree: Int) -> [Double] {
    let legendre = LegendreFunctions<Double>(degree: degree)
    var values = [Double](repeating: 0, count: LegendreFunctions<Double>.count(degree: degree))
    legendre.evaluate(at: cosine, into: &values)
    return stride(from: 0, through: degree, by: 2).map {
      values[LegendreFunctions<Double>.index(degree: $0, order: 0)]
    }
  }

  /// What convolution with a zonal function multiplies the coefficients of each even degree with.
  ///
  /// - Parameter coefficients: The function's coefficients of order 0, of degrees 0, 2, 4 ….
  /// - Returns: A factor for each degree.
  ///
  /// Source: Healy, Hendriks & Kim 1998, J Multivar Anal 67:1.
  public static func convolutionFactors(_ coefficients: [Double]) -> [Double] {
    zip(coefficients, zonal(atCosine: 1, degree: 2 * (coefficients.count - 1))).map { $0 / $1 }
  }

  /// Fits coefficients to amplitudes by least squares.
  ///
  /// - Parameters:
  ///   - directions: The directions of the amplitudes, of length 1.
  ///   - degree: The largest, even degree.
  /// - Returns: (coefficient, direction): coefficients = matrix · amplitudes.
  /// - Throws: ``DiffusionError`` where the directions do not determine the coefficients.
  public static func fit(
    along directions: [SIMD3<Double>], degree: Int
  ) throws(DiffusionError) -> Matrix {
    let basis = basis(along: directions, degree: degree)
    do {
      let singular = try basis.singularValues().values
      guard let largest = singular.first, let least = singular.last,
        basis.rows >= basis.columns, least > largest / greatestCondition
      else {
        throw DiffusionError(
          "the directions do not determine spherical harmonics of degree \(degree)",
          found: "\(directions.count) directions",
          expected: "\(basis.columns) or more, spread over the sphere",
          remedy: "use a lower degree")
      }
      return try basis.pseudoInverse()
    } catch let error as DiffusionError {
      throw error
    } catch {
      throw DiffusionError("the directions hold numbers that are not finite")
    }
  }

  /// The condition number above which a fit is refused.
  private static let greatestCondition = 1e6
}

extension SphericalHarmonics {
  /// Half the degree of the coefficient at a place.
  static func halfDegree(at place: Int) -> Int {
    var half = 0
    while count(degree: 2 * half) <= place { half += 1 }
    return half
  }
}

extension Matrix {
  /// Multiplies the columns of each degree of spherical harmonics with that degree's factor.
  mutating func scaleColumns(by factors: [Double]) {
    for column in 0..<columns {
      let factor = factors[SphericalHarmonics.halfDegree(at: column)]
      for row in 0..<rows { self[row, column] *= factor }
    }
  }

  /// The matrix times a number.
  func scaled(by factor: Double) -> Matrix {
    Matrix(rows: rows, columns: columns, values: values.map { factor * $0 })
  }

  /// The rows as blocks of eight, filled up with zeros.
  var blocks: [SIMD8<Double>] {
    (0..<rows).flatMap { row in
      BlockedSymmetricMatrix.blocks(of: (0..<columns).map { self[row, $0] })
    }
  }
}
