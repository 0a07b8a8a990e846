/// What is wrong with a command line.
public struct UsageError: DiagnosedError, Hashable, CustomStringConvertible {
  /// The argument concerned as the user writes it, such as `--voxel-size` or `STACK`.
  public var argument: String?
  /// What is wrong, lower case, no full stop.
  public var message: String
  /// What was found.
  public var found: String?
  /// What was expected.
  public var expected: String?
  /// What the user can do.
  public var remedy: String?

  /// Creates an error.
  public init(
    _ argument: String? = nil, _ message: String, found: String? = nil, expected: String? = nil,
    remedy: String? = nil
  ) {
    self.argument = argument
    self.message = message
    self.found = found
    self.expected = expected
    self.remedy = remedy
  }

  /// Always ``ExitStatus/usage``.
  public var exitStatus: ExitStatus { .usage }

  /// The error's parts.
  public var diagnosis: Diagnosis {
    Diagnosis(
      (argument.map { "\($0): " } ?? "") + message, found: found, expected: expected,
      remedy: remedy)
  }

  /// The error as one line.
  public var description: String {
    var text = diagnosis.summary
    if let found { text += "; found \(found)" }
    if let expected { text += "; expected \(expected)" }
    if let remedy { text += "; \(remedy)" }
    return text
  }
}
