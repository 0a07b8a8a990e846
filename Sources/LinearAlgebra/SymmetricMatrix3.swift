/// A symmetric matrix of three rows.
public struct SymmetricMatrix3: Hashable, Sendable {
  /// The diagonal: xx, yy, zz.
  public var diagonal: SIMD3<Double>
  /// The values beside it: xy, xz, yz.
  public var offDiagonal: SIMD3<Double>

  /// Creates a matrix.
  @inlinable
  public init(diagonal: SIMD3<Double>, offDiagonal: SIMD3<Double>) {
    self.diagonal = diagonal
    self.offDiagonal = offDiagonal
  }

  /// Eigenvalues in descending order and the unit eigenvectors of each.
  public struct Eigenvectors: Hashable, Sendable {
    /// The eigenvalues, the largest first.
    public var values: SIMD3<Double>
    /// The eigenvector of the largest, the middle and the smallest eigenvalue.
    public var first, second, third: SIMD3<Double>

    /// Creates them.
    public init(
      values: SIMD3<Double>, first: SIMD3<Double>, second: SIMD3<Double>, third: SIMD3<Double>
    ) {
      self.values = values
      self.first = first
      self.second = second
      self.third = third
    }
  }

  /// The eigenvalues and eigenvectors, by cyclic Jacobi rotations.
  ///
  /// Vectors are orthogonal also where eigenvalues are equal; the component of a vector that is
  /// largest in size is positive.
  ///
  /// Source: Golub & Van Loan, "Matrix Computations", §8.5.
  public func eigenvectors() -> Eigenvectors {
    var (a, b, c) = (diagonal.x, diagonal.y, diagonal.z)
    var (d, e, f) = (offDiagonal.x, offDiagonal.y, offDiagonal.z)
    var (u, v, w) = (SIMD3(1.0, 0, 0), SIMD3(0.0, 1, 0), SIMD3(0.0, 0, 1))
    for _ in 0..<24 {
      let off = d * d + e * e + f * f
      if !(off > 1e-40 * (a * a + b * b + c * c)) { break }
      // (p, q) = (x, y), (x, z), (y, z); each rotation makes one value beside the diagonal zero.
      rotate(&a, &b, &d, &e, &f, &u, &v)
      rotate(&a, &c, &e, &d, &f, &u, &w)
      rotate(&b, &c, &f, &d, &e, &v, &w)
    }
    if a < b { (a, b, u, v) = (b, a, v, u) }
    if b < c { (b, c, v, w) = (c, b, w, v) }
    if a < b { (a, b, u, v) = (b, a, v, u) }
    return Eigenvectors(
      values: SIMD3(a, b, c), first: u.signed, second: v.signed, third: w.signed)
  }
}

/// Rotates the plane of two axes so that `off` between them is zero.
///
/// `p` and `q` are the values beside the diagonal that share the third axis with the first and the
/// second one.
@inline(__always)
private func rotate(
  _ first: inout Double, _ second: inout Double, _ off: inout Double, _ p: inout Double,
  _ q: inout Double, _ u: inout SIMD3<Double>, _ v: inout SIMD3<Double>
) {
  guard off != 0 else { return }
  let theta = (second - first) / (2 * off)
  let magnitude = 1 / (abs(theta) + (theta * theta + 1).squareRoot())
  let tangent = theta < 0 ? -magnitude : magnitude
  let cosine = 1 / (tangent * tangent + 1).squareRoot()
  let sine = tangent * cosine
  first -= tangent * off
  second += tangent * off
  off = 0
  (p, q) = (cosine * p - sine * q, sine * p + cosine * q)
  (u, v) = (cosine * u - sine * v, sine * u + cosine * v)
}

extension SIMD3<Double> {
  /// The vector or its opposite, so that the component largest in size is positive.
  fileprivate var signed: SIMD3<Double> {
    var largest = x
    if abs(y) > abs(largest) { largest = y }
    if abs(z) > abs(largest) { largest = z }
    return largest < 0 ? -self : self
  }
}
