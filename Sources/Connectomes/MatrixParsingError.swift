/// A file does not hold a matrix that can be used.
public struct MatrixParsingError: Error, Hashable, Sendable, CustomStringConvertible {
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
    message + (found.map { "; found \($0)" } ?? "") + (expected.map { "; expected \($0)" } ?? "")
      + (remedy.map { "; \($0)" } ?? "")
  }
}
