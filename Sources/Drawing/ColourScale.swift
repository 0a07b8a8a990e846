import Glibc

/// Which colour a value has, and the bar that tells it.
struct ColourScale: Sendable {
  let map: ColourMap
  private let axis: AxisScale
  private let low: Double
  private let high: Double

  /// Chooses colours for values: dark for much, or, where values lie below 0, two sides of white.
  ///
  /// - Parameters:
  ///   - values: Those to be shown; 0 is nothing and does not count.
  ///   - isLogarithmic: Whether equal factors are equally far apart; only of values above 0.
  ///   - startsAtZero: Whether colours of values above 0 begin at 0 rather than at the least.
  init(holding values: [Double], isLogarithmic: Bool, startsAtZero: Bool = true) {
    let shown = values.filter { $0.isFinite && $0 != 0 }
    let isSigned = shown.contains { $0 < 0 }
    let largest = shown.reduce(0) { max($0, abs($1)) }
    map = isSigned ? .diverging : .rising
    let isFromLeast = isLogarithmic || !startsAtZero
    let least = isSigned ? -largest : isFromLeast ? shown.min() ?? 1 : 0
    // One value alone is much.
    low = largest > least ? least : isLogarithmic ? least / 10 : 0
    high = largest > 0 ? largest : 1
    axis = AxisScale(
      holding: [low, high], isLogarithmic: isLogarithmic && !isSigned, count: 5)
  }

  /// Where a value lies between the ends, 0 to 1.
  func fraction(of value: Double) -> Double {
    axis.isLogarithmic
      ? log(value / low) / log(high / low) : (value - low) / (high - low)
  }

  /// The colour of a value.
  func colour(of value: Double, opacity: Double = 1) -> Colour {
    map.colour(of: fraction(of: value), opacity: opacity)
  }

  /// Draws an upright bar with numbers to its right.
  func drawUpright(
    x: Double, top: Double, height: Double, label: String, on canvas: borrowing Canvas
  ) {
    let steps = 256
    for step in 0..<steps {
      let from = top + height * Double(steps - 1 - step) / Double(steps)
      canvas.rectangle(
        x: x, y: from, width: 12, height: height / Double(steps) + 0.4,
        colour: map.colour(of: (Double(step) + 0.5) / Double(steps)))
    }
    canvas.polyline(
      [
        (x, top), (x + 12, top), (x + 12, top + height), (x, top + height), (x, top),
      ], colour: .axis, width: 0.6)
    for tick in ticks {
      let y = top + height * (1 - fraction(of: tick))
      canvas.polyline([(x + 12, y), (x + 15, y)], colour: .axis, width: 0.8)
      canvas.text(axis.text(of: tick), at: (x + 18, y + 3.5), size: 10)
    }
    if !label.isEmpty {
      canvas.text(
        label, at: (x + 62, top + height / 2), size: 11, anchor: .middle, isTurned: true)
    }
  }

  /// Draws a lying bar with numbers below it.
  func drawLying(
    x: Double, y: Double, width: Double, label: String, on canvas: borrowing Canvas
  ) {
    let steps = 256
    for step in 0..<steps {
      canvas.rectangle(
        x: x + width * Double(step) / Double(steps), y: y, width: width / Double(steps) + 0.4,
        height: 10, colour: map.colour(of: (Double(step) + 0.5) / Double(steps)))
    }
    canvas.polyline(
      [(x, y), (x + width, y), (x + width, y + 10), (x, y + 10), (x, y)], colour: .axis, width: 0.6)
    for tick in ticks {
      let place = x + width * fraction(of: tick)
      canvas.polyline([(place, y + 10), (place, y + 13)], colour: .axis, width: 0.8)
      canvas.text(axis.text(of: tick), at: (place, y + 23), size: 10, anchor: .middle)
    }
    if !label.isEmpty {
      canvas.text(label, at: (x + width / 2, y - 6), size: 11, anchor: .middle)
    }
  }

  private var ticks: [Double] {
    axis.ticks.filter { (-0.001...1.001).contains(fraction(of: $0)) }
  }
}
