/// Appends the CRC-32C of the bytes and checks it on decoding.
///
/// Purpose: no flipped bit passes unseen. Put it last.
///
/// Specification: <https://zarr-specs.readthedocs.io/en/latest/v3/codecs/crc32c/index.html>
///
/// Read and written alike by zarr-python 3.1.6 and tensorstore 0.1.86.
///
/// Configuration example: `{"name": "crc32c"}`
public struct CRC32CCodec: BytesCodec, Hashable {
  /// `crc32c`.
  public static let name = "crc32c"

  /// Creates the codec.
  public init() {}

  /// Creates the codec; the configuration must be empty.
  public init(configuration: JSONObject) throws(CodecError) {
    try CodecConfiguration(configuration, codec: Self.name).end()
  }

  /// None.
  public var configuration: JSONObject? { nil }

  /// The bytes and four more: their CRC-32C, little-endian.
  public func encode(_ decoded: RawSpan) throws(CodecError) -> [UInt8] {
    let checksum = crc32c(decoded)
    return [UInt8](capacity: decoded.byteCount + 4) { output in
      output.append(copying: decoded)
      for shift in stride(from: UInt32(0), to: 32, by: 8) {
        output.append(UInt8(truncatingIfNeeded: checksum >> shift))
      }
    }
  }

  /// Checks the checksum and drops it.
  public func decode(_ encoded: RawSpan, limit: Int) throws(CodecError) -> [UInt8] {
    let payload = encoded.extracting(0..<(try payloadCount(encoded)))
    guard payload.byteCount <= limit else {
      throw CodecError(
        .tooLarge, codec: Self.name, "\(payload.byteCount) bytes are more than \(limit)")
    }
    return [UInt8](capacity: payload.byteCount) { $0.append(copying: payload) }
  }

  /// Checks the checksum and copies the bytes before it.
  public func decode(
    _ encoded: RawSpan, into decoded: inout MutableRawSpan
  ) throws(CodecError) {
    let count = try payloadCount(encoded)
    try requireCount(count, of: decoded.byteCount)
    decoded.update(copying: encoded.extracting(0..<count))
  }

  /// Four bytes more.
  public func maximalEncodedCount(_ decodedCount: Int) -> Int { decodedCount + 4 }

  /// Appends the bytes' checksum to them.
  package func encode(inPlace bytes: inout [UInt8]) {
    let checksum = crc32c(bytes.span.bytes)
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: checksum >> shift))
    }
  }

  /// The number of bytes before the checksum, which is the right one.
  package func payloadCount(_ encoded: RawSpan) throws(CodecError) -> Int {
    let count = encoded.byteCount - 4
    guard count >= 0 else {
      throw CodecError(
        .corruptData, codec: Self.name,
        "\(encoded.byteCount) bytes are too few to hold a checksum")
    }
    let found = encoded.littleEndianUInt32(at: count)
    let expected = crc32c(encoded.extracting(0..<count))
    guard found == expected else {
      throw CodecError(
        .checksumMismatch, codec: Self.name,
        "the stored checksum is \(found) and that of the bytes \(expected)")
    }
    return count
  }
}
