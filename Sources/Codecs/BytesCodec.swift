/// A Zarr "bytes → bytes" codec, such as `zstd` or `crc32c`.
///
/// Source: Zarr v3 core specification, "Codecs", <https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html>
public protocol BytesCodec: Sendable {
  /// The codec's name in `zarr.json`.
  static var name: String { get }
  /// Creates the codec from its `configuration` in `zarr.json`.
  init(configuration: JSONObject) throws(CodecError)
  /// The codec's `configuration` in `zarr.json`; nil leaves the member out.
  var configuration: JSONObject? { get }
  /// Encodes bytes.
  func encode(_ decoded: RawSpan) throws(CodecError) -> [UInt8]
  /// Decodes bytes whose decoded size is not above `limit`, a bound known from the metadata.
  ///
  /// Nothing larger than `limit` is ever allocated, whatever the encoded bytes claim.
  func decode(_ encoded: RawSpan, limit: Int) throws(CodecError) -> [UInt8]
  /// Decodes bytes whose decoded size is known, filling `decoded` exactly.
  ///
  /// - Throws: ``CodecError`` where the bytes are damaged or decode to another size; `decoded` then
  ///   holds nothing of use.
  func decode(_ encoded: RawSpan, into decoded: inout MutableRawSpan) throws(CodecError)
  /// Decodes the first bytes of bytes whose decoded size, `decodedCount`, is known.
  ///
  /// Damage behind what is needed may pass unseen: a checksum around the bytes is the caller's
  /// affair.
  func decodePrefix(
    _ encoded: RawSpan, of decodedCount: Int, into decoded: inout MutableRawSpan
  ) throws(CodecError)
  /// The most bytes that encoding `decodedCount` bytes can give.
  func maximalEncodedCount(_ decodedCount: Int) -> Int
}

extension BytesCodec {
  /// Decodes all bytes and keeps the first.
  public func decodePrefix(
    _ encoded: RawSpan, of decodedCount: Int, into decoded: inout MutableRawSpan
  ) throws(CodecError) {
    guard decoded.byteCount < decodedCount else { return try decode(encoded, into: &decoded) }
    let whole = try decode(encoded, limit: decodedCount)
    try requireCount(whole.count, of: decodedCount)
    decoded.update(copying: whole.span.bytes.extracting(0..<decoded.byteCount))
  }

  func requireCount(_ count: Int, of expected: Int) throws(CodecError) {
    guard count == expected else {
      throw CodecError(
        .corruptData, codec: Self.name,
        "the bytes decode to \(count) bytes where \(expected) are expected")
    }
  }
}
