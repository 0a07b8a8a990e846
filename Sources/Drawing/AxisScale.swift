import Glibc

/// The range of an axis, and where its ticks stand.
struct AxisScale: Hashable, Sendable {
  /// The values at both ends; above 0 where the axis is logarithmic.
  let low: Double, high: Double
  let isLogarithmic: Bool
  let ticks: [Double]

  /// Chooses a range that holds values and ends at, or close to, ticks.
  ///
  /// - Parameters:
  ///   - values: Finite values; those not above 0 do not count on a logarithmic axis.
  ///   - isLogarithmic: Whether equal factors, not equal steps, are equally long.
  ///   - count: About how many ticks there are to be.
  init(holding values: [Double], isLogarithmic: Bool, count: Int = 6) {
    let usable = values.filter { $0.isFinite && (!isLogarithmic || $0 > 0) }
    var low = usable.min() ?? (isLogarithmic ? 1 : 0)
    var high = usable.max() ?? (isLogarithmic ? 10 : 1)
    self.isLogarithmic = isLogarithmic
    if isLogarithmic {
      if high / low < 1.5 { (low, high) = (low / 1.5, high * 1.5) }
      ticks = Self.logarithmicTicks(from: low, to: high, count: count)
      (self.low, self.high) = (min(low, ticks.first ?? low), max(high, ticks.last ?? high))
    } else {
      if high - low <= 1e-12 * max(abs(high), abs(low), 1e-300) {
        let room = high == 0 ? 1 : abs(high) * 0.1
        (low, high) = (low - room, high + room)
      }
      let step = Self.niceStep(from: low, to: high, count: count)
      let (first, last) = ((low / step).rounded(.down), (high / step).rounded(.up))
      ticks = (0...Int(last - first)).map { (first + Double($0)) * step }
      (self.low, self.high) = (first * step, last * step)
    }
  }

  /// Where a value lies between the ends, 0 to 1.
  func fraction(of value: Double) -> Double {
    isLogarithmic
      ? (log10(value) - log10(low)) / (log10(high) - log10(low)) : (value - low) / (high - low)
  }

  /// 1, 2 or 5 times a power of ten, so that about as many steps fit.
  static func niceStep(from low: Double, to high: Double, count: Int) -> Double {
    let raw = (high - low) / Double(max(count - 1, 1))
    let power = pow(10, floor(log10(raw)))
    let factor = [1, 2, 5, 10].first { $0 * power >= raw * 0.999 } ?? 10
    return factor * power
  }

  private static func logarithmicTicks(
    from low: Double, to high: Double, count: Int
  ) -> [Double] {
    let (first, last) = (Int(floor(log10(low))), Int(ceil(log10(high))))
    let decades = (first...max(first, last)).map { pow(10, Double($0)) }
    if last - first > count {
      let every = (last - first + count - 1) / count
      return decades.enumerated().filter { $0.offset % every == 0 }.map { $0.element }
    }
    let factors: [Double] = last - first >= 3 ? [1] : [1, 2, 5]
    let all = decades.flatMap { decade in factors.map { $0 * decade } }
    // One tick beyond the values at either end, at most.
    let start = all.lastIndex { $0 <= low * 1.0001 } ?? 0
    let end = all.firstIndex { $0 >= high * 0.9999 } ?? all.count - 1
    return Array(all[start...max(start, end)])
  }

  /// A tick's number, as short as its neighbours allow.
  func text(of tick: Double) -> String {
    if tick == 0 { return "0" }
    let magnitude = abs(tick)
    if magnitude >= 1e6 || magnitude < 1e-4 {
      let power = Int(floor(log10(magnitude) + 1e-9))
      let factor = (tick / pow(10, Double(power)) * 100).rounded() / 100
      return "\(Self.trimmed(factor))e\(power)"
    }
    if !isLogarithmic, ticks.count > 1, magnitude >= 1000, ticks.allSatisfy({ $0 == $0.rounded() })
    {
      return magnitude >= 10_000 && ticks.allSatisfy({ ($0 / 1000) == ($0 / 1000).rounded() })
        ? "\(Int(tick / 1000))k" : "\(Int(tick))"
    }
    return Self.trimmed((tick * 1e8).rounded() / 1e8)
  }

  private static func trimmed(_ value: Double) -> String {
    let text = "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
