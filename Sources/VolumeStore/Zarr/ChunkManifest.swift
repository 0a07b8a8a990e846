import Codecs

/// The list of everything an array stores, written when it is complete.
///
/// `manifest.jsonl` in the array's folder has one line for each record, sorted by key, and a last
/// line with their number and the XXH3-128 of the lines before, so that a manifest cut short or
/// damaged shows. Other Zarr readers pass over the file.
package struct ChunkManifest {
  package static let key = "manifest.jsonl"

  /// The manifest's text.
  package static func encoded(_ records: [ChunkRecord]) -> [UInt8] {
    let sorted = records.sorted { $0.key < $1.key }
    var text: [UInt8] = []
    text.reserveCapacity(records.count * 64)
    var previous: ChunkRecord?
    var count = 0
    for record in sorted {
      if let previous, previous.key == record.key {
        precondition(previous == record, "two records of one key differ")
        continue
      }
      previous = record
      count += 1
      text.append(contentsOf: line(record).utf8)
    }
    let digest = ContentDigest(of: text.span.bytes)
    text.append(contentsOf: "{\"records\":\(count),\"xxh3_128\":\"\(digest)\"}\n".utf8)
    return text
  }

  /// Keys of arrays hold digits, letters, `/` and `.` only: nothing to escape.
  private static func line(_ record: ChunkRecord) -> String {
    "{\"byteCount\":\(record.byteCount),\"crc32c\":\(record.crc32c),\"key\":\"\(record.key)\"}\n"
  }
}

extension ZarrArray {
  /// Writes the manifest of all records, sorted by key, and makes it durable.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  public func finish(_ records: [ChunkRecord]) throws(VolumeError) {
    let text = ChunkManifest.encoded(records)
    try store.write(text.span.bytes, to: ChunkManifest.key)
    try store.synchronize()
  }

  /// Removes the unfinished files of writers that were killed; called while no one is writing.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  public func removePartialFiles() throws(VolumeError) { try store.removePartialFiles() }
}
