/// Zlib compression: deflate with a header of two bytes and an Adler-32.
///
/// Purpose: reading Zarr v2 and N5; a Zarr v3 array has it by the name zarr-python gives it.
///
/// Specification: <https://numcodecs.readthedocs.io/en/stable/zlib.html>, streams as in RFC 1950.
///
/// Read and written alike by zarr-python 3.1.6; as Zarr v2 and N5 by tensorstore 0.1.86 too.
///
/// Configuration example: `{"name": "numcodecs.zlib", "configuration": {"level": 1}}`
public struct ZlibCodec: BytesCodec, Hashable {
  /// `numcodecs.zlib`.
  public static let name = "numcodecs.zlib"

  /// How hard to compress, 0 to 9.
  public let level: Int

  /// Creates the codec.
  public init(level: Int = 1) {
    precondition((0...9).contains(level), "zlib has the levels 0 to 9")
    self.level = level
  }

  /// Creates the codec from `level`.
  public init(configuration: JSONObject) throws(CodecError) {
    var members = CodecConfiguration(configuration, codec: Self.name)
    level = try members.integer("level", in: 0...9, default: 1)
    try members.end()
  }

  /// `level`.
  public var configuration: JSONObject? { ["level": .integer(Int64(level))] }

  /// Compresses bytes into one stream.
  public func encode(_ decoded: RawSpan) throws(CodecError) -> [UInt8] {
    try Self.deflate.encode(decoded, level: level)
  }

  /// Decompresses a stream of at most `limit` bytes.
  ///
  /// The output grows with what is decompressed: a small file that claims nothing costs little.
  public func decode(_ encoded: RawSpan, limit: Int) throws(CodecError) -> [UInt8] {
    try Self.deflate.decode(encoded, limit: limit)
  }

  /// Decompresses a stream whose decompressed size is known.
  public func decode(
    _ encoded: RawSpan, into decoded: inout MutableRawSpan
  ) throws(CodecError) {
    try Self.deflate.decode(encoded, into: &decoded)
  }

  /// Deflate's bound for stored blocks, and the stream's header and trailer.
  public func maximalEncodedCount(_ decodedCount: Int) -> Int {
    Self.deflate.maximalEncodedCount(decodedCount)
  }

  private static let deflate = Deflate(.zlib, codec: name)
}
