import Glibc

// All unsafe code of talking to a terminal. Each use states why it is sound.

/// The terminal that a person sits at.
///
/// While one is open, the terminal gives every key at once and shows a screen of its own. Closing
/// it brings back what was there before; so does whatever else ends the process, except SIGKILL:
/// an interrupt, termination, hang-up, a trap. One can be open at a time.
public final class ControllingTerminal: Terminal {
  private let descriptor: Int32
  private let wake: (read: Int32, write: Int32)
  private let encoder: PictureEncoder
  private let writer: FrameWriter
  private var decoder = KeyDecoder()
  private var keys: [Key] = []
  private var isClosed = false

  /// Opens a terminal.
  ///
  /// - Parameters:
  ///   - path: the terminal.
  ///   - encoder: how it shows pictures.
  /// - Throws: ``TerminalError`` where the process has no terminal.
  public init(path: String = "/dev/tty", encoder: PictureEncoder) throws(TerminalError) {
    descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0, isatty(descriptor) == 1 else {
      if descriptor >= 0 { Glibc.close(descriptor) }
      throw TerminalError("there is no terminal to work at", found: Self.message(errno))
    }
    var ends: [Int32] = [-1, -1]
    // Sound: pipe fills the two numbers.
    guard pipe(&ends) == 0 else {
      Glibc.close(descriptor)
      throw TerminalError("the terminal cannot be watched", found: Self.message(errno))
    }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    wake = (ends[0], ends[1])
    self.encoder = encoder
    writer = FrameWriter(encoder)
    guard TerminalMode.enter(descriptor, wake: wake.write) else {
      for one in [descriptor, wake.read, wake.write] { Glibc.close(one) }
      throw TerminalError("the terminal cannot be set to give every key at once")
    }
  }

  deinit { close() }

  /// Brings back what the terminal showed before.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    TerminalMode.leave()
    for one in [descriptor, wake.read, wake.write] { Glibc.close(one) }
  }

  /// How it shows pictures.
  public var pictures: PictureForm { encoder.form }
  /// How many colours it shows.
  public var colours: ColourDepth { encoder.depth }

  /// Its size, asked of the terminal each time.
  public var size: TerminalSize {
    var window = winsize()
    // Sound: TIOCGWINSZ fills exactly one winsize, which outlives the call.
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0
    else { return TerminalSize(ScreenExtent(rows: 24, columns: 80)) }
    let extent = ScreenExtent(rows: Int(window.ws_row), columns: Int(window.ws_col))
    let cell = (
      width: Int(window.ws_xpixel) / extent.columns, height: Int(window.ws_ypixel) / extent.rows
    )
    return cell.width > 1 && cell.height > 1
      ? TerminalSize(extent, cell: cell) : TerminalSize(extent)
  }

  /// Sends what has changed.
  public func show(_ frame: ScreenFrame) throws(TerminalError) {
    guard TerminalMode.isEntered else { return }
    let bytes = writer.bytes(for: frame, cell: size.cell)
    var written = 0
    while written < bytes.count {
      // Sound: the pointer stays inside the closure and the count is what is left of the buffer.
      let count = bytes.withUnsafeBytes {
        write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written)
      }
      if count >= 0 {
        written += count
      } else if errno != EINTR {
        throw TerminalError("the terminal cannot be written", found: Self.message(errno))
      }
    }
  }

  /// Whether a key waits to be read.
  public var hasKey: Bool { !keys.isEmpty || wait(for: .zero) == .readable }

  /// What happens next, waiting for it as long as is said.
  public func nextEvent(within time: Duration) throws(TerminalError) -> TerminalEvent {
    let end = ContinuousClock.now + time
    while keys.isEmpty {
      guard TerminalMode.isEntered else { return .ended }
      // The rest of a key follows its beginning at once; escape alone is a key of its own.
      let left =
        decoder.isPending ? .milliseconds(40) : max(.zero, end - ContinuousClock.now)
      switch wait(for: left) {
      case .readable:
        var bytes = [UInt8](repeating: 0, count: 1024)
        // Sound: read fills at most the buffer's size.
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        if count == 0 || count < 0 && errno != EINTR && errno != EAGAIN { return .ended }
        keys += decoder.keys(of: Array(bytes.prefix(max(0, count))))
      case .woken:
        writer.forget()
        return TerminalMode.isEntered ? .resized : .ended
      case .timedOut:
        guard decoder.isPending else { return .idle }
        keys += decoder.flush()
      case .gone: return .ended
      }
    }
    let key = keys.removeFirst()
    if key == .control("z") {
      TerminalMode.suspend()
      writer.forget()
      return .resized
    }
    return .key(key)
  }

  private enum Waiting { case readable, woken, timedOut, gone }

  private func wait(for time: Duration) -> Waiting {
    let end = ContinuousClock.now + time
    while true {
      var watched = [
        pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0),
      ]
      let left = max(.zero, end - ContinuousClock.now).components
      let milliseconds =
        left.seconds * 1000 + (left.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
      // Sound: poll reads and writes the two elements.
      let count = poll(&watched, 2, Int32(clamping: milliseconds))
      if count == 0 { return .timedOut }
      if count < 0 {
        guard errno == EINTR else { return .gone }
        continue
      }
      if watched[1].revents != 0 {
        var bytes = [UInt8](repeating: 0, count: 64)
        // Sound: read fills at most the buffer's size; the pipe never blocks.
        while bytes.withUnsafeMutableBytes({ read(wake.read, $0.baseAddress, $0.count) }) > 0 {}
        return .woken
      }
      return watched[0].revents & Int16(POLLIN) != 0 ? .readable : .gone
    }
  }

  private static func message(_ number: Int32) -> String {
    // Sound: strerror gives a text that lives until the thread's next call, copied here.
    strerror(number).map { String(cString: $0) } ?? "error \(number)"
  }
}
