/// What went wrong in building or running a tensor program.
public struct TensorError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of fault.
  public enum Code: String, Hashable, Sendable {
    /// The shapes or parameters of an operation do not fit together.
    case invalidShape
    /// oneDNN has no implementation of the operation with these parameters.
    case unsupported
    /// There is not enough memory.
    case outOfMemory
    /// oneDNN failed for another reason.
    case engineFailure
  }

  /// The kind of fault.
  public var code: Code
  /// The operation concerned.
  public var operation: String
  /// What is wrong, lower case, no full stop.
  public var message: String

  /// Creates an error.
  public init(_ code: Code, operation: String, _ message: String) {
    self.code = code
    self.operation = operation
    self.message = message
  }

  /// The error as one line.
  public var description: String { "\(operation): \(message)" }
}
