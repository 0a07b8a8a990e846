/// Why a model cannot be fitted.
public struct DiffusionError: Error, Hashable, Sendable, CustomStringConvertible {
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
    _ message: String, found: String? = nil, expected: String? = nil, remedy: String? = nil
  ) {
    self.message = message
    self.found = found
    self.expected = expected
    self.remedy = remedy
  }

  /// The error as one line.
  public var description: String {
    var text = message
    if let found { text += "; found \(found)" }
    if let expected { text += "; expected \(expected)" }
    if let remedy { text += "; \(remedy)" }
    return text
  }
}
