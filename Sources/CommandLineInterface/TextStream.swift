import Synchronization

/// Where text goes: a terminal, a file, a pipe or, in tests, memory.
///
/// A stream on a terminal can show a status line below everything written to it; streams that
/// share a terminal clear each other's. Streams may be used from several threads at once.
public final class TextStream: Sendable {
  /// The terminal's width in columns; nil where the stream is not a terminal.
  public let terminalWidth: Int?
  private let sink: @Sendable ([UInt8]) throws(OutputError) -> Void
  private let status: Mutex<String?>
  /// A stream whose status line must be out of the way when this one is written.
  private let neighbour: TextStream?

  /// Creates a stream.
  ///
  /// - Parameters:
  ///   - terminalWidth: The width in columns where the text is shown on a terminal.
  ///   - neighbour: A stream that shows status lines on the same terminal.
  ///   - sink: Receives UTF-8 text.
  public init(
    terminalWidth: Int? = nil, neighbour: TextStream? = nil,
    sink: @escaping @Sendable ([UInt8]) throws(OutputError) -> Void
  ) {
    self.terminalWidth = terminalWidth
    self.neighbour = neighbour
    self.sink = sink
    status = Mutex(nil)
  }

  /// Whether a person sees the text as it comes.
  public var isTerminal: Bool { terminalWidth != nil }

  /// Writes text, above the status line where one is shown.
  public func write(_ text: String) throws(OutputError) {
    if let neighbour, isTerminal {
      try neighbour.aroundStatus { () throws(OutputError) in try sink(Array(text.utf8)) }
    } else {
      try aroundStatus { () throws(OutputError) in try sink(Array(text.utf8)) }
    }
  }

  /// Shows a line that the next one replaces; nil removes it.
  ///
  /// Nothing happens where the stream is not a terminal.
  public func show(status line: String?) {
    guard let terminalWidth else { return }
    let fitting = line.map { String($0.prefix(max(0, terminalWidth - 1))) }
    status.withLock { shown in
      guard shown != fitting else { return }
      // A terminal that is gone is no reason to stop the work.
      try? sink(Array(((shown == nil ? "" : eraseLine) + (fitting ?? "")).utf8))
      shown = fitting
    }
  }

  private func aroundStatus(_ body: () throws(OutputError) -> Void) throws(OutputError) {
    try status.withLock { shown throws(OutputError) in
      guard let line = shown else { return try body() }
      try sink(Array(eraseLine.utf8))
      try body()
      try sink(Array(line.utf8))
    }
  }
}

/// Moves to the line's start and clears it (ECMA-48, EL).
private let eraseLine = "\r\u{1B}[K"

/// The streams and the wish to stop that a tool runs with.
public struct Console: Sendable {
  /// Standard output: data.
  public var output: TextStream
  /// Standard error: everything meant for the person at the keyboard.
  public var diagnostics: TextStream
  /// Whether the tool was asked to stop.
  public var cancellation: CancellationFlag

  /// Creates a console.
  public init(
    output: TextStream, diagnostics: TextStream,
    cancellation: CancellationFlag = CancellationFlag()
  ) {
    self.output = output
    self.diagnostics = diagnostics
    self.cancellation = cancellation
  }

  /// The process's own console.
  ///
  /// From now on a reader who leaves is noticed as an error of writing, and the first interrupt or
  /// termination signal sets the flag; the second ends the process with status 130.
  public static func process() -> Console {
    let diagnostics = TextStream(terminalWidth: terminalWidth(2)) { bytes throws(OutputError) in
      try writeAll(bytes, to: 2)
    }
    let output = TextStream(terminalWidth: terminalWidth(1), neighbour: diagnostics) {
      bytes throws(OutputError) in try writeAll(bytes, to: 1)
    }
    return Console(
      output: output, diagnostics: diagnostics, cancellation: .watchingSignals())
  }
}

/// Text that a tool wrote into memory.
public final class CapturedText: Sendable {
  private let bytes = Mutex<[UInt8]>([])

  /// Creates an empty text.
  public init() {}

  /// Everything written so far.
  public var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

  /// A stream that adds to the text.
  ///
  /// - Parameter terminalWidth: The width in columns where the stream is to act as a terminal.
  /// - Returns: The stream.
  public func stream(terminalWidth: Int? = nil) -> TextStream {
    TextStream(terminalWidth: terminalWidth) { written in
      self.bytes.withLock { $0 += written }
    }
  }
}
