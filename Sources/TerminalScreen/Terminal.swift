import Glibc

/// What a terminal is like.
public struct TerminalSize: Hashable, Sendable {
  /// The size in cells.
  public var extent: ScreenExtent
  /// The pixels of a cell, across and down; a guess where the terminal does not tell.
  public var cell: (width: Int, height: Int) { (cellWidth, cellHeight) }
  private var cellWidth: Int, cellHeight: Int

  /// Creates a size.
  public init(_ extent: ScreenExtent, cell: (width: Int, height: Int) = (8, 16)) {
    precondition(cell.width > 0 && cell.height > 0, "a cell has pixels")
    self.extent = extent
    (cellWidth, cellHeight) = cell
  }
}

/// What happens at a terminal.
public enum TerminalEvent: Hashable, Sendable {
  /// A key was pressed.
  case key(Key)
  /// The terminal has another size, or what it showed is lost.
  case resized
  /// Nothing has happened for as long as was waited.
  case idle
  /// Nothing will happen any more: the terminal is gone, the script ended or a signal came.
  case ended
}

/// A screen with a keyboard: one that a person sits at, or one that a script plays.
public protocol Terminal: AnyObject {
  /// Its size at this moment.
  var size: TerminalSize { get }
  /// How it shows pictures.
  var pictures: PictureForm { get }
  /// How many colours it shows.
  var colours: ColourDepth { get }
  /// Shows a frame in place of the last.
  func show(_ frame: ScreenFrame) throws(TerminalError)
  /// Whether a key waits to be read.
  var hasKey: Bool { get }
  /// What happens next, waiting for it as long as is said.
  func nextEvent(within time: Duration) throws(TerminalError) -> TerminalEvent
}

/// A terminal whose keys a script presses, and that keeps what a person would have seen.
public final class ScriptedTerminal: Terminal {
  /// Its size; setting another is told of as a person's resizing is.
  public var size: TerminalSize { didSet { isResized = isResized || size != oldValue } }
  /// The frame shown last; nil before the first.
  public private(set) var frame: ScreenFrame?
  /// How many bytes a terminal would have been sent.
  public private(set) var byteCount = 0
  /// How long each key took until the frame that answered it was drawn; keys that changed nothing
  /// are left out.
  public private(set) var responses: [(key: Key, time: Duration)] = []
  private var keys: ArraySlice<Key>
  private let writer: FrameWriter
  private let encoder: PictureEncoder
  private let sink: ([UInt8]) -> Void
  private let pause: Duration
  private var isResized = false
  private var shown = ContinuousClock.now
  private var asked: (key: Key, at: ContinuousClock.Instant)?

  /// Creates a terminal.
  ///
  /// - Parameters:
  ///   - keys: what is pressed, in order; after the last, the terminal ends.
  ///   - size: its size.
  ///   - encoder: how it shows pictures.
  ///   - pause: how long each screen is looked at before the next key.
  ///   - sink: takes the bytes that a terminal would have been sent.
  public init(
    keys: [Key], size: TerminalSize, encoder: PictureEncoder, pause: Duration = .zero,
    sink: @escaping ([UInt8]) -> Void = { _ in }
  ) {
    self.keys = keys[...]
    self.size = size
    self.encoder = encoder
    writer = FrameWriter(encoder)
    self.sink = sink
    self.pause = pause
  }

  /// How it shows pictures.
  public var pictures: PictureForm { encoder.form }
  /// How many colours it shows.
  public var colours: ColourDepth { encoder.depth }
  /// Whether a key waits to be read.
  public var hasKey: Bool { !keys.isEmpty && shown.duration(to: .now) >= pause }

  /// Sends what has changed.
  public func show(_ frame: ScreenFrame) {
    let bytes = writer.bytes(for: frame, cell: size.cell)
    byteCount += bytes.count
    sink(bytes)
    self.frame = frame
    if let asked, !bytes.isEmpty {
      responses.append((asked.key, ContinuousClock.now - asked.at))
      self.asked = nil
    }
    shown = .now
  }

  /// What happens next, waiting for it as long as is said.
  public func nextEvent(within time: Duration) -> TerminalEvent {
    if isResized {
      isResized = false
      writer.forget()
      return .resized
    }
    guard let key = keys.popFirst() else { return .ended }
    Self.sleep(pause - shown.duration(to: .now))
    asked = (key, ContinuousClock.now)
    return .key(key)
  }

  private static func sleep(_ time: Duration) {
    guard time > .zero else { return }
    let (seconds, attoseconds) = time.components
    usleep(UInt32(clamping: seconds * 1_000_000 + attoseconds / 1_000_000_000_000))
  }
}
