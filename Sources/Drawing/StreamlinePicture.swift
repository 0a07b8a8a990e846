/// Streamlines coloured by direction over grey slices, a panel beside the other.
public struct StreamlinePicture: Sendable {
  /// A part of a streamline that runs in about one direction.
  public struct Line: Sendable {
    /// The points, in mm to the right of and below the panel's upper left corner.
    public var points: [SIMD2<Double>]
    /// How red, green and blue it is, from 0 to 1.
    public var colour: SIMD3<Double>

    /// Creates a part.
    public init(points: [SIMD2<Double>], colour: SIMD3<Double>) {
      self.points = points
      self.colour = colour
    }
  }

  /// A slice and the streamlines over it.
  public struct Panel: Sendable {
    /// What stands above.
    public var title: String
    /// What stands at the left and at the right side, such as L and R.
    public var sides: (left: String, right: String)
    /// The grey values, row by row from the top.
    public var grey: [UInt8]
    /// How many values a row has.
    public var columns: Int
    /// The size in mm.
    public var size: SIMD2<Double>
    /// The streamlines.
    public var lines: [Line]

    /// Creates a panel.
    ///
    /// - Precondition: There are whole rows of values.
    public init(
      title: String, sides: (left: String, right: String), grey: [UInt8], columns: Int,
      size: SIMD2<Double>, lines: [Line]
    ) {
      precondition(
        columns > 0 && !grey.isEmpty && grey.count % columns == 0, "a slice has whole rows")
      self.title = title
      self.sides = sides
      self.grey = grey
      self.columns = columns
      self.size = size
      self.lines = lines
    }
  }

  /// What stands above; may be empty.
  public var title: String
  /// The panels, from left to right.
  public var panels: [Panel]

  /// Creates a picture.
  public init(title: String = "", panels: [Panel]) {
    precondition(!panels.isEmpty, "a picture has a panel")
    self.title = title
    self.panels = panels
  }

  /// Draws the picture: the same bytes for the same panels and fonts.
  ///
  /// - Parameters:
  ///   - format: What it becomes.
  ///   - width: The width in points, at least 300.
  /// - Returns: A file of the format.
  /// - Throws: ``DrawingError`` where there is too little memory.
  public func drawn(
    as format: PictureFormat, width: Double = 900
  ) throws(DrawingError) -> [UInt8] {
    precondition(width >= 300, "panels need room")
    let gap = 10.0
    let whole = panels.reduce(0) { $0 + $1.size.x }
    // One scale for all panels.
    let scale = (width - gap * Double(panels.count + 1)) / whole
    let tallest = panels.reduce(0) { max($0, $1.size.y) } * scale
    let top = (title.isEmpty ? 6.0 : 32) + 18
    let canvas = try Canvas(width: width, height: top + tallest + gap, format: format)
    if !title.isEmpty { canvas.text(title, at: (gap, 22), size: 13, isBold: true) }
    var left = gap
    for panel in panels {
      draw(panel, left: left, top: top, scale: scale, on: canvas)
      left += panel.size.x * scale + gap
    }
    return try canvas.bytes()
  }

  private func draw(
    _ panel: Panel, left: Double, top: Double, scale: Double, on canvas: borrowing Canvas
  ) {
    let (width, height) = (panel.size.x * scale, panel.size.y * scale)
    canvas.text(panel.title, at: (left, top - 6), size: 10)
    canvas.image(
      panel.grey, columns: panel.columns, x: left, y: top, width: width, height: height)
    canvas.clipped(x: left, y: top, width: width, height: height) {
      for line in panel.lines {
        canvas.polyline(
          line.points.map { (left + $0.x * scale, top + $0.y * scale) },
          colour: Colour(
            red: line.colour.x, green: line.colour.y, blue: line.colour.z, opacity: 0.75),
          width: 0.7)
      }
    }
    let white = Colour(red: 1, green: 1, blue: 1)
    canvas.text(panel.sides.left, at: (left + 4, top + height / 2), size: 10, colour: white)
    canvas.text(
      panel.sides.right, at: (left + width - 4, top + height / 2), size: 10, colour: white,
      anchor: .end)
  }
}
