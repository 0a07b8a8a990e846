/// What went wrong with a network model, where in it, and because of what.
public struct ModelError: Error, Sendable, CustomStringConvertible {
  /// The kind of fault.
  public enum Code: String, Hashable, Sendable {
    /// The file is not there or not to be read.
    case unreadable
    /// The file is not a sound ONNX model.
    case malformed
    /// The file asks for more than the limits allow.
    case limitExceeded
    /// The model is sound but uses something that is not supported.
    case unsupported
    /// The model does not fit what it is used for: shapes, channels, voxel size.
    case mismatch
    /// The model's metadata do not say what its input or output means.
    case missingMeaning
    /// The network cannot be prepared or run.
    case execution
  }

  /// The kind of fault.
  public var code: Code
  /// The model's file.
  public var path: String
  /// What is wrong, lower case, no full stop.
  public var message: String
  /// The node of the graph concerned, as `Conv "encoder.0"`.
  public var node: String?
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
    _ code: Code, path: String = "", _ message: String, node: String? = nil,
    found: String? = nil, expected: String? = nil, remedy: String? = nil,
    cause: (any Error)? = nil
  ) {
    self.code = code
    self.path = path
    self.message = message
    self.node = node
    self.found = found
    self.expected = expected
    self.remedy = remedy
    self.cause = cause
  }

  /// The error as one line: path, node, message, found, expected, cause, remedy.
  public var description: String {
    var text = path.isEmpty ? "" : "\(path): "
    if let node { text += "node \(node): " }
    text += message
    if let found { text += "; found \(found)" }
    if let expected { text += "; expected \(expected)" }
    if let cause { text += " (\(cause))" }
    if let remedy { text += "; \(remedy)" }
    return text
  }

  /// The error with the model's file named.
  func naming(_ path: String) -> ModelError {
    var error = self
    if error.path.isEmpty { error.path = path }
    return error
  }
}
