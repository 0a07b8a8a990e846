import CZlib

// Unsafe code of compression piece by piece. Each use states why it is sound.

/// Compresses bytes piece by piece into the blocks of RFC 1951, and counts and checks them as
/// RFC 1952 wants it.
///
/// Several streams make one member: a stream that is not the last ends on a whole byte and refers
/// to nothing before it, so that the next can follow it.
package struct DeflateStream: ~Copyable {
  /// The checksum and the number of the bytes that were compressed.
  package struct Trailer: Sendable {
    package var crc32: UInt32 = 0
    package var byteCount = 0

    package init() {}

    /// The trailer of these bytes and then others.
    package func followed(by other: Trailer) -> Trailer {
      var sum = self
      sum.crc32 = UInt32(
        crc32_combine(UInt(crc32), UInt(other.crc32), other.byteCount))
      sum.byteCount += other.byteCount
      return sum
    }

    /// The last eight bytes of a member.
    package var bytes: [UInt8] {
      [crc32, UInt32(truncatingIfNeeded: byteCount)].flatMap { word in
        (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
      }
    }
  }

  /// The first ten bytes of a member without a name or a time.
  package static let memberHeader: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]

  /// The checksum and the number of the bytes so far.
  package private(set) var trailer = Trailer()

  // The library checks that its state is where it was: it may not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private var buffer: [UInt8]

  /// Starts a stream of a level of 1 to 9.
  package init(level: Int) throws(CodecError) {
    precondition((1...9).contains(level), "deflate has the levels 1 to 9")
    buffer = [UInt8](repeating: 0, count: 1 << 18)
    // Sound: initialised here, freed in deinit only.
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard
      deflateInit2_(
        stream, Int32(level), Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else {
      throw CodecError(.tooLarge, codec: GzipCodec.name, "no memory for compression")
    }
  }

  deinit {
    // Sound: allocated in init. A stream whose initialisation failed is ended without harm.
    deflateEnd(stream)
    stream.deallocate()
  }

  /// Compresses bytes; a body gets what they come to, piece by piece, the rest comes later.
  package mutating func write<Failure: Error>(
    _ bytes: RawSpan, _ body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    var start = 0
    while start < bytes.byteCount {
      let end = min(bytes.byteCount, start + 1 << 24)
      try run(bytes.extracting(start..<end), Z_NO_FLUSH, body)
      start = end
    }
  }

  /// Ends the stream, with the member's last block or on a whole byte before another stream.
  package mutating func finish<Failure: Error>(
    isLast: Bool, _ body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    let none: [UInt8] = []
    try run(none.span.bytes, isLast ? Z_FINISH : Z_FULL_FLUSH, body)
  }

  private mutating func run<Failure: Error>(
    _ input: RawSpan, _ flush: Int32, _ body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    var consumed = 0
    while true {
      var produced = 0
      let room = buffer.count
      buffer.withUnsafeMutableBufferPointer { output in
        input.withUnsafeBytes { input in
          // Sound: the library reads and writes within the counts given, which lie within the
          // buffers, and not through `next_in`.
          let start = input.bindMemory(to: UInt8.self).baseAddress.map { $0 + consumed }
          stream.pointee.next_in = UnsafeMutablePointer(mutating: start)
          stream.pointee.avail_in = UInt32(input.count - consumed)
          stream.pointee.next_out = output.baseAddress
          stream.pointee.avail_out = UInt32(room)
          _ = deflate(stream, flush)
          let rest = Int(stream.pointee.avail_in)
          let step = input.count - consumed - rest
          if step > 0, let start {
            trailer.crc32 = UInt32(crc32_z(UInt(trailer.crc32), start, step))
            trailer.byteCount += step
          }
          consumed = input.count - rest
        }
        produced = room - Int(stream.pointee.avail_out)
      }
      if produced > 0 { try body(buffer.span.bytes.extracting(0..<produced)) }
      // The library stops short of a full buffer only once it has nothing more to say.
      if produced < room { return }
    }
  }
}
