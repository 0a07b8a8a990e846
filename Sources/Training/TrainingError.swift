public import Codecs

/// What went wrong with a training, and because of what.
public struct TrainingError: Error, Sendable, CustomStringConvertible {
  /// The kind of fault.
  public enum Code: String, Hashable, Sendable {
    /// A setting is wrong, or settings do not go together.
    case configuration
    /// The volumes do not suit the training: shapes, voxel sizes, nothing labelled.
    case data
    /// The loss or its gradient is no longer a finite number.
    case diverged
    /// A checkpoint is damaged, or is of another training.
    case checkpoint
    /// The training does not fit the memory it may take.
    case limitExceeded
  }

  /// The kind of fault.
  public var code: Code
  /// The setting, volume or file concerned; may be empty.
  public var subject: String
  /// What is wrong, lower case, no full stop.
  public var message: String
  /// What was found.
  public var found: String?
  /// What was expected.
  public var expected: String?
  /// What the user can do.
  public var remedy: String?
  /// The error underneath.
  public var cause: (any Error)?

  /// Creates an error.
  public init(
    _ code: Code, _ subject: String = "", _ message: String, found: String? = nil,
    expected: String? = nil, remedy: String? = nil, cause: (any Error)? = nil
  ) {
    self.code = code
    self.subject = subject
    self.message = message
    self.found = found
    self.expected = expected
    self.remedy = remedy
    self.cause = cause
  }

  /// The error of a setting.
  public init(_ error: SettingsError) {
    self.init(
      .configuration, error.key, error.message, found: error.found, expected: error.expected,
      remedy: error.remedy)
  }

  /// The error as one line.
  public var description: String {
    var text = subject.isEmpty ? message : "\(subject): \(message)"
    if let found { text += "; found \(found)" }
    if let expected { text += "; expected \(expected)" }
    if let cause { text += " (\(cause))" }
    if let remedy { text += "; \(remedy)" }
    return text
  }
}
