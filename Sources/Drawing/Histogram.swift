import Glibc

/// How many of some numbers lie in each of equal intervals.
public struct Histogram: Sendable {
  /// What stands above; may be empty.
  public var title: String
  /// What stands at the axes; may be empty.
  public var xLabel: String, yLabel: String
  /// The numbers; those that are not finite are left out.
  public var values: [Double]
  /// Whether equal factors of counts are equally high.
  public var hasLogarithmicY: Bool

  /// Creates a histogram.
  public init(
    title: String = "", xLabel: String = "", yLabel: String = "", values: [Double],
    hasLogarithmicY: Bool = false
  ) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.values = values
    self.hasLogarithmicY = hasLogarithmicY
  }

  /// An interval and how many numbers lie in it.
  package struct Bin: Hashable, Sendable {
    package var low: Double, high: Double
    package var count: Int
  }

  /// The intervals: single whole numbers where all are whole and they are not too many, else as
  /// wide as Freedman and Diaconis advise, rounded to a step of one, two or five.
  ///
  /// Source: Freedman & Diaconis 1981, doi:10.1007/BF01025868.
  package var bins: [Bin] {
    let sorted = values.filter(\.isFinite).sorted()
    guard let least = sorted.first, let most = sorted.last else { return [] }
    let areWhole = sorted.allSatisfy { $0 == $0.rounded() } && most - least < 1e9
    let spread = sorted[sorted.count * 3 / 4] - sorted[sorted.count / 4]
    let advised = areWhole ? 0 : 2 * spread / cbrt(Double(sorted.count))
    let narrowest = (most - least) / (areWhole ? 40 : 80)
    let wanted = max(advised, narrowest, most == least ? max(abs(most), 1) / 10 : 0)
    var step = AxisScale.niceStep(from: 0, to: wanted, count: 2)
    if areWhole { step = max(1, step.rounded()) }
    let shift = areWhole ? 0.5 : 0
    let first = ((least + shift) / step).rounded(.down)
    let count = Int(((most + shift) / step).rounded(.down) - first) + 1
    var bins = (0..<count).map { place in
      let low = (first + Double(place)) * step - shift
      return Bin(low: low, high: low + step, count: 0)
    }
    for value in sorted {
      bins[min(count - 1, max(0, Int(((value + shift) / step).rounded(.down) - first)))].count += 1
    }
    return bins
  }

  /// Draws the picture: the same bytes for the same numbers and fonts.
  ///
  /// - Parameters:
  ///   - format: What it becomes.
  ///   - width: In points, at least 200.
  ///   - height: In points, at least 120.
  /// - Returns: A file of the format.
  /// - Throws: ``DrawingError`` where there is too little memory.
  public func drawn(
    as format: PictureFormat, width: Double = 560, height: Double = 340
  ) throws(DrawingError) -> [UInt8] {
    precondition(width >= 200 && height >= 120, "a plot needs room for its axes")
    let canvas = try Canvas(width: width, height: height, format: format)
    let bins = bins
    let most = Double(bins.map(\.count).max() ?? 1)
    let y = AxisScale(
      holding: hasLogarithmicY ? [0.8, most] : [0, most], isLogarithmic: hasLogarithmicY)
    let x = AxisScale(
      holding: bins.flatMap { [$0.low, $0.high] }, isLogarithmic: false, count: 8)
    var widest = 0.0
    for tick in y.ticks { widest = max(widest, canvas.width(of: y.text(of: tick), size: 11)) }
    let left = 14 + (yLabel.isEmpty ? 0 : 18) + widest + 6
    let (right, top) = (width - 18, title.isEmpty ? 14.0 : 34)
    let bottom = height - (xLabel.isEmpty ? 26 : 44)
    let ends = (bins.first?.low ?? 0, bins.last?.high ?? 1)
    let room = (ends.1 - ends.0) * 0.02
    func across(_ value: Double) -> Double {
      left + (value - ends.0 + room) / (ends.1 - ends.0 + 2 * room) * (right - left)
    }
    func up(_ value: Double) -> Double {
      bottom - max(0, y.fraction(of: max(value, y.low))) * (bottom - top)
    }
    if !title.isEmpty { canvas.text(title, at: (left, 22), size: 13, isBold: true) }
    for tick in y.ticks where tick == tick.rounded() {
      canvas.polyline([(left, up(tick)), (right, up(tick))], colour: .faint, width: 0.6)
      canvas.text(y.text(of: tick), at: (left - 6, up(tick) + 4), size: 11, anchor: .end)
    }
    for bin in bins where bin.count > 0 {
      let (from, to) = (across(bin.low), across(bin.high))
      let gap = min(1, (to - from) * 0.08)
      canvas.rectangle(
        x: from + gap / 2, y: up(Double(bin.count)), width: to - from - gap,
        height: bottom - up(Double(bin.count)), colour: Colour.series[0])
    }
    let finite = values.filter(\.isFinite)
    if !finite.isEmpty {
      let mean = finite.reduce(0, +) / Double(finite.count)
      canvas.polyline(
        [(across(mean), top), (across(mean), bottom)], colour: Colour.series[1], width: 1.4,
        dash: [5, 3])
      let isLate = across(mean) > (left + right) / 2
      let rounded = (mean * 1000).rounded() / 1000
      canvas.text(
        "mean \(rounded)", at: (across(mean) + (isLate ? -5 : 5), top + 10), size: 11,
        colour: Colour.series[1], anchor: isLate ? .end : .start)
    }
    for tick in x.ticks where across(tick) >= left - 0.5 && across(tick) <= right + 0.5 {
      canvas.polyline(
        [(across(tick), bottom), (across(tick), bottom + 4)], colour: .axis, width: 0.8)
      canvas.text(x.text(of: tick), at: (across(tick), bottom + 17), size: 11, anchor: .middle)
    }
    canvas.polyline([(left, bottom), (right, bottom)], colour: .axis, width: 0.8)
    if !xLabel.isEmpty {
      canvas.text(xLabel, at: ((left + right) / 2, bottom + 34), size: 12, anchor: .middle)
    }
    if !yLabel.isEmpty {
      canvas.text(yLabel, at: (22, (top + bottom) / 2), size: 12, anchor: .middle, isTurned: true)
    }
    return try canvas.bytes()
  }
}
