import Codecs
import VolumeStore

/// The bytes of a chunk as they are stored.
struct StoredChunk {
  var bytes: [UInt8]
  /// The file they are from.
  var path: String
  /// Whether the format says that they are compressed; they may be where it does not.
  var isCompressed: Bool

  /// Tools that upload compressed files to be served as such leave them under the plain name.
  private var codec: (any BytesCodec)? {
    if bytes.starts(with: [0x1F, 0x8B, 0x08]) { return GzipCodec() }
    if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return ZstdCodec() }
    return nil
  }

  /// The encoded chunk.
  func decompressed(limit: Int) throws(CodecError) -> [UInt8] {
    guard let codec else {
      try requirePlain()
      return bytes
    }
    return try codec.decode(bytes.rawSpan, limit: limit)
  }

  /// Sets the values of a raw chunk.
  func decompressRaw(into values: inout MutableRawSpan) throws(CodecError) {
    guard let codec else {
      try requirePlain()
      throw CodecError(
        .corruptData, codec: "raw",
        "there are \(bytes.count) bytes where \(values.byteCount) are expected")
    }
    try codec.decode(bytes.rawSpan, into: &values)
  }

  private func requirePlain() throws(CodecError) {
    guard !isCompressed else {
      throw CodecError(.corruptData, codec: "gzip", "the bytes are neither gzip nor zstd")
    }
  }
}
