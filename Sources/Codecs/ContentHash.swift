import CXXHash

/// The XXH3-128 of some content: what a ledger compares to see whether an input has changed.
///
/// It guards against accidents, not against an attacker.
public struct ContentDigest: Hashable, Sendable, Codable, LosslessStringConvertible {
  private let high: UInt64
  private let low: UInt64

  fileprivate init(_ hash: XXH128_hash_t) {
    high = hash.high64
    low = hash.low64
  }

  /// The digest of bytes.
  public init(of bytes: RawSpan) {
    self = bytes.withUnsafeBytes { buffer in
      // Sound: the library reads `buffer.count` bytes.
      ContentDigest(XXH3_128bits(buffer.baseAddress, buffer.count))
    }
  }

  /// The digest of bytes.
  public init(of bytes: [UInt8]) { self.init(of: bytes.span.bytes) }

  /// The digest of a text's UTF-8 bytes.
  public init(of text: String) {
    let bytes = Array(text.utf8)
    self.init(of: bytes.span.bytes)
  }

  /// Reads 32 hexadecimal digits.
  public init?(_ description: String) {
    guard description.utf8.count == 32,
      let high = UInt64(description.prefix(16), radix: 16),
      let low = UInt64(description.suffix(16), radix: 16)
    else { return nil }
    self.high = high
    self.low = low
  }

  /// The digest as 32 hexadecimal digits, as `xxhsum -H2` prints it.
  public var description: String { digits(high) + digits(low) }

  /// Reads the digest from its digits.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let digest = Self(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "a digest has 32 hexadecimal digits")
    }
    self = digest
  }

  /// Writes the digest as its digits.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  private func digits(_ word: UInt64) -> String {
    let text = String(word, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }
}

/// A content digest taken piece by piece.
///
/// Source: xxHash 0.8, <https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>
public struct ContentHash: ~Copyable {
  private let state: OpaquePointer

  /// Starts a digest of nothing.
  public init() {
    guard let state = XXH3_createState() else {
      preconditionFailure("no memory for a hash of half a kibibyte")
    }
    // Cannot fail: the state is not null.
    _ = XXH3_128bits_reset(state)
    self.state = state
  }

  deinit { XXH3_freeState(state) }

  /// Adds bytes.
  public mutating func update(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { buffer in
      // Sound: the library reads `buffer.count` bytes; it cannot fail with a state that is not null.
      _ = XXH3_128bits_update(state, buffer.baseAddress, buffer.count)
    }
  }

  /// Adds a text's UTF-8 bytes and a zero byte, so that "ab", "c" and "a", "bc" differ.
  public mutating func update(_ text: String) {
    let bytes = Array(text.utf8) + [0]
    update(bytes.span.bytes)
  }

  /// The digest of everything added so far.
  public var digest: ContentDigest { ContentDigest(XXH3_128bits_digest(state)) }
}
