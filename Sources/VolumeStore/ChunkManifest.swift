import Codecs

/// The list of everything an array stores, written when it is complete.
///
/// `manifest.jsonl` in the array's folder has one line for each record, sorted by key, and a last
/// line with their number and the XXH3-128 of the lines before, so that a manifest cut short or
/// damaged shows. Other Zarr readers pass over the file.
package struct ChunkManifest {
  package static let key = "manifest.jsonl"

  /// The manifest's text.
  ///
  /// Keys hold letters, digits, `/`, `-` and `.` only: nothing to escape.
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
      text.append(
        contentsOf:
          "{\"byteCount\":\(record.byteCount),\"crc32c\":\(record.crc32c),\"key\":\"\(record.key)\"}\n"
          .utf8)
    }
    let digest = ContentDigest(of: text.span.bytes)
    text.append(contentsOf: "{\"records\":\(count),\"xxh3_128\":\"\(digest)\"}\n".utf8)
    return text
  }

  /// Calls a body with every record in turn, holding a small part of the file at a time.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata` where the manifest is damaged; the body may
  ///   have been called by then.
  package static func forEachRecord(
    in file: borrowing StoredFile, _ body: (ChunkRecord) throws(VolumeError) -> Void
  ) throws(VolumeError) {
    var hash = ContentHash()
    var count = 0
    var last: ManifestTrailer?
    try forEachLine(in: file) { (line) throws(VolumeError) in
      guard last == nil else { throw damaged(file.path, "lines follow the last one") }
      guard let object = (try? JSONValue(parsing: line))?.object else {
        throw damaged(file.path, "line \(count + 1) is no JSON object")
      }
      if let trailer = ManifestTrailer(object) {
        last = trailer
        return
      }
      guard let record = ChunkRecord(object) else {
        throw damaged(file.path, "line \(count + 1) is no record")
      }
      count += 1
      hash.update(line.span.bytes)
      let newline: [UInt8] = [UInt8(ascii: "\n")]
      hash.update(newline.span.bytes)
      try body(record)
    }
    guard let last, last.count == count, last.digest == hash.digest else {
      throw damaged(file.path, "the manifest is cut short or changed")
    }
  }

  private static func forEachLine(
    in file: borrowing StoredFile, _ body: ([UInt8]) throws(VolumeError) -> Void
  ) throws(VolumeError) {
    let step = 1 << 20
    var rest: [UInt8] = []
    var offset = 0
    while offset < file.byteCount {
      let piece = try file.read(at: offset, count: min(step, file.byteCount - offset))
      offset += piece.count
      var start = 0
      for index in piece.indices where piece[index] == UInt8(ascii: "\n") {
        try body(rest + piece[start..<index])
        rest = []
        start = index + 1
      }
      rest += piece[start...]
      guard rest.count < 4096 else { throw damaged(file.path, "a line is too long") }
    }
    guard rest.isEmpty else { throw damaged(file.path, "the last line has no end") }
  }

  private static func damaged(_ path: String, _ message: String) -> VolumeError {
    VolumeError(
      .malformedMetadata, path: path, message,
      remedy: "run the stage that wrote the array again: it writes a new manifest")
  }
}

private struct ManifestTrailer {
  let count: Int
  let digest: ContentDigest

  init?(_ object: JSONObject) {
    guard object.count == 2, let count = object["records"]?.int,
      let digest = object["xxh3_128"]?.string.flatMap({ ContentDigest($0) })
    else { return nil }
    self.count = count
    self.digest = digest
  }
}

extension ChunkRecord {
  fileprivate init?(_ object: JSONObject) {
    guard object.count == 3, let key = object["key"]?.string,
      let byteCount = object["byteCount"]?.int, byteCount >= 0,
      let checksum = object["crc32c"]?.int.flatMap({ UInt32(exactly: $0) })
    else { return nil }
    self.init(key: key, byteCount: byteCount, crc32c: checksum)
  }
}
