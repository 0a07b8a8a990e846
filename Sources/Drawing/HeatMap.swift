/// A square matrix as coloured cells, with names and groups along both sides.
public struct HeatMap: Sendable {
  /// Neighbouring rows that belong together.
  public struct Group: Hashable, Sendable {
    /// What stands beside them.
    public var name: String
    /// How many rows they are.
    public var count: Int

    /// Creates a group.
    public init(_ name: String, count: Int) {
      self.name = name
      self.count = count
    }
  }

  /// What stands above; may be empty.
  public var title: String
  /// What the values are; stands at the colour bar and may be empty.
  public var label: String
  /// The values, (row, column); 0 is left white.
  public var values: [Double]
  /// A name for each row and column; empty ones are not written.
  public var names: [String]
  /// The groups, in order; together as many rows as there are, or none.
  public var groups: [Group]
  /// Whether equal factors have equally different colours.
  public var isLogarithmic: Bool

  /// Creates a picture.
  ///
  /// - Precondition: There are as many values as pairs of names; groups have as many rows or none.
  public init(
    title: String = "", label: String = "", values: [Double], names: [String], groups: [Group] = [],
    isLogarithmic: Bool = false
  ) {
    precondition(values.count == names.count * names.count, "a matrix is as wide as it is high")
    precondition(
      groups.isEmpty || groups.reduce(0) { $0 + $1.count } == names.count,
      "groups hold all rows, or there are none")
    self.title = title
    self.label = label
    self.values = values
    self.names = names
    self.groups = groups
    self.isLogarithmic = isLogarithmic
  }

  /// The most rows whose names can be read.
  private static let mostNames = 160

  /// Draws the picture: the same bytes for the same matrix and fonts.
  ///
  /// - Parameters:
  ///   - format: What it becomes.
  ///   - width: The width in points, at least 300.
  /// - Returns: A file of the format.
  /// - Throws: ``DrawingError`` where there is too little memory.
  public func drawn(
    as format: PictureFormat, width: Double = 760
  ) throws(DrawingError) -> [UInt8] {
    precondition(width >= 300, "a matrix needs room for its names")
    let count = names.count
    let areNamed = count <= Self.mostNames && names.contains { !$0.isEmpty }
    let barRoom = label.isEmpty ? 66.0 : 84
    let groupRoom = groups.isEmpty ? 0.0 : 20
    // Names are as high as cells, so that their length depends on the cells and they on it.
    var nameRoom = 0.0
    var side = width - 24 - groupRoom - barRoom
    var textSize = 9.0
    if areNamed {
      let scratch = try Canvas(width: 10, height: 10, format: .svg)
      let widest = names.reduce(0) { max($0, scratch.width(of: $1, size: 10)) }
      for _ in 0..<4 {
        textSize = min(9, side / Double(max(count, 1)) * 0.92)
        nameRoom = widest * textSize / 10 + 6
        side = width - 24 - groupRoom - barRoom - nameRoom
      }
    }
    let left = 14 + groupRoom + nameRoom
    let top = (title.isEmpty ? 14.0 : 36) + groupRoom
    let canvas = try Canvas(
      width: width, height: top + side + nameRoom + 14, format: format)
    if !title.isEmpty { canvas.text(title, at: (left, 22), size: 13, isBold: true) }
    let scale = ColourScale(holding: values, isLogarithmic: isLogarithmic)
    let cell = side / Double(max(count, 1))
    drawCells(scale, left: left, top: top, cell: cell, on: canvas)
    drawGroups(left: left, top: top, side: side, cell: cell, nameRoom: nameRoom, on: canvas)
    canvas.polyline(
      [
        (left, top), (left + side, top), (left + side, top + side), (left, top + side),
        (left, top),
      ], colour: .axis, width: 0.8)
    if areNamed {
      for (place, name) in names.enumerated() {
        let middle = (Double(place) + 0.5) * cell + textSize * 0.34
        canvas.text(name, at: (left - 4, top + middle), size: textSize, anchor: .end)
        canvas.text(
          name, at: (left + middle, top + side + 4), angle: -.pi / 2, size: textSize, anchor: .end)
      }
    }
    scale.drawUpright(
      x: left + side + 14, top: top, height: min(side, 260), label: label, on: canvas)
    return try canvas.bytes()
  }

  private func drawCells(
    _ scale: ColourScale, left: Double, top: Double, cell: Double, on canvas: borrowing Canvas
  ) {
    let count = names.count
    // Cells overlap by a hair, so that no light shines between them.
    let overlap = min(0.15, cell * 0.1)
    for row in 0..<count {
      for column in 0..<count {
        let value = values[row * count + column]
        guard value.isFinite, value != 0 else { continue }
        canvas.rectangle(
          x: left + Double(column) * cell, y: top + Double(row) * cell, width: cell + overlap,
          height: cell + overlap, colour: scale.colour(of: value))
      }
    }
  }

  private func drawGroups(
    left: Double, top: Double, side: Double, cell: Double, nameRoom: Double,
    on canvas: borrowing Canvas
  ) {
    var first = 0
    for group in groups {
      let (from, to) = (Double(first) * cell, Double(first + group.count) * cell)
      first += group.count
      if first < names.count {
        canvas.polyline([(left + to, top), (left + to, top + side)], colour: .axis, width: 0.7)
        canvas.polyline([(left, top + to), (left + side, top + to)], colour: .axis, width: 0.7)
      }
      let inset = min(2.0, cell * 0.3)
      let x = left - nameRoom - 6
      canvas.polyline(
        [(x, top + from + inset), (x, top + to - inset)], colour: .ink, width: 1.6)
      canvas.text(
        group.name, at: (x - 5, top + (from + to) / 2), size: 10, anchor: .middle, isTurned: true)
      canvas.polyline(
        [(left + from + inset, top - 6), (left + to - inset, top - 6)], colour: .ink, width: 1.6)
      canvas.text(
        group.name, at: (left + (from + to) / 2, top - 10), size: 10, anchor: .middle)
    }
  }
}
