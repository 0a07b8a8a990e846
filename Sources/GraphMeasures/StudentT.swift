import Glibc

/// Student's distribution of t.
enum StudentT {
  /// The chance of a t at least as far from 0 as one found.
  ///
  /// - Parameters:
  ///   - t: The t found.
  ///   - degrees: Degrees of freedom, above 0.
  /// - Returns: In [0, 1].
  ///
  /// Source: Abramowitz & Stegun 1964, 26.7.1: the regularized incomplete beta function.
  static func bothTails(_ t: Double, degrees: Double) -> Double {
    guard t.isFinite else { return t.isNaN ? .nan : 0 }
    let square = t * t
    let rest = degrees / (degrees + square)
    return incompleteBeta(rest, square / (degrees + square), degrees / 2, 0.5)
  }

  /// I_x(a, b), given x and, with the digits that the difference would lose, 1 − x.
  private static func incompleteBeta(
    _ x: Double, _ complement: Double, _ a: Double, _ b: Double
  ) -> Double {
    guard x > 0 else { return 0 }
    guard complement > 0 else { return 1 }
    let logarithm =
      lgamma(a + b) - lgamma(a) - lgamma(b) + a * (x > 0.5 ? log1p(-complement) : log(x)) + b
      * log(complement)
    let front = exp(logarithm)
    return x < (a + 1) / (a + b + 2)
      ? front * fraction(x, a, b) / a : 1 - front * fraction(complement, b, a) / b
  }

  /// The continued fraction of the incomplete beta function by Lentz's method.
  ///
  /// Source: Lentz 1976, doi:10.1364/AO.15.000668; DLMF 8.17.22.
  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    func away(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var upper = 1.0
    var lower = 1 / away(1 - (a + b) * x / (a + 1))
    var value = lower
    for step in 1...10_000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      lower = 1 / away(1 + even * lower)
      upper = away(1 + even / upper)
      value *= lower * upper
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      lower = 1 / away(1 + odd * lower)
      upper = away(1 + odd / upper)
      let change = lower * upper
      value *= change
      if abs(change - 1) < 1e-16 { break }
    }
    return value
  }
}
