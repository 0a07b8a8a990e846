import Glibc

/// Colours for numbers in which equal steps look equal.
///
/// Colours are computed along a line through OKLab: lightness changes evenly, hue evenly with it,
/// and colours are as full as the screen allows up to a bound.
///
/// Source: Ottosson 2020, "A perceptual color space for image processing",
/// <https://bottosson.github.io/posts/oklab/>.
struct ColourMap: Hashable, Sendable {
  private let colours: [Colour]

  /// From pale yellow over green and blue to dark violet: the darker the more.
  static let rising = ColourMap { fraction in
    OKLab(
      lightness: 0.965 - 0.70 * fraction, chroma: 0.035 + 0.115 * sine(fraction),
      hue: 105 + 190 * fraction)
  }

  /// From dark blue over white to dark red, for numbers below and above 0.
  static let diverging = ColourMap { fraction in
    let side = abs(2 * fraction - 1)
    return OKLab(
      lightness: 0.985 - 0.58 * side, chroma: 0.19 * sine(side * 0.62),
      hue: fraction < 0.5 ? 255 : 27)
  }

  private static func sine(_ fraction: Double) -> Double { sin(.pi * min(max(fraction, 0), 1)) }

  private init(_ colour: (Double) -> OKLab) {
    colours = (0...255).map { colour(Double($0) / 255).colour }
  }

  /// The colour of a fraction; fractions beyond 0 and 1 have those of the ends.
  func colour(of fraction: Double, opacity: Double = 1) -> Colour {
    let place = min(max(fraction.isNaN ? 0 : fraction, 0), 1) * 255
    let (low, rest) = (Int(place), place - place.rounded(.down))
    let (first, second) = (colours[low], colours[min(low + 1, 255)])
    func mixed(_ part: KeyPath<Colour, Double>) -> Double {
      first[keyPath: part] * (1 - rest) + second[keyPath: part] * rest
    }
    return Colour(
      red: mixed(\.red), green: mixed(\.green), blue: mixed(\.blue), opacity: opacity)
  }

  /// A colour that stands for a place on a circle, all of them equally light.
  static func hue(_ turn: Double) -> Colour {
    OKLab(lightness: 0.68, chroma: 0.14, hue: 360 * turn).colour
  }
}

/// A colour by lightness in [0, 1], fullness and hue in degrees.
private struct OKLab {
  var lightness: Double
  var chroma: Double
  var hue: Double

  /// The colour on a screen, as full as it can be shown.
  var colour: Colour {
    var (low, high) = (0.0, chroma)
    if let whole = shown(chroma) { return whole }
    for _ in 0..<24 {
      let middle = (low + high) / 2
      if shown(middle) == nil { high = middle } else { low = middle }
    }
    return shown(low) ?? Colour(red: 0, green: 0, blue: 0)
  }

  /// The colour of a fullness; nil where a screen cannot show it.
  private func shown(_ chroma: Double) -> Colour? {
    let a = chroma * cos(hue * .pi / 180)
    let b = chroma * sin(hue * .pi / 180)
    func cubed(_ value: Double) -> Double { value * value * value }
    let long = cubed(lightness + 0.3963377774 * a + 0.2158037573 * b)
    let middle = cubed(lightness - 0.1055613458 * a - 0.0638541728 * b)
    let short = cubed(lightness - 0.0894841775 * a - 1.2914855480 * b)
    let linear = [
      4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
      -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
      -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    ]
    guard linear.allSatisfy({ $0 >= -1e-6 && $0 <= 1 + 1e-6 }) else { return nil }
    let parts = linear.map { value -> Double in
      let value = min(max(value, 0), 1)
      return value <= 0.0031308 ? 12.92 * value : 1.055 * pow(value, 1 / 2.4) - 0.055
    }
    return Colour(red: parts[0], green: parts[1], blue: parts[2])
  }
}
