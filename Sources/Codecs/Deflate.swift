import CZlib

/// Deflate streams within one of the containers that codecs use.
struct Deflate {
  /// What lies around the deflated bytes.
  enum Container {
    /// RFC 1952: a header, and a CRC-32 behind.
    case gzip
    /// RFC 1950: two bytes ahead, and an Adler-32 behind.
    case zlib

    /// The window of 2¹⁵ bytes; plus 16 asks for a gzip header instead of a zlib one.
    var windowBits: Int32 { self == .gzip ? 15 + 16 : 15 }
  }

  let container: Container
  /// The codec's name, for errors.
  let codec: String

  init(_ container: Container, codec: String) {
    self.container = container
    self.codec = codec
  }

  /// Compresses bytes into one stream.
  ///
  /// The corresponding C function is `deflate`.
  func encode(_ decoded: RawSpan, level: Int) throws(CodecError) -> [UInt8] {
    let capacity = maximalEncodedCount(decoded.byteCount)
    try requireCounts(decoded.byteCount, capacity)
    var stream = z_stream()
    var status = deflateInit2_(
      &stream, Int32(level), Z_DEFLATED, container.windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      throw CodecError(.tooLarge, codec: codec, "no memory for compression")
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
      throw CodecError(.corruptData, codec: codec, "compression stopped with \(status)")
    }
    return encoded
  }

  /// Decompresses streams of at most `limit` bytes.
  ///
  /// The output grows with what is decompressed: a small file that claims nothing costs little.
  func decode(_ encoded: RawSpan, limit: Int) throws(CodecError) -> [UInt8] {
    var capacity = min(limit, max(4096, encoded.byteCount * 4))
    while true {
      var outcome = Outcome(count: 0, code: nil, message: "")
      let decoded = [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
        outcome = inflateStreams(encoded, into: UnsafeMutableRawBufferPointer(output))
        count = outcome.code == nil ? outcome.count : 0
      }
      guard outcome.code == .tooLarge, capacity < limit else {
        try check(outcome)
        return decoded
      }
      capacity = min(limit, capacity * 4)
    }
  }

  /// Decompresses streams whose decompressed size is known.
  ///
  /// The corresponding C function is `inflate`.
  func decode(
    _ encoded: RawSpan, into decoded: inout MutableRawSpan
  ) throws(CodecError) {
    let outcome = decoded.withUnsafeMutableBytes { inflateStreams(encoded, into: $0) }
    try check(outcome)
    guard outcome.count == decoded.byteCount else {
      throw CodecError(
        .corruptData, codec: codec,
        "the bytes decode to \(outcome.count) bytes where \(decoded.byteCount) are expected")
    }
  }

  /// Deflate's bound for stored blocks, and the stream's header and trailer.
  func maximalEncodedCount(_ decodedCount: Int) -> Int {
    decodedCount + decodedCount >> 8 + 64
  }

  private struct Outcome {
    var count: Int
    var code: CodecError.Code?
    var message: String
  }

  private func inflateStreams(
    _ encoded: RawSpan, into output: UnsafeMutableRawBufferPointer
  ) -> Outcome {
    guard encoded.byteCount <= Int(UInt32.max), output.count <= Int(UInt32.max) else {
      return Outcome(count: 0, code: .tooLarge, message: "a chunk is larger than 4 GiB")
    }
    var stream = z_stream()
    guard
      inflateInit2_(
        &stream, container.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
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
              // Another member follows, as RFC 1952 allows; RFC 1950 does not.
              guard container == .gzip else {
                return Outcome(
                  count: 0, code: .corruptData, message: "bytes follow the end of the stream")
              }
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
    throw CodecError(code, codec: codec, outcome.message)
  }

  private func requireCounts(_ counts: Int...) throws(CodecError) {
    guard counts.allSatisfy({ $0 <= Int(UInt32.max) }) else {
      throw CodecError(.tooLarge, codec: codec, "a chunk is larger than 4 GiB")
    }
  }
}
