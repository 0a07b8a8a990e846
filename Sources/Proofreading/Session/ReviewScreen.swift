import Codecs
public import TerminalScreen
public import Voxels

/// What a session shows besides pictures, and where everything lies on the screen.
public struct ReviewScreen {
  /// What a screen is made of.
  public struct Content {
    /// The project's name.
    public var project: String
    /// The reviewer's name.
    public var reviewer: String
    /// The task at hand; nil where nothing is left.
    public var task: ProofreadingTask?
    /// The task's segments as they are now, and their sizes.
    public var segments: [(id: UInt64, voxels: UInt64?)] = []
    /// Where the reviewer looks.
    public var view = ReviewView(at: .zero)
    /// The size of a voxel.
    public var voxelSize = VoxelSize(z: 1, y: 1, x: 1)
    /// The verdicts of today, the tasks that are open, the seconds at this one.
    public var today = 0, open = 0, seconds = 0
    /// Which place of the contact is looked at, of how many.
    public var contact: (place: Int, count: Int)?
    /// A note that is kept for the verdict; nil for none.
    public var note: String?
    /// Whether the note is being written.
    public var isWriting = false
    /// Whether the help is shown.
    public var showsHelp = false
    /// Something to tell, until the next key.
    public var message = ""

    /// Creates a content without a task.
    public init(project: String, reviewer: String) {
      self.project = project
      self.reviewer = reviewer
    }
  }

  /// The smallest screen that a session works on.
  public static let smallest = ScreenExtent(rows: 16, columns: 60)

  /// Where the three planes lie: side by side and square, or as high as there is room.
  ///
  /// - Parameters:
  ///   - extent: the size of the screen.
  ///   - cell: the pixels of a cell.
  /// - Returns: the places, in the order of the planes; none where the screen is too small.
  public static func areas(
    _ extent: ScreenExtent, cell: (width: Int, height: Int)
  ) -> [(plane: ReviewPlane, area: ScreenArea)] {
    guard extent.rows >= smallest.rows, extent.columns >= smallest.columns else { return [] }
    let columns = (extent.columns - 2) / 3
    let square = columns * cell.width / cell.height
    let rows = max(4, min(square, extent.rows - 10))
    return ReviewPlane.allCases.map { plane in
      (
        plane,
        ScreenArea(row: 2, column: plane.rawValue * (columns + 1), rows: rows, columns: columns)
      )
    }
  }

  /// Lays the text out.
  ///
  /// - Parameters:
  ///   - content: what is told.
  ///   - extent: the size of the screen.
  ///   - areas: where the planes lie.
  /// - Returns: the text, with room for the planes.
  public static func text(
    _ content: Content, _ extent: ScreenExtent, areas: [(plane: ReviewPlane, area: ScreenArea)]
  ) -> ScreenText {
    var text = ScreenText(extent)
    writeTitle(content, &text)
    if content.showsHelp {
      writeHelp(&text)
    } else if extent.rows < smallest.rows || extent.columns < smallest.columns {
      text.write(
        "the window is too small: \(smallest.columns) × \(smallest.rows) cells are needed", row: 1,
        column: 0)
    } else if let task = content.task {
      writeCaptions(content, areas, &text)
      writeTask(task, content, from: (areas.first.map { $0.area.row + $0.area.rows } ?? 2), &text)
    } else {
      text.write("nothing is left to do", row: 2, column: 2, style: .bold)
      text.write("z takes the last verdict back, q leaves", row: 4, column: 2)
    }
    writeBottom(content, &text)
    return text
  }

  private static func writeTitle(_ content: Content, _ text: inout ScreenText) {
    let width = text.extent.columns
    text.writeBar("", row: 0, style: .reversed)
    var right = "\(content.today) today · \(content.open) open"
    if content.task != nil {
      let seconds = "\(content.seconds % 60)"
      right +=
        " · \(content.seconds / 60):" + (seconds.count < 2 ? "0" : "") + seconds
    }
    let start = max(0, width - ScreenText.width(of: right) - 1)
    let left =
      content.task.map { "task \($0.id): \($0.kind.rawValue) · " } ?? ""
    text.write(
      " \(left)\(content.reviewer) · \(content.project)", row: 0, column: 0,
      width: max(0, start - 1),
      style: .reversed)
    text.write(right, row: 0, column: start, style: .reversed)
  }

  private static func writeCaptions(
    _ content: Content, _ areas: [(plane: ReviewPlane, area: ScreenArea)], _ text: inout ScreenText
  ) {
    let focus = content.view.focus
    for (plane, area) in areas {
      let through = plane.components(z: ("z", focus.z), y: ("y", focus.y), x: ("x", focus.x))
        .through
      let isMarked = plane == content.view.plane
      text.write(
        "\(isMarked ? "▶" : " ")\(plane.name)  \(through.0) = \(through.1)", row: area.row - 1,
        column: area.column, width: area.columns, style: isMarked ? .bold : .faint)
    }
  }

  private static func writeTask(
    _ task: ProofreadingTask, _ content: Content, from first: Int, _ text: inout ScreenText
  ) {
    let colours = [SlicePainter.colours.first, SlicePainter.colours.second]
    let names = ["orange", "blue"]
    var row = first
    for (index, segment) in content.segments.enumerated().prefix(2) {
      let colour = colours[index]
      let style = ScreenStyle(.rgb(colour.red, colour.green, colour.blue), isBold: true)
      let end = text.write("■ \(names[index])", row: row, column: 1, style: style)
      let size = segment.voxels.map { ", \(grouped($0)) voxels" } ?? ""
      let supervoxel = index == 0 ? task.segmentA : task.segmentB
      text.write(
        "  segment \(segment.id) (supervoxel \(supervoxel))\(size)", row: row, column: end)
      row += 1
    }
    let bottom = text.extent.rows - 3
    for fact in facts(task, content) where row < bottom {
      text.write(fact, row: row, column: 1, width: text.extent.columns - 2)
      row += 1
    }
  }

  private static func facts(_ task: ProofreadingTask, _ content: Content) -> [String] {
    let focus = content.view.focus
    let size = content.voxelSize.converted(to: .nanometer)
    func nanometers(_ voxel: Int, _ length: Double) -> String {
      "\(Int((Double(voxel) * length).rounded()))"
    }
    let place =
      "at \(focus.z),\(focus.y),\(focus.x) (z,y,x) = \(nanometers(focus.z, size.z)),"
      + "\(nanometers(focus.y, size.y)),\(nanometers(focus.x, size.x)) nm"
    let pixel = content.view.pixelLength(size)
    var lines = [place + " · \(Int((10 * pixel).rounded()) / 10) nm a pixel"]
    if let contact = content.contact {
      lines[0] += " · contact \(contact.place + 1)/\(contact.count)"
    }
    let evidence = evidence(task.evidence)
    if !evidence.isEmpty { lines.append(evidence) }
    if task.need > 1 { lines.append("\(task.need) reviewers must agree") }
    if let note = content.note, !content.isWriting { lines.append("note: \(note)") }
    return lines
  }

  /// Numbers and words of a JSON object in one line.
  private static func evidence(_ text: String) -> String {
    guard let object = (try? JSONValue(parsing: Array(text.utf8)))?.object else { return text }
    return object.sorted { $0.key < $1.key }.compactMap { key, value in
      if let number = value.double {
        let shown =
          number.rounded() == number ? "\(Int(number))" : "\((number * 1e4).rounded() / 1e4)"
        return "\(key) \(shown)"
      }
      return value.string.map { "\(key) \($0)" }
    }.joined(separator: " · ")
  }

  private static func grouped(_ count: UInt64) -> String {
    let digits = Array("\(count)")
    var shown = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { shown += "," }
      shown.append(digit)
    }
    return shown
  }

  private static func writeBottom(_ content: Content, _ text: inout ScreenText) {
    let rows = text.extent.rows
    guard rows >= 3 else { return }
    if content.isWriting {
      let prompt = "note: "
      let room = text.extent.columns - prompt.count - 2
      // What was written last is what one wants to see.
      var shown = content.note ?? ""
      while !shown.isEmpty, ScreenText.width(of: shown) > room { shown.removeFirst() }
      let end = text.write(prompt + shown, row: rows - 2, column: 1)
      text.write(" ", row: rows - 2, column: end, style: .reversed)
      text.writeBar(" enter keeps the note, escape drops it", row: rows - 1, style: .reversed)
      return
    }
    text.write(content.message, row: rows - 2, column: 1, style: .bold)
    let keys =
      content.showsHelp
      ? " any key goes back"
      : content.task == nil
        ? " z undo  ? help  q quit"
        : " m merge  k keep apart  s split  u unsure  space skip  n note  z undo  ? help"
    text.writeBar(keys, row: rows - 1, style: .reversed)
  }

  private static func writeHelp(_ text: inout ScreenText) {
    var row = 1
    for (title, lines) in ReviewCommand.lines {
      text.write(title, row: row, column: 2, style: .bold)
      row += 1
      for line in lines {
        text.write(line.shown, row: row, column: 4, style: .bold)
        text.write(line.explanation, row: row, column: 14)
        row += 1
      }
    }
  }
}
