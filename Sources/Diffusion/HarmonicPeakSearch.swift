import Glibc

/// Finds peaks of functions on the sphere by Newton's method along the gradient.
///
/// Arithmetic is in single precision. A table of Legendre functions at 512 elevations, interpolated
/// linearly, is faster and less exact; MRtrix3 tracks with it.
///
/// Source: Jeurissen et al. 2013, Hum Brain Mapp 34:2747; the rules are those of MRtrix's sh2peaks.
public struct HarmonicPeakSearch: Sendable {
  /// The degree of the functions.
  public let degree: Int
  private let legendre: LegendreFunctions<Float>
  private let count: Int
  /// (elevation, function); empty where functions are computed at each place.
  private let table: [Float]
  /// (degree, order) as Legendre functions lie.
  private let slopes: [Slope]

  private static let elevations = 512
  private static let mostSteps = 50
  private static let largestStep: Float = 0.2
  private static let precision: Float = 1e-4

  /// How derivatives follow from the functions of neighbouring orders.
  private struct Slope: Sendable {
    var lower: Float = 0
    var higher: Float = 0
    var second: Float = 0
    var secondLower: Float = 0
    var secondHigher: Float = 0
  }

  /// A peak: a unit vector and the function's value there.
  public struct Peak: Hashable, Sendable {
    /// Where it is.
    public var direction: SIMD3<Float>
    /// The value.
    public var amplitude: Float
  }

  /// The working memory of one thread.
  public struct Memory: Sendable {
    fileprivate var values: [Float]

    /// Makes memory for functions of a degree.
    public init(degree: Int) {
      values = [Float](repeating: 0, count: LegendreFunctions<Float>.count(degree: degree))
    }
  }

  /// Prepares searches.
  ///
  /// - Parameters:
  ///   - degree: The functions' even degree.
  ///   - usesTable: Whether Legendre functions are interpolated.
  public init(degree: Int, usesTable: Bool = false) {
    self.degree = degree
    legendre = LegendreFunctions(degree: degree)
    count = LegendreFunctions<Float>.count(degree: degree)
    var slopes = [Slope](repeating: Slope(), count: count)
    for l in stride(from: 0, through: degree, by: 2) {
      for m in 0...l {
        func root(_ factors: Int...) -> Float {
          Float(factors.reduce(1, *)).squareRoot()
        }
        slopes[LegendreFunctions<Float>.index(degree: l, order: m)] =
          m == 0
          ? Slope(
            lower: 0, higher: root(l, l + 1), second: Float(l * (l + 1)), secondLower: 0,
            secondHigher: l > 0 ? root(l, l + 1, l - 1, l + 2) : 0)
          : Slope(
            lower: root(l + m, l - m + 1), higher: l > m ? root(l - m, l + m + 1) : 0,
            second: Float((l + m) * (l - m + 1) + (l - m) * (l + m + 1)),
            secondLower: root(l + m, l - m + 1, l + m - 1, l - m + 2),
            secondHigher: l > m + 1 ? root(l - m, l + m + 1, l - m - 1, l + m + 2) : 0)
      }
    }
    self.slopes = slopes
    guard usesTable else {
      table = []
      return
    }
    var table: [Float] = []
    var values = [Float](repeating: 0, count: count)
    let increment = Float.pi / Float(Self.elevations - 1)
    for place in 0..<Self.elevations {
      legendre.evaluate(at: cosf(Float(place) * increment), into: &values)
      table += values
    }
    self.table = table
  }

  /// Follows the gradient from a direction to a peak.
  ///
  /// - Parameters:
  ///   - coefficients: The function's coefficients.
  ///   - start: A unit vector.
  ///   - memory: The thread's working memory.
  /// - Returns: The peak; nil where none was found in 50 steps.
  public func peak(
    of coefficients: Span<Float>, from start: SIMD3<Float>, using memory: inout Memory
  ) -> Peak? {
    var direction = start
    for _ in 0..<Self.mostSteps {
      let azimuth = atan2f(direction.y, direction.x)
      let elevation = acosf(direction.z)
      let at = derivatives(of: coefficients, elevation, azimuth, &memory)
      var along = at.elevation
      var across: Float = 0
      let size = (at.elevation * at.elevation + at.azimuth * at.azimuth).squareRoot()
      if size != 0 {
        across = at.azimuth / size
        along = at.elevation / size
      }
      let first = across * at.azimuth + along * at.elevation
      let second =
        across * across * at.azimuth2 + 2 * across * along * at.mixed + along * along
        * at.elevation2
      let step = min(second != 0 ? abs(first / second) : 0, Self.largestStep)
      guard step.isFinite else { return nil }
      along *= step
      across *= step
      let (cosine, sine) = (cosf(azimuth), sinf(azimuth))
      let slope = cosf(elevation)
      direction += SIMD3(
        along * cosine * slope - across * sine, along * sine * slope + across * cosine,
        -along * sinf(elevation))
      direction /= (direction * direction).sum().squareRoot()
      if step < Self.precision { return Peak(direction: direction, amplitude: at.amplitude) }
    }
    return nil
  }

  /// A function's value and derivatives at a place.
  private struct Derivatives {
    var amplitude: Float = 0
    var elevation: Float = 0
    var azimuth: Float = 0
    var elevation2: Float = 0
    var mixed: Float = 0
    var azimuth2: Float = 0
  }

  private func derivatives(
    of coefficients: Span<Float>, _ elevation: Float, _ azimuth: Float, _ memory: inout Memory
  ) -> Derivatives {
    let sine = sinf(elevation)
    let isPole = sine < 1e-4
    evaluate(elevation, &memory)
    let p = memory.values.span
    let factors = slopes.span
    var d = Derivatives()
    d.amplitude = coefficients[0] * p[0]
    for l in stride(from: 2, through: degree, by: 2) {
      let place = l * l / 4
      let value = coefficients[SphericalHarmonics.index(degree: l, order: 0)]
      let factor = factors[place]
      d.amplitude += value * p[place]
      d.elevation += value * factor.higher * p[place + 1]
      d.elevation2 += value * (factor.secondHigher * p[place + 2] - factor.second * p[place]) / 2
    }
    let unit = SIMD2(cosf(azimuth), sinf(azimuth))
    var turn = SIMD2<Float>(Float(2).squareRoot(), 0)
    for m in 1...max(1, degree) {
      turn = SIMD2(turn.x * unit.x - turn.y * unit.y, turn.y * unit.x + turn.x * unit.y)
      for l in stride(from: m + m % 2, through: degree, by: 2) {
        let place = l * l / 4 + m
        let middle = SphericalHarmonics.index(degree: l, order: 0)
        let (plus, minus) = (coefficients[middle + m], coefficients[middle - m])
        let even = plus * turn.x + minus * turn.y
        let odd = minus * turn.x - plus * turn.y
        let factor = factors[place]
        d.amplitude += even * p[place]
        var slope = factor.lower * p[place - 1]
        if l > m { slope -= factor.higher * p[place + 1] }
        slope /= -2
        d.elevation += even * slope
        var second = -factor.second * p[place]
        second += m == 1 ? -factor.secondLower * p[place] : factor.secondLower * p[place - 2]
        if l > m + 1 { second += factor.secondHigher * p[place + 2] }
        d.elevation2 += even * second / 4
        if isPole {
          d.azimuth += odd * slope
        } else {
          d.mixed += Float(m) * odd * slope
          d.azimuth += Float(m) * odd * p[place]
          d.azimuth2 -= even * Float(m * m) * p[place]
        }
      }
    }
    if !isPole {
      d.azimuth /= sine
      d.mixed /= sine
      d.azimuth2 /= sine * sine
    }
    return d
  }

  /// Puts the Legendre functions at an elevation into the memory.
  private func evaluate(_ elevation: Float, _ memory: inout Memory) {
    guard !table.isEmpty else {
      legendre.evaluate(at: cosf(elevation), into: &memory.values)
      return
    }
    let place = elevation / (Float.pi / Float(Self.elevations - 1))
    let isLast = !(place < Float(Self.elevations - 1))
    let index = isLast ? Self.elevations - 2 : max(0, Int(place))
    let part = isLast ? 1 : place - Float(index)
    let source = table.span
    let (one, other) = (
      source.extracting(index * count..<(index + 1) * count),
      source.extracting((index + 1) * count..<(index + 2) * count)
    )
    var target = memory.values.mutableSpan
    for function in 0..<count {
      target[function] = (1 - part) * one[function] + part * other[function]
    }
  }
}
