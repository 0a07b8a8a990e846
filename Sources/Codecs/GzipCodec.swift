/// Gzip compression, one member a chunk.
///
/// Purpose: the codec every Zarr reader has.
///
/// Specification: <https://zarr-specs.readthedocs.io/en/latest/v3/codecs/gzip/index.html>, members as
/// in RFC 1952.
///
/// Read and written alike by zarr-python 3.1.6 and tensorstore 0.1.86.
///
/// Configuration example: `{"name": "gzip", "configuration": {"level": 5}}`
public struct GzipCodec: BytesCodec, Hashable {
  /// `gzip`.
  public static let name = "gzip"

  /// How hard to compress, 0 to 9.
  public let level: Int

  /// Creates the codec.
  public init(level: Int = 5) {
    precondition((0...9).contains(level), "gzip has the levels 0 to 9")
    self.level = level
  }

  /// Creates the codec from `level`.
  public init(configuration: JSONObject) throws(CodecError) {
    var members = CodecConfiguration(configuration, codec: Self.name)
    level = try members.integer("level", in: 0...9)
    try members.end()
  }

  /// `level`.
  public var configuration: JSONObject? { ["level": .integer(Int64(level))] }

  /// Compresses bytes into one member without name or time, so that equal bytes give equal bytes.
  public func encode(_ decoded: RawSpan) throws(CodecError) -> [UInt8] {
    try Self.deflate.encode(decoded, level: level)
  }

  /// Decompresses members of at most `limit` bytes.
  ///
  /// The output grows with what is decompressed: a small file that claims nothing costs little.
  public func decode(_ encoded: RawSpan, limit: Int) throws(CodecError) -> [UInt8] {
    try Self.deflate.decode(encoded, limit: limit)
  }

  /// Decompresses members whose decompressed size is known.
  public func decode(
    _ encoded: RawSpan, into decoded: inout MutableRawSpan
  ) throws(CodecError) {
    try Self.deflate.decode(encoded, into: &decoded)
  }

  /// Deflate's bound for stored blocks, and the member's header and trailer.
  public func maximalEncodedCount(_ decodedCount: Int) -> Int {
    Self.deflate.maximalEncodedCount(decodedCount)
  }

  private static let deflate = Deflate(.gzip, codec: name)
}
