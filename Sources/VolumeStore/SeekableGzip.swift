import Codecs
import Synchronization

/// A gzip file that is read at any offset without being unpacked whole.
///
/// The first read goes through the file once, checks every member's checksum and length, and notes
/// places where decompression can start again, each with the 32 KiB before it. Any part is then
/// unpacked from the place before it, by several threads at once.
///
/// Memory: at most 2,048 windows of 32 KiB, and ``cacheLimit`` of parts that were unpacked
/// last. The places lie 1 MiB of output apart, further where that would make them too many.
///
/// Source: RFC 1952; zlib's `examples/zran.c`.
package final class SeekableGzip: ByteSource {
  /// The memory for parts that were unpacked last.
  package static let cacheLimit = 64 << 20
  /// How much more than what is wanted a file may unpack to.
  private static let slack = 1 << 20
  private static let skippedAtOnce = 1 << 18

  private typealias Index = GzipIndex
  private typealias Place = GzipIndex.Place

  package let path: String
  private let file: StoredFile
  private let start: Int
  private let limit: Int
  private let spacing: Int
  private let index = Mutex<Result<GzipIndex, VolumeError>?>(nil)
  private let cache: ChunkCache

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - start: Where the gzip member starts in it.
  ///   - expected: The unpacked bytes that are wanted; a file that unpacks to much more is damaged.
  ///   - spacing: The bytes between places to start from, at least.
  ///   - cacheLimit: The memory for parts that were unpacked last.
  /// - Throws: ``VolumeError`` with `notFound`.
  package init(
    _ path: String, from start: Int = 0, expecting expected: Int, spacing: Int = 1 << 20,
    cacheLimit: Int = SeekableGzip.cacheLimit
  ) throws(VolumeError) {
    _ = try FileStatus.ofFile(path)
    guard let file = try StoredFile(path: path) else {
      throw VolumeError(.notFound, path: path, "no such file")
    }
    self.path = path
    self.start = start
    self.spacing = spacing
    limit = expected > Int.max - Self.slack ? Int.max : expected + Self.slack
    cache = ChunkCache(byteLimit: cacheLimit)
    self.file = file
  }

  /// The number of unpacked bytes, once they have been gone through.
  package var byteCount: Int? {
    index.withLock { index in
      guard case .success(let index)? = index else { return nil }
      return index.byteCount
    }
  }

  /// Whether a file starts as gzip files do.
  package static func recognises(_ path: String, at offset: Int = 0) throws(VolumeError) -> Bool {
    try bytes(ofFile: path, from: offset, count: 2) == [0x1F, 0x8B]
  }

  /// The first unpacked bytes of a file, at most `count`, without going through it all.
  package static func prefix(
    of path: String, from start: Int = 0, count: Int
  ) throws(VolumeError) -> [UInt8] {
    guard let file = try StoredFile(path: path) else {
      throw VolumeError(.notFound, path: path, "no such file")
    }
    var bytes = [UInt8](repeating: 0, count: count)
    var stream = try PackedStream(file, from: start)
    var span = bytes.mutableSpan
    var target = span.mutableBytes
    var produced = 0
    while produced < count, try stream.refill(from: file) {
      let step = try stream.advance(into: &target, produced..<count)
      produced += step.produced
      if step.stop == .memberEnd { break }
    }
    return Array(bytes.prefix(produced))
  }

  package func require(_ count: Int) throws(VolumeError) {
    _ = try indexed()
    try requireKnown(count)
  }

  package func read(
    at offset: Int, into target: inout MutableRawSpan, _ range: Range<Int>
  ) throws(VolumeError) {
    let index = try indexed()
    guard range.count <= index.byteCount - offset else {
      try requireKnown(offset + range.count)
      return
    }
    var (offset, start) = (offset, range.lowerBound)
    while start < range.upperBound {
      let number = index.number(at: offset)
      let part = index.range(number)
      let count = min(range.upperBound - start, part.upperBound - offset)
      if part.count > cache.byteLimit / 4 {
        // One block can be as long as a whole file: it is not kept in memory.
        try unpack(
          index.places[number], skipping: offset - part.lowerBound, into: &target,
          start..<start + count)
      } else {
        let values = try unpacked(number, of: index)
        let from = offset - part.lowerBound
        target.copy(values.span.bytes.extracting(from..<from + count), to: start)
      }
      start += count
      offset += count
    }
  }

  /// The unpacked bytes between a place and the next.
  private func unpacked(_ number: Int, of index: Index) throws(VolumeError) -> [UInt8] {
    let key = ChunkCache.Key(path: path, index: ChunkIndex(channel: 0, z: number, y: 0, x: 0))
    if let part = cache.value(for: key, as: UInt8.self) { return part }
    let count = index.range(number).count
    let part: [UInt8] = try uninitializedValues(count) { (target) throws(VolumeError) in
      try unpack(index.places[number], skipping: 0, into: &target, 0..<count)
    }
    cache.insert(part, for: key)
    return part
  }

  private func unpack(
    _ place: Place, skipping skipped: Int, into target: inout MutableRawSpan, _ range: Range<Int>
  ) throws(VolumeError) {
    var stream = try PackedStream(file, from: place.input)
    if let bits = place.bits {
      try stream.restart(bits: bits, window: place.window, in: file)
    }
    var scratch = [UInt8](repeating: 0, count: min(skipped, Self.skippedAtOnce))
    var span = scratch.mutableSpan
    var unwanted = span.mutableBytes
    var skip = skipped
    while skip > 0 {
      skip -= try stream.go(on: file, into: &unwanted, 0..<min(skip, unwanted.byteCount))
    }
    var start = range.lowerBound
    while start < range.upperBound {
      start += try stream.go(on: file, into: &target, start..<range.upperBound)
    }
  }

  private func indexed() throws(VolumeError) -> Index {
    // Whoever comes while another goes through the file waits for it.
    let result = index.withLock { index -> Result<Index, VolumeError> in
      if let index { return index }
      let made: Result<Index, VolumeError>
      do throws(VolumeError) {
        made = .success(try Index(file, from: start, spacing: spacing, limit: limit))
      } catch {
        made = .failure(error)
      }
      index = made
      return made
    }
    return try result.get()
  }
}
