/// The spikes of neurons as marks: a row for each neuron, time from left to right.
public struct SpikeRaster: Sendable {
  /// A neuron and when it spiked.
  public struct Row: Sendable {
    /// What stands beside it; may be empty.
    public var name: String
    /// When it spiked, in milliseconds.
    public var times: [Double]
    /// Whether it stands out.
    public var isMarked: Bool

    /// Creates a row.
    public init(_ name: String, times: [Double], isMarked: Bool = false) {
      self.name = name
      self.times = times
      self.isMarked = isMarked
    }
  }

  /// What stands above; may be empty.
  public var title: String
  /// The neurons, from above.
  public var rows: [Row]
  /// The length of the time axis in milliseconds.
  public var duration: Double

  /// Creates a picture.
  public init(title: String = "", rows: [Row], duration: Double) {
    precondition(duration > 0 && duration.isFinite, "a raster has some time")
    self.title = title
    self.rows = rows
    self.duration = duration
  }

  /// The most rows whose names can be read.
  private static let mostNames = 60

  /// Draws the picture: the same bytes for the same spikes and fonts.
  ///
  /// - Parameters:
  ///   - format: What it becomes.
  ///   - width: The width in points, at least 300.
  /// - Returns: A file of the format.
  /// - Throws: ``DrawingError`` where there is too little memory.
  public func drawn(
    as format: PictureFormat, width: Double = 760
  ) throws(DrawingError) -> [UInt8] {
    precondition(width >= 300, "a raster needs room for its axis")
    let areNamed = rows.count <= Self.mostNames
    var nameRoom = 0.0
    if areNamed {
      let scratch = try Canvas(width: 10, height: 10, format: .svg)
      nameRoom = rows.reduce(0) { max($0, scratch.width(of: $1.name, size: 8)) } + 6
    }
    let rowHeight = min(14, max(0.8, 420 / Double(max(rows.count, 1))))
    let (left, right) = (16 + nameRoom, width - 18)
    let top = title.isEmpty ? 14.0 : 34
    let bottom = top + rowHeight * Double(max(rows.count, 1))
    let canvas = try Canvas(width: width, height: bottom + 44, format: format)
    if !title.isEmpty { canvas.text(title, at: (left, 22), size: 13, isBold: true) }
    let scale = AxisScale(holding: [0, duration], isLogarithmic: false, count: 7)
    func across(_ time: Double) -> Double { left + time / duration * (right - left) }
    for tick in scale.ticks where tick <= duration * 1.000001 {
      let x = across(tick)
      canvas.polyline([(x, top), (x, bottom)], colour: .faint, width: 0.6)
      canvas.text(scale.text(of: tick), at: (x, bottom + 17), size: 11, anchor: .middle)
    }
    canvas.text("time (ms)", at: ((left + right) / 2, bottom + 34), size: 12, anchor: .middle)
    for (place, row) in rows.enumerated() {
      let y = top + Double(place) * rowHeight
      let colour = row.isMarked ? Colour.series[1] : Colour.ink
      if areNamed {
        canvas.text(
          row.name, at: (left - 4, y + rowHeight * 0.5 + 3), size: min(8, rowHeight), anchor: .end)
      }
      for time in row.times where time >= 0 && time <= duration {
        canvas.rectangle(
          x: across(time) - 0.4, y: y + rowHeight * 0.1, width: 0.8, height: rowHeight * 0.8,
          colour: colour)
      }
    }
    canvas.polyline([(left, bottom), (right, bottom)], colour: .axis, width: 0.8)
    return try canvas.bytes()
  }
}
