import Codecs

/// Places in a gzip file where decompression can start, found by going through it once.
struct GzipIndex: Sendable {
  /// A place where decompression can start.
  struct Place: Sendable {
    /// The offset among the unpacked bytes.
    var output: Int
    /// The offset of the packed bytes that go on there.
    var input: Int
    /// How many bits of the byte before belong to the block; nil at a member's start.
    var bits: Int?
    /// The unpacked bytes before the place, as many as a block may refer to.
    var window: [UInt8]
  }

  /// The places, in order, the first at the first byte.
  private(set) var places: [Place]
  /// The number of unpacked bytes.
  private(set) var byteCount = 0

  /// The most places: 64 MiB of windows.
  private static let mostPlaces = 2048
  private static let bufferByteCount = 1 << 20

  /// Goes through a file, comparing every member's checksum and length.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - start: Where the first member starts in it.
  ///   - spacing: The unpacked bytes between places, at least.
  ///   - limit: The most unpacked bytes.
  /// - Throws: ``VolumeError`` with `corruptChunk` where it is damaged or unpacks to more.
  init(
    _ file: borrowing StoredFile, from start: Int, spacing: Int, limit: Int
  ) throws(VolumeError) {
    places = [Place(output: 0, input: start, bits: nil, window: [])]
    var spacing = spacing
    var stream = try PackedStream(file, from: start)
    let window = InflateStream.windowByteCount
    var buffer = [UInt8](repeating: 0, count: window + GzipIndex.bufferByteCount)
    var filled = 0
    while try stream.refill(from: file) {
      if filled == buffer.count {
        let tail = Array(buffer[(filled - window)...])
        buffer.replaceSubrange(0..<window, with: tail)
        filled = window
      }
      let room = filled..<buffer.count
      var span = buffer.mutableSpan
      var target = span.mutableBytes
      let step = try stream.advance(into: &target, room, stoppingAtBlocks: true)
      filled += step.produced
      byteCount += step.produced
      guard byteCount <= limit else {
        throw VolumeError(
          .corruptChunk, path: file.path, "the file unpacks to more than its description says",
          found: "more than \(limit) bytes", remedy: "check which program wrote the file")
      }
      var bits: Int?
      switch step.stop {
      case .exhausted: continue
      case .blockEnd(let unusedBits): bits = unusedBits
      case .memberEnd:
        guard try stream.startNextMember(in: file) else { return }
      }
      guard let last = places.last, byteCount - last.output >= spacing else { continue }
      places.append(
        Place(
          output: byteCount, input: stream.offset, bits: bits,
          window: bits == nil ? [] : Array(buffer[max(0, filled - window)..<filled])))
      if places.count > GzipIndex.mostPlaces {
        spacing *= 2
        places = places.indices.filter { $0.isMultiple(of: 2) }.map { places[$0] }
      }
    }
    throw VolumeError(
      .corruptChunk, path: file.path, "the compressed data ends too early",
      found: "\(file.byteCount) bytes", remedy: "check that the file was copied whole")
  }

  /// The number of the last place at or before an offset.
  func number(at offset: Int) -> Int {
    var (low, high) = (0, places.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if places[middle].output <= offset { low = middle } else { high = middle }
    }
    return low
  }

  /// The unpacked bytes from a place to the next.
  func range(_ number: Int) -> Range<Int> {
    let end = number + 1 < places.count ? places[number + 1].output : byteCount
    return places[number].output..<end
  }
}

/// The packed bytes of a file on their way through decompression.
struct PackedStream: ~Copyable {
  private let path: String
  private var stream: InflateStream
  private var isMember = true
  private var buffer: [UInt8] = []
  private var used = 0
  private var bufferStart: Int

  private static let inputByteCount = 1 << 18

  /// Starts at a member.
  init(_ file: borrowing StoredFile, from offset: Int) throws(VolumeError) {
    path = file.path
    bufferStart = offset
    do throws(CodecError) {
      stream = try InflateStream(.member)
    } catch {
      throw VolumeError(.inputOutput, path: file.path, "cannot be unpacked", cause: error)
    }
  }

  /// The offset of the next packed byte.
  var offset: Int { bufferStart + used }

  /// Makes sure that there is a packed byte; false where the file has ended.
  mutating func refill(from file: borrowing StoredFile) throws(VolumeError) -> Bool {
    guard used >= buffer.count else { return true }
    bufferStart += used
    used = 0
    let count = min(PackedStream.inputByteCount, file.byteCount - bufferStart)
    buffer = count > 0 ? try file.read(at: bufferStart, count: count) : []
    return count > 0
  }

  /// Starts inside a member, at the current offset.
  mutating func restart(
    bits: Int, window: [UInt8], in file: borrowing StoredFile
  ) throws(VolumeError) {
    let byte = bits > 0 ? try file.read(at: offset - 1, count: 1)[0] : 0
    stream.restart(bits: bits, of: byte, window: window.span.bytes)
    isMember = false
  }

  /// Unpacks what is in the buffer.
  mutating func advance(
    into target: inout MutableRawSpan, _ range: Range<Int>, stoppingAtBlocks: Bool = false
  ) throws(VolumeError) -> InflateStream.Step {
    let packed = buffer
    let rest = packed.span.bytes.extracting(used..<packed.count)
    do throws(CodecError) {
      let step = try stream.advance(
        rest, into: &target, range, stoppingAtBlocks: stoppingAtBlocks)
      used += step.consumed
      return step
    } catch {
      throw VolumeError(
        .corruptChunk, path: path, "the compressed data is damaged",
        remedy: "copy the file again, and test it with gzip -t", cause: error)
    }
  }

  /// Unpacks on across members that were gone through before.
  ///
  /// - Returns: The number of bytes unpacked, which may be zero.
  mutating func go(
    on file: borrowing StoredFile, into target: inout MutableRawSpan, _ range: Range<Int>
  ) throws(VolumeError) -> Int {
    guard try refill(from: file) else {
      throw VolumeError(
        .corruptChunk, path: path, "the file has changed since it was opened",
        remedy: "wait until it is whole")
    }
    let step = try advance(into: &target, range)
    if step.stop == .memberEnd {
      // Blocks alone leave the member's checksum and length unread.
      if !isMember { used += 8 }
      _ = try startNextMember(in: file)
    }
    return step.produced
  }

  /// Goes on to the next member; false where only zeros, or nothing, follow.
  mutating func startNextMember(in file: borrowing StoredFile) throws(VolumeError) -> Bool {
    while try refill(from: file) {
      guard buffer[used] == 0 else {
        stream.restart(.member)
        isMember = true
        return true
      }
      used += 1
    }
    return false
  }
}
