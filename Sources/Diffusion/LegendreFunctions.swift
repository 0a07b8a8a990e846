/// Associated Legendre functions of even degree and order from 0 on, normalised so that spherical
/// harmonics are orthonormal.
///
/// Values lie as (degree² / 4 + order).
///
/// Source: Press et al., Numerical Recipes, 3rd edition, section 6.7.
public struct LegendreFunctions<Scalar: BinaryFloatingPoint & Sendable>: Sendable {
  /// The largest, even degree.
  public let degree: Int
  /// The constant function's value.
  let constant: Scalar
  /// For each order, what the power of the sine is multiplied with.
  private let starts: [Scalar]
  /// (order, degree): the factors of the recurrence.
  private let factors: [Scalar]

  /// Prepares the functions up to an even degree.
  public init(degree: Int) {
    precondition(degree >= 0 && degree.isMultiple(of: 2), "an even degree")
    self.degree = degree
    constant = 0.282_094_791_773_878
    var starts: [Scalar] = []
    var product: Scalar = 1
    for order in 0...degree {
      if order > 0 { product *= Scalar(2 * order - 1) / Scalar(2 * order) }
      let size = constant * (Scalar(2 * order + 1) * product).squareRoot()
      starts.append(order.isMultiple(of: 2) ? size : -size)
    }
    var factors = [Scalar](repeating: 0, count: (degree + 1) * (degree + 2))
    for order in 0...degree {
      for l in order + 1...degree + 1 {
        let square = l * l
        factors[order * (degree + 2) + l] =
          (Scalar(4 * square - 1) / Scalar(square - order * order)).squareRoot()
      }
    }
    self.starts = starts
    self.factors = factors
  }

  /// The number of functions up to an even degree.
  public static func count(degree: Int) -> Int { (degree / 2 + 1) * (degree / 2 + 1) }

  /// The place of the function of a degree and an order.
  @inline(__always)
  public static func index(degree: Int, order: Int) -> Int { degree &* degree / 4 &+ order }

  /// Evaluates all functions.
  ///
  /// - Parameters:
  ///   - cosine: The cosine of the elevation, in [−1, 1].
  ///   - values: Receives ``count(degree:)`` values.
  /// - Complexity: O(degree²).
  public func evaluate(at cosine: Scalar, into values: inout [Scalar]) {
    precondition(values.count == Self.count(degree: degree), "a value for each function")
    let squaredSine = max(0, 1 - cosine * cosine)
    let sine = squaredSine.squareRoot()
    var power: Scalar = 1
    for order in 0...degree {
      if order > 0 { power *= sine }
      var before: Scalar = 0
      var value = starts[order] * power
      if order.isMultiple(of: 2) { values[Self.index(degree: order, order: order)] = value }
      guard order < degree else { continue }
      let row = order * (degree + 2)
      for l in order + 1...degree {
        let next =
          l == order + 1
          ? cosine * factors[row + l] * value
          : (cosine * value - before / factors[row + l - 1]) * factors[row + l]
        (before, value) = (value, next)
        if l.isMultiple(of: 2) { values[Self.index(degree: l, order: order)] = value }
      }
    }
  }
}
