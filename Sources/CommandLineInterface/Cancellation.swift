import Glibc
import Synchronization

/// The wish that a command stop soon, readable from any thread.
public final class CancellationFlag: Sendable {
  private let isSet = Atomic<Bool>(false)

  /// Creates a flag that is not set.
  public init() {}

  /// Whether the command should stop.
  public var isCancelled: Bool { isSet.load(ordering: .relaxed) }

  /// Sets the flag.
  ///
  /// - Returns: Whether it was set already.
  @discardableResult
  public func cancel() -> Bool { isSet.exchange(true, ordering: .relaxed) }

  /// A flag that SIGINT and SIGTERM set; a second signal ends the process with status 130.
  ///
  /// SIGPIPE is ignored from now on.
  static func watchingSignals() -> CancellationFlag {
    // The flag exists before any handler can run: a handler must not create it.
    let flag = signalFlag
    signal(SIGPIPE, SIG_IGN)
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in
        // Both an atomic exchange and _exit are allowed in signal handlers.
        if signalFlag.cancel() { _exit(ExitStatus.interrupted.code) }
      }
    }
    return flag
  }
}

private let signalFlag = CancellationFlag()

/// The command stopped because it was asked to.
public struct Interruption: DiagnosedError, Hashable {
  /// What the user can do next.
  public var remedy: String?

  /// Creates an error.
  public init(remedy: String? = nil) {
    self.remedy = remedy
  }

  /// Always ``ExitStatus/interrupted``.
  public var exitStatus: ExitStatus { .interrupted }
  /// What happened.
  public var diagnosis: Diagnosis { Diagnosis("interrupted", remedy: remedy) }
}
