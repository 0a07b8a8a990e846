import Glibc
import Synchronization
import TerminalScreen
import Testing

/// A pseudo-terminal of which the test holds the far end.
private final class PseudoTerminal {
  let far: Int32
  let near: Int32
  let path: String

  init() throws {
    let far = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    var number: Int32 = 0
    var isLocked: Int32 = 0
    try #require(far >= 0)
    // TIOCSPTLCK and TIOCGPTN, whose names the module map does not give.
    try #require(ioctl(far, 0x4004_5431, &isLocked) == 0 && ioctl(far, 0x8004_5430, &number) == 0)
    let path = "/dev/pts/\(number)"
    let near = open(path, O_RDWR | O_NOCTTY)
    try #require(near >= 0)
    (self.far, self.path, self.near) = (far, path, near)
    resize(rows: 30, columns: 100)
    _ = fcntl(far, F_SETFL, O_NONBLOCK)
  }

  deinit {
    close(near)
    close(far)
  }

  func resize(rows: UInt16, columns: UInt16) {
    var window = winsize(
      ws_row: rows, ws_col: columns, ws_xpixel: columns * 10, ws_ypixel: rows * 21)
    _ = ioctl(far, UInt(TIOCSWINSZ), &window)
  }

  /// The terminal's flags for input, output and lines.
  var flags: [tcflag_t] {
    var mode = termios()
    tcgetattr(near, &mode)
    return [mode.c_iflag, mode.c_oflag, mode.c_lflag]
  }

  func type(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes { write(far, $0.baseAddress, $0.count) }
  }

  func received() -> [UInt8] {
    var all: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = part.withUnsafeMutableBytes { read(far, $0.baseAddress, $0.count) }
      guard count > 0 else { return all }
      all += part.prefix(count)
    }
  }
}

private let signalled = Atomic(0)

@Suite(.serialized) struct ControllingTerminalTests {
  private let encoder = PictureEncoder(environment: ["TERM": "xterm-256color"], form: .symbols)

  @Test func `keys arrive at once, frames are shown, and closing brings everything back`() throws {
    let pseudo = try PseudoTerminal()
    let before = pseudo.flags
    var model = ScreenModel(rows: 30, columns: 100)
    let terminal = try ControllingTerminal(path: pseudo.path, encoder: encoder)
    #expect(pseudo.flags != before)
    #expect(terminal.size.extent == ScreenExtent(rows: 30, columns: 100))
    #expect(terminal.size.cell == (10, 21))
    var text = ScreenText(terminal.size.extent)
    text.write("hello", row: 3, column: 2)
    try terminal.show(ScreenFrame(text))
    model.take(pseudo.received())
    #expect(model.hasOtherScreen)
    #expect(!model.hasCursor)
    #expect(model.lines == text.lines)
    pseudo.type("m\u{1B}[A\u{3}")
    #expect(try terminal.nextEvent(within: .seconds(5)) == .key("m"))
    #expect(terminal.hasKey)
    #expect(try terminal.nextEvent(within: .seconds(5)) == .key(.up))
    #expect(try terminal.nextEvent(within: .seconds(5)) == .key(.control("c")))
    #expect(try terminal.nextEvent(within: .milliseconds(1)) == .idle)
    pseudo.type("\u{1B}")
    #expect(try terminal.nextEvent(within: .seconds(5)) == .key(.escape))
    terminal.close()
    model.take(pseudo.received())
    #expect(pseudo.flags == before)
    #expect(!model.hasOtherScreen)
    #expect(model.hasCursor)
    terminal.close()
  }

  @Test func `resizing is told and shows all anew`() throws {
    let pseudo = try PseudoTerminal()
    let terminal = try ControllingTerminal(path: pseudo.path, encoder: encoder)
    try terminal.show(ScreenFrame(ScreenText(terminal.size.extent)))
    pseudo.resize(rows: 24, columns: 80)
    kill(getpid(), SIGWINCH)
    #expect(try terminal.nextEvent(within: .seconds(5)) == .resized)
    #expect(terminal.size.extent == ScreenExtent(rows: 24, columns: 80))
  }

  private func signalCount(_ count: Int) async {
    for _ in 0..<2000 where signalled.load(ordering: .relaxed) < count {
      try? await Task.sleep(for: .milliseconds(5))
    }
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
  func `a signal brings the terminal back before others handle it`(
    _ number: Int32
  ) async throws {
    let pseudo = try PseudoTerminal()
    let before = pseudo.flags
    var model = ScreenModel(rows: 30, columns: 100)
    signalled.store(0, ordering: .relaxed)
    let earlier = signal(number) { _ in signalled.wrappingAdd(1, ordering: .relaxed) }
    defer { signal(number, earlier) }
    let terminal = try ControllingTerminal(path: pseudo.path, encoder: encoder)
    #expect(pseudo.flags != before)
    // Threads of tests hold signals back; another takes one that is sent to the process.
    kill(getpid(), number)
    #expect(try terminal.nextEvent(within: .seconds(20)) == .ended)
    await signalCount(1)
    #expect(signalled.load(ordering: .relaxed) == 1)
    #expect(pseudo.flags == before)
    model.take(pseudo.received())
    #expect(!model.hasOtherScreen)
    #expect(model.hasCursor)
    terminal.close()
    kill(getpid(), number)
    await signalCount(2)
    #expect(signalled.load(ordering: .relaxed) == 2)
  }

  @Test func `a terminal that is gone ends, and no terminal is an error`() throws {
    let terminal: ControllingTerminal
    do {
      let pseudo = try PseudoTerminal()
      terminal = try ControllingTerminal(path: pseudo.path, encoder: encoder)
    }
    #expect(try terminal.nextEvent(within: .seconds(5)) == .ended)
    terminal.close()
    #expect(throws: TerminalError.self) {
      _ = try ControllingTerminal(path: "/dev/null", encoder: encoder)
    }
    #expect(throws: TerminalError.self) {
      _ = try ControllingTerminal(path: "/nonexistent", encoder: encoder)
    }
  }

  @Test func `two cannot be open at once`() throws {
    let pseudo = try PseudoTerminal()
    let terminal = try ControllingTerminal(path: pseudo.path, encoder: encoder)
    #expect(throws: TerminalError.self) {
      _ = try ControllingTerminal(path: pseudo.path, encoder: encoder)
    }
    terminal.close()
    try ControllingTerminal(path: pseudo.path, encoder: encoder).close()
  }

  @Test func `a script plays keys and is told of resizing`() {
    let terminal = ScriptedTerminal(
      keys: ["a", .up], size: TerminalSize(ScreenExtent(rows: 5, columns: 20)), encoder: encoder)
    #expect(terminal.nextEvent(within: .zero) == .key("a"))
    terminal.show(ScreenFrame(ScreenText(terminal.size.extent)))
    #expect(terminal.responses.map(\.key) == ["a"])
    terminal.size = TerminalSize(ScreenExtent(rows: 6, columns: 20))
    #expect(terminal.nextEvent(within: .zero) == .resized)
    #expect(terminal.nextEvent(within: .zero) == .key(.up))
    #expect(terminal.nextEvent(within: .zero) == .ended)
  }
}
