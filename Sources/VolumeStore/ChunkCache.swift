import Synchronization
package import Voxels

/// Decoded chunks kept in memory for the next read, the least recently used given up first.
///
/// One cache may serve many arrays and threads; it never holds more than its limit. Two threads
/// that miss the same chunk at once both decode it.
public final class ChunkCache: Sendable {
  /// The most bytes of decoded values held.
  public let byteLimit: Int

  package struct Key: Hashable, Sendable {
    let path: String
    let index: ChunkIndex

    package init(path: String, index: ChunkIndex) {
      self.path = path
      self.index = index
    }
  }

  struct Entry: Sendable {
    var values: any Sendable
    var byteCount: Int
    /// The neighbours in order of use.
    var newer: Key?
    var older: Key?
  }

  struct State: Sendable {
    var entries: [Key: Entry] = [:]
    var newest: Key?
    var oldest: Key?
    var byteCount = 0
    var hits = 0
    var misses = 0
  }

  private let state = Mutex(State())

  /// Creates an empty cache.
  public init(byteLimit: Int) {
    precondition(byteLimit >= 0, "a cache holds no negative number of bytes")
    self.byteLimit = byteLimit
  }

  /// The bytes of decoded values held now.
  public var byteCount: Int { state.withLock { $0.byteCount } }
  /// How many chunks were found so far.
  public var hits: Int { state.withLock { $0.hits } }
  /// How many chunks were looked for in vain so far.
  public var misses: Int { state.withLock { $0.misses } }

  /// Gives up everything held.
  public func removeAll() {
    state.withLock { state in
      state.entries = [:]
      state.newest = nil
      state.oldest = nil
      state.byteCount = 0
    }
  }

  package func value<Scalar: VoxelScalar>(for key: Key, as type: Scalar.Type) -> [Scalar]? {
    let values = state.withLock { state -> (any Sendable)? in
      guard let entry = state.entries[key] else {
        state.misses += 1
        return nil
      }
      state.hits += 1
      state.unlink(key, entry)
      state.pushNewest(key, entry)
      return entry.values
    }
    return values as? [Scalar]
  }

  package func insert<Scalar: VoxelScalar>(_ values: [Scalar], for key: Key) {
    let byteCount = values.count * MemoryLayout<Scalar>.stride
    guard byteCount <= byteLimit else { return }
    state.withLock { state in
      if let entry = state.entries[key] { state.drop(key, entry) }
      while state.byteCount + byteCount > byteLimit, let oldest = state.oldest,
        let entry = state.entries[oldest]
      {
        state.drop(oldest, entry)
      }
      state.pushNewest(key, Entry(values: values, byteCount: byteCount))
      state.byteCount += byteCount
    }
  }

  package func remove(_ key: Key) {
    state.withLock { state in
      if let entry = state.entries[key] { state.drop(key, entry) }
    }
  }
}

extension ChunkCache.State {
  mutating func unlink(_ key: ChunkCache.Key, _ entry: ChunkCache.Entry) {
    if let newer = entry.newer { entries[newer]?.older = entry.older } else { newest = entry.older }
    if let older = entry.older { entries[older]?.newer = entry.newer } else { oldest = entry.newer }
  }

  mutating func pushNewest(_ key: ChunkCache.Key, _ entry: ChunkCache.Entry) {
    var entry = entry
    entry.newer = nil
    entry.older = newest
    entries[key] = entry
    if let newest { entries[newest]?.newer = key } else { oldest = key }
    newest = key
  }

  mutating func drop(_ key: ChunkCache.Key, _ entry: ChunkCache.Entry) {
    unlink(key, entry)
    entries[key] = nil
    byteCount -= entry.byteCount
  }
}
