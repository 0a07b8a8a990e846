/// What went wrong with a stored volume, where, and because of what.
public struct VolumeError: Error, Sendable, CustomStringConvertible {
  /// The kind of fault; ``VolumeError`` users choose what to do by it.
  public enum Code: String, Hashable, Sendable {
    /// The file, folder or dataset is not there.
    case notFound
    /// The output is there already.
    case alreadyExists
    /// A stored chunk, page or strip does not decode or fails its checksum.
    case corruptChunk
    /// A write does not cover whole chunks.
    case misalignedWrite
    /// A read reaches outside the volume.
    case outOfBounds
    /// The stored type is not the one asked for.
    case dataTypeMismatch
    /// The file is sound but uses something that is not supported.
    case unsupportedFeature
    /// The file's description of itself is not sound.
    case malformedMetadata
    /// The file asks for more than the limits allow.
    case limitExceeded
    /// The system refused to read or write.
    case inputOutput
  }

  /// The kind of fault.
  public var code: Code
  /// The file or folder concerned.
  public var path: String
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
    _ code: Code, path: String, _ message: String, found: String? = nil, expected: String? = nil,
    remedy: String? = nil, cause: (any Error)? = nil
  ) {
    self.code = code
    self.path = path
    self.message = message
    self.found = found
    self.expected = expected
    self.remedy = remedy
    self.cause = cause
  }

  /// The error as one line: path, message, found, expected, cause, remedy.
  public var description: String {
    var text = "\(path): \(message)"
    if let found { text += "; found \(found)" }
    if let expected { text += "; expected \(expected)" }
    if let cause { text += " (\(cause))" }
    if let remedy { text += "; \(remedy)" }
    return text
  }
}
