/// What is wrong with the seams of a block.
public struct SeamError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, in one line.
  public let message: String

  /// Creates an error.
  public init(_ message: String) {
    self.message = message
  }

  /// The message.
  public var description: String { message }
}
