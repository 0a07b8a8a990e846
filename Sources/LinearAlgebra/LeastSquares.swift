extension Matrix {
  /// The Moore–Penrose pseudo-inverse.
  ///
  /// - Parameter tolerance: The share of the largest singular value below which one counts as zero;
  ///   by default the larger side times the precision of the numbers.
  /// - Returns: (columns, rows).
  /// - Throws: ``LinearAlgebraError`` where values are not finite.
  public func pseudoInverse(tolerance: Double? = nil) throws(LinearAlgebraError) -> Matrix {
    let (u, singular, v) = try singularValues()
    let least = (tolerance ?? Double(max(rows, columns)) * Double.ulpOfOne) * (singular.first ?? 0)
    var scaled = v
    for (row, value) in singular.enumerated() {
      for column in 0..<v.columns {
        scaled[row, column] = value > least ? v[row, column] / value : 0
      }
    }
    return scaled.transposed * u.transposed
  }

  /// The number of singular values above a share of the largest.
  ///
  /// - Throws: ``LinearAlgebraError`` where values are not finite.
  public func rank(tolerance: Double = 1e-10) throws(LinearAlgebraError) -> Int {
    let singular = try singularValues().values
    return singular.count { $0 > tolerance * (singular.first ?? 0) }
  }

  /// The shortest `x` with the least `|self · x − right|²`.
  ///
  /// - Returns: (columns, columns of the right side).
  /// - Throws: ``LinearAlgebraError`` where values are not finite.
  public func leastSquares(_ right: Matrix) throws(LinearAlgebraError) -> Matrix {
    precondition(right.rows == rows, "a right side has a value for each equation")
    return try pseudoInverse() * right
  }
}
