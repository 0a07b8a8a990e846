import Codecs
import FloodFilling
import VolumeStore
import Voxels

/// The floods of one subvolume that are done: a file that grows by one entry for each.
///
/// An entry is the number of its 64-bit numbers, the numbers, and the CRC-32C of both; the numbers
/// are the seed's place in the list of seeds, the record, and the object's voxels as runs. Each is
/// durable before the next flood begins; one that a crash has torn is dropped, with what follows.
struct FloodJournal: ~Copyable {
  /// A flood that is done.
  struct Entry {
    var record: SeedRecord
    /// The object's voxels, as ``FloodCanvas/runs(of:in:)`` gives them.
    var runs: ArraySlice<Int64>
  }

  private static let mark = Array("fascicle floods 1\n".utf8)
  private static let largestFile = 1 << 36

  /// What an earlier run has done, by the seed's place in the list.
  let entries: [Int: Entry]
  private var file: AppendOnlyFile

  /// Opens or starts a journal.
  ///
  /// - Throws: ``VolumeError`` where it cannot be read or written.
  init(folder: String, name: String) throws {
    let store = FileStore(root: folder)
    try store.removePartialFiles(of: name)
    let found = try store.read(name, limit: Self.largestFile) ?? []
    var entries: [Int: Entry] = [:]
    var end = 0
    if found.starts(with: Self.mark) {
      end = Self.mark.count
      while let (seed, entry, next) = Self.entry(in: found, at: end) {
        entries[seed] = entry
        end = next
      }
    }
    if end != found.count || end == 0 {
      let sound = end == 0 ? Self.mark : Array(found[..<end])
      try store.write(sound.rawSpan, to: name)
      try store.synchronize()
    }
    let opened = try AppendOnlyFile(path: store.path(of: name))
    self.entries = entries
    file = opened
  }

  /// Adds a flood.
  mutating func append(_ record: SeedRecord, seed: Int, runs: [Int64]) throws {
    let numbers = [Int64(seed)] + record.numbers + runs
    var bytes: [UInt8] = []
    bytes.appendColumn([UInt64(numbers.count)])
    bytes.appendColumn(numbers)
    bytes.appendColumn([crc32c(bytes.rawSpan)])
    try file.append(bytes)
  }

  /// The entry that begins at a byte, and where the next one begins; nil for none that is whole.
  private static func entry(
    in bytes: [UInt8], at start: Int
  ) -> (seed: Int, entry: Entry, next: Int)? {
    guard bytes.count - start >= 12 else { return nil }
    let count = bytes.column(UInt64.self, at: start, count: 1)[0]
    guard count > 0, count <= UInt64((bytes.count - start - 12) / 8) else { return nil }
    let end = start + 8 + 8 * Int(count)
    guard
      crc32c(Array(bytes[start..<end]).rawSpan)
        == bytes.column(UInt32.self, at: end, count: 1)[0]
    else { return nil }
    var numbers = bytes.column(Int64.self, at: start + 8, count: Int(count))[...]
    let seed = Int(numbers.removeFirst())
    guard let record = SeedRecord(takingFrom: &numbers) else { return nil }
    return (seed, Entry(record: record, runs: numbers), end + 4)
  }
}
