/// A picture in red, green and blue.
public struct ScreenPicture: Hashable, Sendable {
  /// The number of pixels across and down.
  public let width: Int, height: Int
  /// Red, green and blue of every pixel, row by row, each in 0…255.
  public let bytes: [UInt8]

  /// Creates a picture.
  ///
  /// - Precondition: there are three bytes for each pixel, and at least one pixel.
  public init(width: Int, height: Int, bytes: [UInt8]) {
    precondition(
      width > 0 && height > 0 && bytes.count == 3 * width * height,
      "a picture has three bytes for each of its pixels")
    self.width = width
    self.height = height
    self.bytes = bytes
  }
}

/// Everything that a screen shows at once: text, and pictures over parts of it.
public struct ScreenFrame: Hashable, Sendable {
  /// A picture, stretched over a part of the screen.
  public struct Placed: Hashable, Sendable {
    /// The part.
    public var area: ScreenArea
    /// The picture.
    public var picture: ScreenPicture

    /// Places a picture.
    public init(_ picture: ScreenPicture, in area: ScreenArea) {
      self.area = area
      self.picture = picture
    }
  }

  /// The text.
  public var text: ScreenText
  /// The pictures, which do not overlap; nothing is written where one lies.
  public var pictures: [Placed]

  /// Creates a frame.
  public init(_ text: ScreenText, pictures: [Placed] = []) {
    self.text = text
    self.pictures = pictures
  }
}

/// Turns frames into what a terminal must be sent, which is only what has changed.
public final class FrameWriter {
  private let encoder: PictureEncoder
  private let depth: ColourDepth
  private var shown: ScreenFrame?

  /// Creates a writer that knows nothing of what is on the screen.
  public init(_ encoder: PictureEncoder) {
    self.encoder = encoder
    depth = encoder.depth
  }

  /// Forgets what is on the screen, for example when the terminal was resized.
  public func forget() { shown = nil }

  /// The bytes that turn what was shown last into a frame.
  ///
  /// - Parameters:
  ///   - frame: What is to be shown.
  ///   - cell: The pixels of a cell, across and down.
  /// - Returns: The bytes; none where nothing has changed.
  public func bytes(for frame: ScreenFrame, cell: (width: Int, height: Int)) -> [UInt8] {
    var old = shown
    if old?.text.extent != frame.text.extent { old = nil }
    guard old != frame else { return [] }
    // Synchronised update, so that terminals that know it show no half frame.
    var bytes = Array("\u{1B}[?2026h".utf8)
    let picturesDiffer = old?.pictures != frame.pictures
    if old == nil {
      bytes += Array("\u{1B}[0m\u{1B}[2J".utf8)
      old = ScreenFrame(ScreenText(frame.text.extent))
      bytes += encoder.removal
    } else if picturesDiffer {
      bytes += encoder.removal
    }
    let cleared = picturesDiffer ? old?.pictures.map(\.area) ?? [] : []
    write(frame, over: old?.text, clearing: cleared, to: &bytes)
    if picturesDiffer {
      for placed in frame.pictures where encoder.removal.count > 0 || !isShown(placed, in: old) {
        bytes += encoder.bytes(for: placed, cell: cell)
      }
    }
    bytes += Array("\u{1B}[0m\u{1B}[?2026l".utf8)
    shown = frame
    return bytes
  }

  private func isShown(_ placed: ScreenFrame.Placed, in old: ScreenFrame?) -> Bool {
    old?.pictures.contains(placed) ?? false
  }

  private func write(
    _ frame: ScreenFrame, over old: ScreenText?, clearing cleared: [ScreenArea],
    to bytes: inout [UInt8]
  ) {
    let extent = frame.text.extent
    for row in 0..<extent.rows {
      let covering = frame.pictures.map(\.area).filter {
        row >= $0.row && row < $0.row + $0.rows
      }
      let uncovered = cleared.filter { row >= $0.row && row < $0.row + $0.rows }
      var style: ScreenStyle?
      var column = 0
      while column < extent.columns {
        if let area = covering.first(where: { $0.contains(row: row, column: column) }) {
          column = area.column + area.columns
          style = nil
          continue
        }
        let place = row * extent.columns + column
        let cell = frame.text.cells[place]
        let isWide = column + 1 < extent.columns && frame.text.cells[place + 1].character == nil
        let isSame =
          cell == old?.cells[place]
          && !uncovered.contains { $0.contains(row: row, column: column) }
        if isSame || cell.character == nil {
          style = nil
        } else {
          if style == nil { bytes += Array("\u{1B}[\(row + 1);\(column + 1)H".utf8) }
          if style != cell.style { bytes += Array(cell.style.sequence(depth).utf8) }
          style = cell.style
          bytes += Array(String(cell.character ?? " ").utf8)
        }
        column += isWide ? 2 : 1
      }
    }
  }
}
