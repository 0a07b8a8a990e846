import Glibc
import Synchronization

// All unsafe code of what a terminal is set to, and of bringing that back when a signal comes.

/// The state of the terminal that is open, reachable from signal handlers.
enum TerminalMode {
  /// Whether a terminal is set to give every key at once.
  static var isEntered: Bool { entered.load(ordering: .sequentiallyConsistent) }

  /// Another screen, no cursor, keys in their usual forms.
  private static let entering: StaticString = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l"
  /// Pictures removed, colours as usual, the cursor and the screen of before.
  private static let leaving: StaticString =
    "\u{1B}[0m\u{1B}[?2026l\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

  /// Signals that end a process, or stop it.
  private static let ending = [
    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGABRT, SIGILL, SIGTRAP, SIGBUS, SIGSEGV, SIGFPE,
  ]

  /// Sets a terminal to give every key at once, and remembers how it was.
  ///
  /// - Returns: Whether it could be set, and no other was.
  static func enter(_ terminal: Int32, wake: Int32) -> Bool {
    // Sound: what the handlers read is made here, before there are any; tcgetattr fills it.
    guard !isEntered, tcgetattr(terminal, before) == 0 else { return false }
    descriptor.store(terminal, ordering: .sequentiallyConsistent)
    wakeDescriptor.store(wake, ordering: .sequentiallyConsistent)
    guard begin() else { return false }
    for number in ending + [SIGWINCH, SIGCONT] { watch(number) }
    return true
  }

  /// Brings back how the terminal was, and who handled signals.
  static func leave() {
    restore()
    wakeDescriptor.store(-1, ordering: .sequentiallyConsistent)
    for number in ending + [SIGWINCH, SIGCONT] {
      // Sound: the place of each number was filled by `watch`.
      sigaction(number, previous + Int(number), nil)
    }
  }

  /// Stops the process as the user's key asks for; goes on when the process does.
  static func suspend() {
    // The handler brings the terminal back first; that of SIGCONT takes it again.
    kill(getpid(), SIGTSTP)
  }

  private static func begin() -> Bool {
    // Sound: a copy of what tcgetattr filled; cfmakeraw and tcsetattr read and write only it.
    var mode = before.pointee
    cfmakeraw(&mode)
    let terminal = descriptor.load(ordering: .sequentiallyConsistent)
    guard tcsetattr(terminal, TCSAFLUSH, &mode) == 0 else { return false }
    entered.store(true, ordering: .sequentiallyConsistent)
    // Sound: the text lives as long as the process.
    _ = write(terminal, entering.utf8Start, entering.utf8CodeUnitCount)
    return true
  }

  /// Allowed in a signal handler: atomics, write and tcsetattr only.
  private static func restore() {
    guard entered.exchange(false, ordering: .sequentiallyConsistent) else { return }
    let terminal = descriptor.load(ordering: .sequentiallyConsistent)
    // Sound: the text lives as long as the process, as does what tcgetattr filled.
    _ = write(terminal, leaving.utf8Start, leaving.utf8CodeUnitCount)
    _ = tcsetattr(terminal, TCSANOW, before)
  }

  /// Allowed in a signal handler.
  private static func awake() {
    let end = wakeDescriptor.load(ordering: .sequentiallyConsistent)
    // Sound: one byte of a text that lives as long as the process.
    if end >= 0 { _ = write(end, leaving.utf8Start, 1) }
  }

  private static func watch(_ number: Int32) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { number in TerminalMode.handle(number) }
    // Sound: there is a place for every number; sigaction copies the action and fills the place.
    sigaction(number, &action, previous + Int(number))
  }

  private static func handle(_ number: Int32) {
    let error = errno
    defer { errno = error }
    switch number {
    case SIGWINCH: awake()
    case SIGCONT:
      _ = begin()
      watchStops()
      awake()
    default:
      restore()
      awake()
      passOn(number)
    }
  }

  /// Lets whoever handled the signal before have it: another handler, or the system, which ends
  /// or stops the process as soon as this handler returns.
  private static func passOn(_ number: Int32) {
    // Sound: the place was filled by `watch`; the bits of a handler are its address, of which 0
    // and 1 are no functions but the system's own ways.
    let old = previous[Int(number)]
    let bits = unsafeBitCast(old.__sigaction_handler.sa_handler, to: Int.self)
    if bits == 1 { return }
    if bits != 0, old.sa_flags & SA_SIGINFO == 0 {
      old.__sigaction_handler.sa_handler?(number)
      return
    }
    sigaction(number, previous + Int(number), nil)
    raise(number)
  }

  /// Handles SIGTSTP again after the process was stopped by it.
  private static func watchStops() {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { number in TerminalMode.handle(number) }
    // Sound: sigaction copies the action.
    sigaction(SIGTSTP, &action, nil)
  }
}

private let entered = Atomic(false)
private let descriptor = Atomic<Int32>(-1)
private let wakeDescriptor = Atomic<Int32>(-1)
// Sound: allocated once and never freed; written only by `enter`, before a handler can read them.
nonisolated(unsafe) private let before = UnsafeMutablePointer<termios>.allocate(capacity: 1)
nonisolated(unsafe) private let previous = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)
