/// What a process tells the shell when it ends, by the numbers of BSD's `sysexits.h`.
///
/// Source: FreeBSD manual, sysexits(3), <https://man.freebsd.org/sysexits>
public struct ExitStatus: Hashable, Sendable {
  /// The number the shell sees, in 0...255.
  public let code: Int32

  /// Creates a status.
  public init(code: Int32) {
    precondition((0...255).contains(code), "an exit status lies in 0...255")
    self.code = code
  }

  /// 0: the command did what was asked.
  public static let success = ExitStatus(code: 0)
  /// 64: the command line is wrong.
  public static let usage = ExitStatus(code: 64)
  /// 65: an input is there, but what it holds is not sound.
  public static let badData = ExitStatus(code: 65)
  /// 66: an input is missing or may not be read.
  public static let missingInput = ExitStatus(code: 66)
  /// 70: a fault of the program itself.
  public static let internalFault = ExitStatus(code: 70)
  /// 73: an output cannot be created, for example because it is there already.
  public static let cannotCreate = ExitStatus(code: 73)
  /// 74: the system failed to read or write.
  public static let inputOutput = ExitStatus(code: 74)
  /// 130: a person or the system asked the command to stop.
  public static let interrupted = ExitStatus(code: 130)
  /// 141: whoever read the output left; what a shell reports of any tool that this happens to.
  public static let outputClosed = ExitStatus(code: 141)
}

/// What a person needs to know of an error: the parts of the message, before layout.
///
/// Texts are lower case and have no full stop.
public struct Diagnosis: Sendable {
  /// What is wrong, beginning with the file or argument concerned.
  public var summary: String
  /// What was found.
  public var found: String?
  /// What was expected.
  public var expected: String?
  /// The error underneath.
  public var cause: String?
  /// What the user can do.
  public var remedy: String?

  /// Creates a diagnosis.
  public init(
    _ summary: String, found: String? = nil, expected: String? = nil, cause: String? = nil,
    remedy: String? = nil
  ) {
    self.summary = summary
    self.found = found
    self.expected = expected
    self.cause = cause
    self.remedy = remedy
  }

  /// The diagnosis as lines: the summary, then one indented line for each part that is known.
  package var lines: [String] {
    var lines = [summary]
    if let found { lines.append("  found:    \(found)") }
    if let expected { lines.append("  expected: \(expected)") }
    if let cause { lines.append("  cause:    \(cause)") }
    if let remedy { lines.append("  remedy:   \(remedy)") }
    return lines
  }
}

/// An error that knows which exit status it deserves.
///
/// Error types of lower layers conform where commands are defined; any other error that reaches
/// ``runTool(name:version:summary:commands:arguments:console:)`` counts as a fault of the program.
public protocol DiagnosedError: Error {
  /// The status the process ends with.
  var exitStatus: ExitStatus { get }
  /// What the user reads.
  var diagnosis: Diagnosis { get }
}

extension DiagnosedError {
  /// The error's description, as it is.
  public var diagnosis: Diagnosis { Diagnosis(String(describing: self)) }
}
