/// What a codec found wrong with bytes or with its configuration.
public struct CodecError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of fault.
  public enum Code: String, Sendable {
    /// The configuration in `zarr.json` is not one the codec allows.
    case invalidConfiguration
    /// The encoded bytes do not decode.
    case corruptData
    /// The stored checksum is not the one of the bytes.
    case checksumMismatch
    /// The bytes decode to more than the chunk can hold.
    case tooLarge
    /// No codec of that name is known.
    case unknownCodec
  }
  /// The kind of fault.
  public var code: Code
  /// The codec's name in `zarr.json`.
  public var codec: String
  /// What was found and what was expected.
  public var message: String

  /// Creates an error.
  public init(_ code: Code, codec: String, _ message: String) {
    self.code = code
    self.codec = codec
    self.message = message
  }

  /// The error as one line.
  public var description: String { "codec \(codec): \(message)" }
}
