import Codecs
import Synchronization
import VolumeStore

/// Where the chunks of one part of a shard lie in its file.
struct MinishardIndex: Sendable {
  /// The chunks' numbers, sorted.
  let chunks: [UInt64]
  /// The bytes of each in the file.
  let ranges: [Range<Int>]

  /// What is held of it in memory.
  var byteCount: Int { chunks.count * 24 + 128 }

  /// The bytes of a chunk; nil where the shard has none.
  func range(of chunk: UInt64) -> Range<Int>? {
    var (low, high) = (0, chunks.count)
    while low < high {
      let middle = (low + high) / 2
      if chunks[middle] < chunk { low = middle + 1 } else { high = middle }
    }
    return low < chunks.count && chunks[low] == chunk ? ranges[low] : nil
  }

  /// Reads and checks the index: every chunk lies in the file and no two overlap.
  init(
    of file: borrowing StoredFile, minishard: Int, _ sharding: PrecomputedSharding,
    chunkLimit: Int
  ) throws(VolumeError) {
    let path = file.path
    func corrupt(_ message: String, found: String? = nil, cause: (any Error)? = nil) -> VolumeError
    {
      VolumeError(
        .corruptChunk, path: path, message, found: found,
        remedy: "write the shard again from its source", cause: cause)
    }
    let start = sharding.indexByteCount
    guard file.byteCount >= start else {
      throw corrupt("the shard is too short for its index", found: "\(file.byteCount) bytes")
    }
    let entry = try file.read(at: minishard * 16, count: 16)
    let payload = UInt64(file.byteCount - start)
    let (from, to) = (
      entry.rawSpan.littleEndianUInt64(at: 0), entry.rawSpan.littleEndianUInt64(at: 8)
    )
    guard from <= to, to <= payload else {
      throw corrupt(
        "the index of minishard \(minishard) lies outside the shard", found: "\(from)..<\(to)")
    }
    guard from < to else {
      (chunks, ranges) = ([], [])
      return
    }
    var bytes = try file.read(at: start + Int(from), count: Int(to - from))
    let limit = min(chunkLimit, Limits.standard.maximalInnerChunks) * 24
    if sharding.indexIsCompressed {
      do throws(CodecError) {
        bytes = try GzipCodec().decode(bytes.rawSpan, limit: limit)
      } catch {
        throw corrupt("the index of minishard \(minishard) does not decode", cause: error)
      }
    }
    guard bytes.count % 24 == 0, bytes.count <= limit else {
      throw corrupt(
        "the index of minishard \(minishard) has a wrong size", found: "\(bytes.count) bytes")
    }
    let count = bytes.count / 24
    let steps = bytes.column(UInt64.self, at: 0, count: count)
    let gaps = bytes.column(UInt64.self, at: count * 8, count: count)
    let sizes = bytes.column(UInt64.self, at: count * 16, count: count)
    var chunks: [UInt64] = []
    var ranges: [Range<Int>] = []
    var (chunk, end) = (UInt64(0), UInt64(0))
    for index in 0..<count {
      chunk &+= steps[index]
      guard index == 0 || steps[index] > 0, chunks.last ?? 0 <= chunk else {
        throw corrupt("the chunks of minishard \(minishard) are not in order")
      }
      // A step back wraps around, as the format allows.
      let first = end &+ gaps[index]
      let (past, overflows) = first.addingReportingOverflow(sizes[index])
      guard !overflows, past <= payload else {
        throw corrupt(
          "chunk \(chunk) lies outside the shard", found: "\(sizes[index]) bytes at \(first)")
      }
      end = past
      chunks.append(chunk)
      ranges.append(start + Int(first)..<start + Int(past))
    }
    let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
    for (before, after) in zip(sorted, sorted.dropFirst())
    where after.lowerBound < before.upperBound {
      throw corrupt("two chunks of the shard overlap", found: "\(before) and \(after)")
    }
    self.chunks = chunks
    self.ranges = ranges
  }
}

/// The indices of minishards read last, up to a number of bytes.
///
/// An index belongs to the very file it was read from: of a shard that was written again, another
/// is read.
final class MinishardCache: Sendable {
  struct Key: Hashable, Sendable {
    var file: FileIdentity
    var minishard: Int
  }

  private struct State: Sendable {
    var recent: [Key: MinishardIndex] = [:]
    var older: [Key: MinishardIndex] = [:]
    var recentByteCount = 0

    mutating func keep(_ index: MinishardIndex, _ key: Key, _ limit: Int) {
      guard recent[key] == nil, index.byteCount <= limit else { return }
      if recentByteCount + index.byteCount > limit {
        // What was not used since the last time falls out.
        older = recent
        recent = [:]
        recentByteCount = 0
      }
      recent[key] = index
      recentByteCount += index.byteCount
    }
  }

  private let byteLimit: Int
  private let state = Mutex(State())

  init(byteLimit: Int) { self.byteLimit = byteLimit }

  /// The index, where it is kept.
  func index(_ key: Key) -> MinishardIndex? {
    state.withLock { state in
      if let index = state.recent[key] { return index }
      guard let index = state.older[key] else { return nil }
      state.keep(index, key, byteLimit / 2)
      return index
    }
  }

  /// Keeps an index.
  func insert(_ index: MinishardIndex, for key: Key) {
    state.withLock { $0.keep(index, key, byteLimit / 2) }
  }
}
