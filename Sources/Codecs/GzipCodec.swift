import CZlib

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
  ///
  /// The corresponding C function is `deflate`.
  public func encode(_ decoded: RawSpan) throws(CodecError) -> [UInt8] {
    let capacity = maximalEncodedCount(decoded.byteCount)
    try requireCounts(decoded.byteCount, capacity)
    var stream = z_stream()
    // The window of 2¹⁵ bytes plus 16, which asks for a gzip header instead of a zlib one.
    var status = deflateInit2_(
      &stream, Int32(level), Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      throw CodecError(.tooLarge, codec: Self.name, "no memory for compression")
    }
    defer { deflateEnd(&stream) }
    let encoded = [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
      decoded.withUnsafeBytes { input in
        // Sound: zlib reads the input and writes the output within the counts given; it does not
        // write through `next_in`.
        stream.next_in = UnsafeMutablePointer(
          mutating: input.bindMemory(to: UInt8.self).baseAddress)
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        status = deflate(&stream, Z_FINISH)
      }
      count = output.count - Int(stream.avail_out)
    }
    guard status == Z_STREAM_END else {
      throw CodecError(.corruptData, codec: Self.name, "compression stopped with \(status)")
    }
    return encoded
  }

  /// Decompresses members of at most `limit` bytes.
  ///
  /// The output grows with what is decompressed: a small file that claims nothing costs little.
  public func decode(_ encoded: RawSpan, limit: Int) throws(CodecError) -> [UInt8] {
    var capacity = min(limit, max(4096, encoded.byteCount * 4))
    while true {
      var outcome = Outcome(count: 0, code: nil, message: "")
      let decoded = [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
        outcome = inflateMembers(encoded, into: UnsafeMutableRawBufferPointer(output))
        count = outcome.code == nil ? outcome.count : 0
      }
      guard outcome.code == .tooLarge, capacity < limit else {
        try check(outcome)
        return decoded
      }
      capacity = min(limit, capacity * 4)
    }
  }

  /// Decompresses members whose decompressed size is known.
  ///
  /// The corresponding C function is `inflate`.
  public func decode(
    _ encoded: RawSpan, into decoded: inout MutableRawSpan
  ) throws(CodecError) {
    let outcome = decoded.withUnsafeMutableBytes { inflateMembers(encoded, into: $0) }
    try check(outcome)
    try requireCount(outcome.count, of: decoded.byteCount)
  }

  /// Deflate's bound for stored blocks, and the member's header and trailer.
  public func maximalEncodedCount(_ decodedCount: Int) -> Int {
    decodedCount + decodedCount >> 8 + 64
  }

  private struct Outcome {
    var count: Int
    var code: CodecError.Code?
    var message: String
  }

  private func inflateMembers(
    _ encoded: RawSpan, into output: UnsafeMutableRawBufferPointer
  ) -> Outcome {
    guard encoded.byteCount <= Int(UInt32.max), output.count <= Int(UInt32.max) else {
      return Outcome(count: 0, code: .tooLarge, message: "a chunk is larger than 4 GiB")
    }
    var stream = z_stream()
    guard
      inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else {
      return Outcome(count: 0, code: .tooLarge, message: "no memory for decompression")
    }
    defer { inflateEnd(&stream) }
    return encoded.withUnsafeBytes { input in
      // One byte to write to when the output is full or empty, so that the end of the stream, or
      // too much output, still shows.
      var spare: UInt8 = 0
      return withUnsafeMutablePointer(to: &spare) { spare in
        // Sound: zlib reads and writes within the counts given and not through `next_in`.
        stream.next_in = UnsafeMutablePointer(
          mutating: input.bindMemory(to: UInt8.self).baseAddress)
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.bindMemory(to: UInt8.self).baseAddress ?? spare
        stream.avail_out = UInt32(output.count)
        var isSpare = false
        while true {
          if stream.avail_out == 0 {
            guard !isSpare else {
              return Outcome(
                count: 0, code: .tooLarge, message: "the bytes decode to more than \(output.count)")
            }
            isSpare = true
            stream.next_out = spare
            stream.avail_out = 1
          }
          let status = inflate(&stream, Z_NO_FLUSH)
          switch status {
          case Z_OK: continue
          case Z_STREAM_END:
            guard isSpare ? stream.avail_out == 1 : true else { continue }
            guard stream.avail_in == 0 else {
              // Another member follows, as RFC 1952 allows.
              guard inflateReset(&stream) == Z_OK else { fallthrough }
              continue
            }
            return Outcome(
              count: isSpare ? output.count : output.count - Int(stream.avail_out), code: nil,
              message: "")
          default:
            let text = stream.msg.map { String(cString: $0) } ?? "the stream ends too early"
            return Outcome(count: 0, code: .corruptData, message: text)
          }
        }
      }
    }
  }

  private func check(_ outcome: Outcome) throws(CodecError) {
    guard let code = outcome.code else { return }
    throw CodecError(code, codec: Self.name, outcome.message)
  }

  private func requireCounts(_ counts: Int...) throws(CodecError) {
    guard counts.allSatisfy({ $0 <= Int(UInt32.max) }) else {
      throw CodecError(.tooLarge, codec: Self.name, "a chunk is larger than 4 GiB")
    }
  }
}
