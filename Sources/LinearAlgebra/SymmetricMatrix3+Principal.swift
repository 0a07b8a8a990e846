import Glibc

extension SymmetricMatrix3 {
  /// The unit eigenvector of the largest eigenvalue, in closed form; one of the axes where all
  /// eigenvalues are equal.
  ///
  /// Several times as fast as ``eigenvectors()``; the sign is arbitrary.
  ///
  /// Source: Smith 1961, Commun ACM 4:168.
  public func principalEigenvector() -> SIMD3<Double> {
    let mean = (diagonal.x + diagonal.y + diagonal.z) / 3
    let a = diagonal - mean
    let o = offDiagonal
    let square = (a * a).sum() + 2 * (o * o).sum()
    guard square > 0, square.isFinite else { return SIMD3(1, 0, 0) }
    let scale = (square / 6).squareRoot()
    let determinant =
      a.x * (a.y * a.z - o.z * o.z) - o.x * (o.x * a.z - o.z * o.y)
      + o.y * (o.x * o.z - a.y * o.y)
    let ratio = max(-1, min(1, determinant / (2 * scale * scale * scale)))
    let shift = 2 * scale * cos(acos(ratio) / 3)
    // The eigenvector is at right angles to every row of what is left.
    let first = SIMD3(a.x - shift, o.x, o.y)
    let second = SIMD3(o.x, a.y - shift, o.z)
    let third = SIMD3(o.y, o.z, a.z - shift)
    var best = cross(first, second)
    var length = (best * best).sum()
    let others: InlineArray<2, SIMD3<Double>> = [cross(first, third), cross(second, third)]
    for index in 0..<2 {
      let other = others[index]
      let size = (other * other).sum()
      if size > length { (best, length) = (other, size) }
    }
    // Two eigenvalues that are nearly equal leave no row to speak of.
    guard length > 1e-20 * square * square else { return eigenvectors().first }
    return best / length.squareRoot()
  }
}

@inline(__always)
private func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
  SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}
