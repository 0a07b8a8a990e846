import Codecs
import Synchronization
import Voxels

/// An array in a folder of files, with a manifest where it is complete and one of ours.
package protocol VerifiableStore: Sendable {
  /// The array's folder.
  var path: String { get }
  var store: FileStore { get }
  /// Whether a key is of something else than the array's chunks: its description, its manifest.
  func isDescription(_ key: String) -> Bool
  /// The place of a key's file among all that the array may have; nil where it has none of that
  /// key.
  func place(of key: String) -> Int?
  /// Decodes one stored file, chunk by chunk, and gives the record checksum of its bytes.
  func checkFile(_ file: borrowing StoredFile, key: String) throws(VolumeError) -> UInt32
  /// How many files there are where none is left out; nil where one that is not there has a meaning
  /// of its own.
  var expectedCount: Int? { get }
  /// How many files there are where none is left out, whatever one that is not there means; nil
  /// where that is not known.
  var placeCount: Int? { get }
  /// The key of the file at a place below ``expectedCount``.
  func key(ofPlace place: Int) -> String
  /// Calls a body with every record of the manifest in turn, and says whether there is one.
  func forEachRecord(_ body: (ChunkRecord) throws(VolumeError) -> Void) throws(VolumeError) -> Bool
}

extension VerifiableStore {
  package var expectedCount: Int? { nil }
  package var placeCount: Int? { expectedCount }
  package func key(ofPlace place: Int) -> String { "" }

  /// Reads and decodes every stored chunk and compares it with the manifest, where there is one.
  ///
  /// Holds one chunk for each thread, whatever the array's size.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput` where the folder cannot be listed.
  package func verifyFiles(threads: Int) throws(VolumeError) -> Verification {
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
      guard !self.isDescription(key), !PartialFile.isPartial(FileStore.split(key).name),
        !walk.hasSeen(key)
      else { return }
      walk.take(VerifyingWalk.Item(key: key, record: nil))
    }
    walk.flush()
    try walk.nameForeign()
    walk.countAbsent()
    var result = walk.result
    result.findings = findings + result.findings
    return result
  }

  package func finding(
    _ kind: ChunkFinding.Kind, _ key: String, _ message: String
  ) -> ChunkFinding {
    ChunkFinding(kind: kind, path: path, key: key, message: message)
  }
}

/// A walk over an array's files, some at a time side by side.
private struct VerifyingWalk<Store: VerifiableStore> {
  struct Item: Sendable {
    var key: String
    var record: ChunkRecord?
  }

  private struct Outcome: Sendable {
    var finding: ChunkFinding?
    var byteCount = 0
    var isEmpty = false
    /// What a foreign file holds.
    var contents: ChunkRecord?
  }

  let array: Store
  let threads: Int
  var result = Verification()
  /// The files in the manifest or in the folder, one bit each, 64 to a word.
  private var seen: [Int: UInt64] = [:]
  private var pending: [Item] = []
  private var foreign: [(finding: Int, contents: ChunkRecord)] = []

  init(array: Store, threads: Int) {
    self.array = array
    self.threads = threads
  }

  func hasSeen(_ key: String) -> Bool {
    guard let place = array.place(of: key) else { return false }
    return hasSeen(place: place)
  }

  private func hasSeen(place: Int) -> Bool {
    (seen[place / 64] ?? 0) & (1 << UInt64(place % 64)) != 0
  }

  mutating func take(_ item: Item) {
    if let place = array.place(of: item.key) {
      seen[place / 64, default: 0] |= 1 << UInt64(place % 64)
    }
    pending.append(item)
    if pending.count >= threads * 16 { flush() }
  }

  /// Counts the places of which no file was found, where there is no manifest.
  mutating func countAbsent() {
    let known = seen.values.reduce(0) { $0 + $1.nonzeroBitCount }
    result.unwrittenCount = max(0, (array.placeCount ?? known) - known)
    guard !result.hasManifest, let count = array.expectedCount else { return }
    result.absentCount = count - known
    guard result.absentCount > 0 else { return }
    for place in 0..<count where !hasSeen(place: place) {
      result.absentKeys.append(array.key(ofPlace: place))
      if result.absentKeys.count == 100 { return }
    }
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
      result.emptyCount += outcome.isEmpty ? 1 : 0
      guard let finding = outcome.finding else { continue }
      if let contents = outcome.contents { foreign.append((result.findings.count, contents)) }
      result.findings.append(finding)
    }
  }

  private static func check(
    _ item: Item, in array: Store, hasManifest: Bool
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
        guard let record = item.record, record.byteCount > 0 else { return Outcome(isEmpty: true) }
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
      _ = try array.forEachRecord { (record) throws(VolumeError) in
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
  package func checksum() throws(VolumeError) -> UInt32 {
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
