import CZlib

// Unsafe code of decompression piece by piece. Each use states why it is sound.

/// Decompresses a gzip file piece by piece, and can start again in its middle.
///
/// Source: RFC 1951, RFC 1952; zlib's `examples/zran.c` for the places where one can start again.
package struct InflateStream: ~Copyable {
  /// What the compressed bytes look like.
  package enum Format: Sendable {
    /// A member of RFC 1952, with its header, its checksum and its length, all of them checked.
    case member
    /// The blocks of RFC 1951 alone.
    case blocks
  }

  /// Why a call came back.
  package enum Stop: Hashable, Sendable {
    /// The input is used up, or the room for the output is.
    case exhausted
    /// A block has ended, and the next one starts after this many bits of the last byte consumed
    /// were left over.
    case blockEnd(unusedBits: Int)
    /// The last block has ended, and with it the member.
    case memberEnd
  }

  /// What a call did.
  package struct Step: Sendable {
    package var consumed: Int
    package var produced: Int
    package var stop: Stop
  }

  /// The bytes that a block may refer back to.
  package static let windowByteCount = 1 << 15

  // The library checks that its state is where it was: it may not move.
  private let stream: UnsafeMutablePointer<z_stream>

  /// Starts at the beginning of a member, or of a block.
  package init(_ format: Format) throws(CodecError) {
    // Sound: initialised here, freed in deinit only.
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard
      inflateInit2_(
        stream, Self.windowBits(format), ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else {
      throw CodecError(.tooLarge, codec: GzipCodec.name, "no memory for decompression")
    }
  }

  deinit {
    // Sound: allocated in init. A stream whose initialisation failed is ended without harm.
    inflateEnd(stream)
    stream.deallocate()
  }

  private static func windowBits(_ format: Format) -> Int32 { format == .member ? 15 + 16 : -15 }

  /// Starts again at the beginning of a member, or of a block.
  package mutating func restart(_ format: Format) {
    inflateReset2(stream, Self.windowBits(format))
  }

  /// Starts again at a block inside a member, as `blocks`.
  ///
  /// - Parameters:
  ///   - bits: The number of bits of the byte before the position that belong to the block.
  ///   - byte: That byte.
  ///   - window: The bytes before the position, at most 32 KiB of them.
  package mutating func restart(bits: Int, of byte: UInt8, window: RawSpan) {
    restart(.blocks)
    if bits > 0 { inflatePrime(stream, Int32(bits), Int32(byte >> (8 - bits))) }
    guard window.byteCount > 0 else { return }
    window.withUnsafeBytes { bytes in
      // Sound: the library copies the bytes within their count.
      _ = inflateSetDictionary(
        stream, bytes.bindMemory(to: UInt8.self).baseAddress, UInt32(bytes.count))
    }
  }

  /// Decompresses until the input is used up, a range of the output is full, or something ends.
  ///
  /// - Throws: ``CodecError`` with `corruptData` where the bytes are damaged.
  package mutating func advance(
    _ input: RawSpan, into output: inout MutableRawSpan, _ range: Range<Int>,
    stoppingAtBlocks: Bool = false
  ) throws(CodecError) -> Step {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= output.byteCount, "outside the target")
    let given = min(input.byteCount, Int(UInt32.max))
    let room = min(range.count, Int(UInt32.max))
    var status = Z_OK
    output.withUnsafeMutableBytes { output in
      input.withUnsafeBytes { input in
        // Sound: the library reads and writes within the counts given, which lie within the spans,
        // and not through `next_in`.
        stream.pointee.next_in = UnsafeMutablePointer(
          mutating: input.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(given)
        stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress.map {
          $0 + range.lowerBound
        }
        stream.pointee.avail_out = UInt32(room)
        status = inflate(stream, stoppingAtBlocks ? Z_BLOCK : Z_NO_FLUSH)
      }
    }
    var step = Step(
      consumed: given - Int(stream.pointee.avail_in),
      produced: room - Int(stream.pointee.avail_out), stop: .exhausted)
    let state = Int(stream.pointee.data_type)
    switch status {
    case Z_STREAM_END:
      step.stop = .memberEnd
    case Z_OK, Z_BUF_ERROR:
      // Bit 7: right after a block or the header; bit 6: in the last block.
      if stoppingAtBlocks, state & 128 != 0, state & 64 == 0 {
        step.stop = .blockEnd(unusedBits: state & 7)
      }
    default:
      let text = stream.pointee.msg.map { String(cString: $0) } ?? "the stream is damaged"
      throw CodecError(.corruptData, codec: GzipCodec.name, text)
    }
    return step
  }
}
