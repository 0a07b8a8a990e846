/// What is wrong with a stored region graph or merge tree.
public struct MalformedGraphError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, in one line.
  public let message: String
  /// What the data holds, where that helps.
  public let found: String?
  /// What it should hold, where that helps.
  public let expected: String?

  /// Creates an error.
  public init(_ message: String, found: String? = nil, expected: String? = nil) {
    self.message = message
    self.found = found
    self.expected = expected
  }

  /// The message with what was found and expected.
  public var description: String {
    message + (found.map { ", found \($0)" } ?? "") + (expected.map { ", expected \($0)" } ?? "")
  }
}
