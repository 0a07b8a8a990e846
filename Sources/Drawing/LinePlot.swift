/// Lines over a common pair of axes.
public struct LinePlot: Sendable {
  /// One line.
  public struct Series: Sendable {
    /// What the legend calls it; empty keeps it out.
    public var name: String
    /// The points, in the order in which they are joined; where a coordinate is not finite, or not
    /// above 0 on a logarithmic axis, the line is interrupted.
    public var points: [(x: Double, y: Double)]

    /// Creates a line.
    public init(_ name: String, _ points: [(x: Double, y: Double)]) {
      self.name = name
      self.points = points
    }
  }

  /// What stands above; may be empty.
  public var title: String
  /// What stands at the axes; may be empty.
  public var xLabel: String, yLabel: String
  /// The lines, the first in front.
  public var series: [Series]
  /// Whether equal factors along y are equally long.
  public var hasLogarithmicY: Bool
  /// What the x axis holds at least, besides the points.
  public var xRange: ClosedRange<Double>?

  /// Creates a plot.
  public init(
    title: String = "", xLabel: String = "", yLabel: String = "", series: [Series],
    hasLogarithmicY: Bool = false, xRange: ClosedRange<Double>? = nil
  ) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
    self.hasLogarithmicY = hasLogarithmicY
    self.xRange = xRange
  }
}

/// Plots one below the other, as one picture.
public struct Figure: Sendable {
  /// The plots, from above.
  public var plots: [LinePlot]
  /// The width of all, and the height of each, in points.
  public var width: Double, plotHeight: Double

  /// Creates a picture of plots.
  public init(_ plots: [LinePlot], width: Double = 640, plotHeight: Double = 300) {
    precondition(width >= 200 && plotHeight >= 120, "a plot needs room for its axes")
    self.plots = plots
    self.width = width
    self.plotHeight = plotHeight
  }

  /// Draws the picture: the same bytes for the same plots and fonts.
  ///
  /// - Returns: A file of the format.
  /// - Throws: ``DrawingError`` where there is too little memory.
  public func drawn(as format: PictureFormat) throws(DrawingError) -> [UInt8] {
    let canvas = try Canvas(
      width: width, height: plotHeight * Double(max(plots.count, 1)), format: format)
    for (index, plot) in plots.enumerated() {
      PlotFrame(plot, top: Double(index) * plotHeight, width: width, height: plotHeight, canvas)
        .draw(plot, on: canvas)
    }
    return try canvas.bytes()
  }
}

/// Where a plot's axes lie.
private struct PlotFrame {
  private static let textSize = 11.0

  private let x: AxisScale
  private let y: AxisScale
  private let left: Double, right: Double, top: Double, bottom: Double
  private let outerTop: Double, outerLeft = 14.0
  private let legend: [LegendEntry]

  /// Where a line's name stands.
  private struct LegendEntry {
    var series: Int
    var row: Int
    var x: Double
  }

  init(
    _ plot: LinePlot, top: Double, width: Double, height: Double, _ canvas: borrowing Canvas
  ) {
    let points = plot.series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    let ends = plot.xRange.map { [$0.lowerBound, $0.upperBound] } ?? []
    x = AxisScale(holding: points.map(\.x) + ends, isLogarithmic: false, count: 7)
    y = AxisScale(holding: points.map(\.y), isLogarithmic: plot.hasLogarithmicY)
    let yScale = y
    var widest = 0.0
    for tick in yScale.ticks {
      widest = max(widest, canvas.width(of: yScale.text(of: tick), size: Self.textSize))
    }
    outerTop = top
    left = 14 + (plot.yLabel.isEmpty ? 0 : 18) + widest + 6
    right = width - 18
    legend = Self.legend(of: plot, width: right - left, canvas)
    self.top =
      top + (plot.title.isEmpty ? 14 : 32) + Double(legend.last.map { $0.row + 1 } ?? 0) * 16
    bottom = top + height - (plot.xLabel.isEmpty ? 26 : 44)
  }

  private func place(_ point: (x: Double, y: Double)) -> (x: Double, y: Double) {
    (
      left + x.fraction(of: point.x) * (right - left),
      bottom - y.fraction(of: point.y) * (bottom - top)
    )
  }

  func draw(_ plot: LinePlot, on canvas: borrowing Canvas) {
    if !plot.title.isEmpty {
      canvas.text(plot.title, at: (left, outerTop + 22), size: 13, isBold: true)
    }
    for tick in y.ticks {
      let height = place((x.low, tick)).y
      canvas.polyline([(left, height), (right, height)], colour: .faint, width: 0.6)
      canvas.text(
        y.text(of: tick), at: (left - 6, height + 4), size: Self.textSize, anchor: .end)
    }
    for tick in x.ticks {
      let across = place((tick, y.low)).x
      canvas.polyline([(across, bottom), (across, bottom + 4)], colour: .axis, width: 0.8)
      canvas.text(
        x.text(of: tick), at: (across, bottom + 17), size: Self.textSize, anchor: .middle)
    }
    canvas.polyline([(left, bottom), (right, bottom)], colour: .axis, width: 0.8)
    if !plot.xLabel.isEmpty {
      canvas.text(
        plot.xLabel, at: ((left + right) / 2, bottom + 34), size: 12, anchor: .middle)
    }
    if !plot.yLabel.isEmpty {
      canvas.text(
        plot.yLabel, at: (outerLeft + 8, (top + bottom) / 2), size: 12, anchor: .middle,
        isTurned: true)
    }
    for (index, series) in plot.series.enumerated().reversed() {
      draw(series, colour: Colour.series[index % Colour.series.count], on: canvas)
    }
    drawLegend(plot, on: canvas)
  }

  private func draw(
    _ series: LinePlot.Series, colour: Colour, on canvas: borrowing Canvas
  ) {
    var run: [(x: Double, y: Double)] = []
    func finish(_ run: [(x: Double, y: Double)], on canvas: borrowing Canvas) {
      if run.count == 1 {
        canvas.disc(at: run[0], radius: 2, colour: colour)
      } else {
        canvas.polyline(run, colour: colour, width: 1.4)
      }
    }
    for point in series.points {
      if point.x.isFinite, point.y.isFinite, !y.isLogarithmic || point.y > 0 {
        run.append(place(point))
      } else if !run.isEmpty {
        finish(run, on: canvas)
        run = []
      }
    }
    if !run.isEmpty { finish(run, on: canvas) }
  }

  /// Names above the axes, so that no line runs through them, in as many rows as they need.
  private static func legend(
    of plot: LinePlot, width: Double, _ canvas: borrowing Canvas
  ) -> [LegendEntry] {
    var entries: [LegendEntry] = []
    var (row, x) = (0, 0.0)
    for (index, series) in plot.series.enumerated() where !series.name.isEmpty {
      let length = 21 + canvas.width(of: series.name, size: textSize) + 14
      if x > 0, x + length > width { (row, x) = (row + 1, 0) }
      entries.append(LegendEntry(series: index, row: row, x: x))
      x += length
    }
    return entries
  }

  private func drawLegend(_ plot: LinePlot, on canvas: borrowing Canvas) {
    let first = outerTop + (plot.title.isEmpty ? 18 : 38)
    for entry in legend {
      let (x, y) = (left + entry.x, first + Double(entry.row) * 16)
      let colour = Colour.series[entry.series % Colour.series.count]
      canvas.polyline([(x, y - 4), (x + 15, y - 4)], colour: colour, width: 2)
      canvas.text(plot.series[entry.series].name, at: (x + 21, y), size: Self.textSize)
    }
  }
}
