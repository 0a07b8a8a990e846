import CLAPACK

// All unsafe code of this module: calls of OpenBLAS and LAPACKE. Pointers come from arrays and
// spans that outlive the call, and the sizes given are checked against theirs.

/// Keeps OpenBLAS from starting threads of its own: threads are the caller's.
private let isSingleThreaded: Bool = {
  openblas_set_num_threads(1)
  return true
}()

private func requireSingleThreaded() {
  precondition(isSingleThreaded, "OpenBLAS runs in the caller's thread")
}

extension Matrix {
  /// Multiplies with a matrix given as rows: `target = self · other`.
  ///
  /// The corresponding C function is `cblas_dgemm`.
  ///
  /// - Parameters:
  ///   - other: (columns of this matrix, `columns`), row after row.
  ///   - columns: The columns of the other matrix.
  ///   - target: (rows of this matrix, `columns`), row after row; overwritten.
  /// - Complexity: O(rows · columns of both).
  public func multiply(
    _ other: Span<Double>, columns: Int, into target: inout MutableSpan<Double>
  ) {
    requireSingleThreaded()
    precondition(
      columns > 0 && other.count == self.columns * columns && target.count == rows * columns,
      "the matrices do not fit together")
    let (m, n, k) = (Int32(rows), Int32(columns), Int32(self.columns))
    values.withUnsafeBufferPointer { a in
      other.withUnsafeBufferPointer { b in
        target.withUnsafeMutableBufferPointer { c in
          // Sound: the sizes were checked above; the target is held exclusively.
          cblas_dgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a.baseAddress, k, b.baseAddress,
            n, 0, c.baseAddress, n)
        }
      }
    }
  }

  /// The singular value decomposition `u · diagonal(values) · v`, values in descending order.
  ///
  /// The corresponding C function is `LAPACKE_dgesdd`.
  ///
  /// - Returns: `u` (rows, n), the n singular values, and `v` (n, columns), where n is the lesser of
  ///   rows and columns.
  /// - Throws: ``LinearAlgebraError`` where values are not finite.
  public func singularValues() throws(LinearAlgebraError) -> (
    u: Matrix, values: [Double], v: Matrix
  ) {
    requireSingleThreaded()
    guard values.allSatisfy(\.isFinite) else {
      throw LinearAlgebraError(message: "the matrix holds values that are not finite")
    }
    let count = min(rows, columns)
    var copy = values
    var singular = [Double](repeating: 0, count: count)
    var u = [Double](repeating: 0, count: rows * count)
    var v = [Double](repeating: 0, count: count * columns)
    // Sound: every array has the size that the function documents for the job 'S'.
    let status = LAPACKE_dgesdd(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "S")), Int32(rows), Int32(columns), &copy,
      Int32(columns), &singular, &u, Int32(count), &v, Int32(columns))
    guard status == 0 else {
      throw LinearAlgebraError(message: "the singular values do not converge")
    }
    return (
      Matrix(rows: rows, columns: count, values: u), singular,
      Matrix(rows: count, columns: columns, values: v)
    )
  }

  /// The eigenvalues of a symmetric matrix in ascending order, and its eigenvectors as columns.
  ///
  /// The corresponding C function is `LAPACKE_dsyevd`.
  ///
  /// - Throws: ``LinearAlgebraError`` where values are not finite.
  public func symmetricEigenvectors() throws(LinearAlgebraError) -> (
    values: [Double], vectors: Matrix
  ) {
    requireSingleThreaded()
    precondition(rows == columns, "a symmetric matrix has as many rows as columns")
    guard values.allSatisfy(\.isFinite) else {
      throw LinearAlgebraError(message: "the matrix holds values that are not finite")
    }
    var vectors = values
    var eigenvalues = [Double](repeating: 0, count: rows)
    // Sound: both arrays have the size that the function documents.
    let status = LAPACKE_dsyevd(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "L")), Int32(rows), &vectors,
      Int32(rows), &eigenvalues)
    guard status == 0 else {
      throw LinearAlgebraError(message: "the eigenvalues do not converge")
    }
    return (eigenvalues, Matrix(rows: rows, columns: rows, values: vectors))
  }

  /// Solves `self · x = right` for a symmetric positive definite matrix.
  ///
  /// The corresponding C function is `LAPACKE_dposv`.
  ///
  /// - Returns: (rows, columns of the right side).
  /// - Throws: ``LinearAlgebraError`` where the matrix is not positive definite.
  public func solveSymmetric(_ right: Matrix) throws(LinearAlgebraError) -> Matrix {
    requireSingleThreaded()
    precondition(
      rows == columns && right.rows == rows, "a system has as many equations as unknowns")
    var copy = values
    var solution = right.values
    // Sound: both arrays have the size that the function documents.
    let status = LAPACKE_dposv(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "L")), Int32(rows), Int32(right.columns), &copy,
      Int32(rows), &solution, Int32(right.columns))
    guard status == 0 else {
      throw LinearAlgebraError(message: "the matrix is not positive definite")
    }
    return Matrix(rows: rows, columns: right.columns, values: solution)
  }
}
