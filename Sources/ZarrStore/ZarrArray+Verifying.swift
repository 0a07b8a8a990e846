public import VolumeStore
import Codecs
import Synchronization
import Voxels

/// Something wrong with what an array stores under one key.
public struct ChunkFinding: Hashable, Sendable, CustomStringConvertible {
  /// The kind of fault.
  public enum Kind: String, Hashable, Sendable {
    /// The bytes do not decode or cannot be read.
    case damaged
    /// The manifest has the chunk and the folder has not.
    case missing
    /// The bytes are sound but not the ones recorded: of another chunk or of another run.
    case foreign
    /// The folder has a file that the manifest, or the array, has not.
    case unrecorded
  }

  /// The kind of fault.
  public var kind: Kind
  /// The array's folder.
  public var path: String
  /// The key within the array.
  public var key: String
  /// What is wrong.
  public var message: String

  /// The finding as one line.
  public var description: String { "\(path)/\(key): \(kind.rawValue): \(message)" }
}

/// What a walk over an array found.
public struct Verification: Hashable, Sendable {
  /// Whether there was a manifest to compare with; without one, missing and swapped chunks do not
  /// show.
  public var hasManifest = false
  /// The files read.
  public var fileCount = 0
  /// The bytes read.
  public var byteCount = 0
  /// What is wrong, in the order found.
  public var findings: [ChunkFinding] = []
}

extension ZarrArray {
  /// Reads and decodes every stored chunk and compares it with the manifest, where there is one.
  ///
  /// Holds one chunk for each thread, whatever the array's size.
  ///
  /// - Parameters:
  ///   - threads: The most threads to decode on.
  ///   - report: Called with each finding as it is made, on the calling thread.
  /// - Returns: What was read and what was found.
  /// - Throws: ``VolumeError`` with `inputOutput` where the folder cannot be listed.
  public func verify(
    threads: Int = 1, _ report: (ChunkFinding) -> Void = { _ in }
  ) throws(VolumeError) -> Verification {
    var walk = VerifyingWalk(array: self, threads: threads)
    var findings: [ChunkFinding] = []
    do throws(VolumeError) {
      walk.result.hasManifest = try forEachRecord { (record) throws(VolumeError) in
        walk.take(VerifyingWalk.Item(key: record.key, record: record))
      }
    } catch  where error.code == .malformedMetadata {
      walk.result.hasManifest = true
      findings.append(finding(.damaged, ChunkManifest.key, "\(error)"))
    }
    walk.flush()
    try store.forEachKey { (key) throws(VolumeError) in
      guard key != Self.metadataKey, key != ChunkManifest.key,
        !PartialFile.isPartial(lastName(key)),
        !walk.hasSeen(key)
      else { return }
      walk.take(VerifyingWalk.Item(key: key, record: nil))
    }
    walk.flush()
    try walk.nameForeign()
    var result = walk.result
    result.findings = findings + result.findings
    for finding in result.findings { report(finding) }
    return result
  }

  func finding(_ kind: ChunkFinding.Kind, _ key: String, _ message: String) -> ChunkFinding {
    ChunkFinding(kind: kind, path: path, key: key, message: message)
  }

  private func lastName(_ key: String) -> String {
    key.split(separator: "/").last.map(String.init) ?? key
  }

  /// The place of a key's file in the array's grid, in raster order; nil where the array has none.
  func place(of key: String) -> Int? {
    guard let index = zarr.keyEncoding.index(of: key, rank: zarr.rank) else { return nil }
    var place = 0
    for (position, count) in zip(index, zarr.grid) {
      guard position >= 0, position < count else { return nil }
      place = place * count + position
    }
    return place
  }

  /// Decodes one stored file, chunk by chunk, and gives the checksum of its bytes.
  func checkFile(_ file: borrowing StoredFile, key: String) throws(VolumeError) -> UInt32 {
    guard let sharding = zarr.sharding else {
      let bytes = try readChunk(0..<file.byteCount, of: file)
      try checkDecoding(bytes, key)
      return ChunkRecord.checksum(of: bytes.span.bytes)
    }
    let places = try ShardIndex(of: file, sharding)
    for case let range? in places.ranges { try checkDecoding(try readChunk(range, of: file), key) }
    return try file.checksum()
  }

  private func checkDecoding(_ bytes: [UInt8], _ key: String) throws(VolumeError) {
    func check<Scalar: VoxelScalar>(_ type: Scalar.Type) throws(VolumeError) {
      var values: [Scalar] = []
      try decode(bytes, to: &values, key: key)
    }
    try check(metadata.dataType.scalarType)
  }
}

/// A walk over an array's files, some at a time side by side.
private struct VerifyingWalk {
  struct Item: Sendable {
    var key: String
    var record: ChunkRecord?
  }

  private struct Outcome: Sendable {
    var finding: ChunkFinding?
    var byteCount = 0
    /// What a foreign file holds.
    var contents: ChunkRecord?
  }

  let array: ZarrArray
  let threads: Int
  var result = Verification()
  /// The chunks in the manifest, one bit each, 64 to a word.
  private var seen: [Int: UInt64] = [:]
  private var pending: [Item] = []
  private var foreign: [(finding: Int, contents: ChunkRecord)] = []

  init(array: ZarrArray, threads: Int) {
    self.array = array
    self.threads = threads
  }

  func hasSeen(_ key: String) -> Bool {
    guard let place = array.place(of: key) else { return false }
    return (seen[place / 64] ?? 0) & (1 << UInt64(place % 64)) != 0
  }

  mutating func take(_ item: Item) {
    if item.record != nil, let place = array.place(of: item.key) {
      seen[place / 64, default: 0] |= 1 << UInt64(place % 64)
    }
    pending.append(item)
    if pending.count >= threads * 16 { flush() }
  }

  mutating func flush() {
    let items = pending
    let array = array
    let hasManifest = result.hasManifest
    pending = []
    let outcomes = Mutex([Outcome?](repeating: nil, count: items.count))
    concurrentForEach(0..<items.count, threads: threads) { index in
      let outcome = Self.check(items[index], in: array, hasManifest: hasManifest)
      outcomes.withLock { $0[index] = outcome }
    }
    for case let outcome? in outcomes.withLock({ $0 }) {
      result.fileCount += outcome.byteCount > 0 ? 1 : 0
      result.byteCount += outcome.byteCount
      guard let finding = outcome.finding else { continue }
      if let contents = outcome.contents { foreign.append((result.findings.count, contents)) }
      result.findings.append(finding)
    }
  }

  private static func check(
    _ item: Item, in array: ZarrArray, hasManifest: Bool
  ) -> Outcome {
    let key = item.key
    func outcome(_ kind: ChunkFinding.Kind, _ message: String, _ byteCount: Int = 0) -> Outcome {
      Outcome(finding: array.finding(kind, key, message), byteCount: byteCount)
    }
    guard array.place(of: key) != nil else {
      return outcome(.unrecorded, "the array has no chunk of that key")
    }
    do throws(VolumeError) {
      guard let file = try array.store.openFile(key) else {
        guard let record = item.record, record.byteCount > 0 else { return Outcome() }
        return outcome(.missing, "\(record.byteCount) bytes are recorded")
      }
      let byteCount = file.byteCount
      do throws(VolumeError) {
        let checksum = try array.checkFile(file, key: key)
        guard let record = item.record else {
          return hasManifest
            ? outcome(.unrecorded, "the manifest has no such chunk", byteCount)
            : Outcome(byteCount: byteCount)
        }
        let contents = ChunkRecord(key: key, byteCount: byteCount, crc32c: checksum)
        guard contents != record else { return Outcome(byteCount: byteCount) }
        var found = outcome(.foreign, "the bytes are not the ones recorded", byteCount)
        found.contents = contents
        return found
      } catch {
        return outcome(.damaged, "\(error)", byteCount)
      }
    } catch {
      return outcome(.damaged, "\(error)")
    }
  }

  /// Says of foreign files which chunk's bytes they hold, by a second reading of the manifest.
  mutating func nameForeign() throws(VolumeError) {
    guard !foreign.isEmpty else { return }
    let foreign = foreign
    var findings = result.findings
    do throws(VolumeError) {
      try array.forEachRecord { (record) throws(VolumeError) in
        for (index, contents) in foreign
        where record.byteCount == contents.byteCount && record.crc32c == contents.crc32c {
          findings[index].message = "the bytes are the ones recorded for \(record.key)"
        }
      }
    } catch  where error.code == .malformedMetadata {
      // Reported already.
    }
    result.findings = findings
  }
}

extension StoredFile {
  /// The record checksum of the whole file, read piece by piece.
  fileprivate func checksum() throws(VolumeError) -> UInt32 {
    var whole: UInt32 = 0
    var offset = 0
    while offset < byteCount {
      let piece = try read(at: offset, count: min(1 << 22, byteCount - offset))
      whole = crc32c(piece.span.bytes, continuing: whole)
      offset += piece.count
    }
    let last = try read(at: max(0, byteCount - 4), count: min(4, byteCount))
    return ChunkRecord.checksum(wholeCRC32C: whole, last: last.span.bytes)
  }
}
