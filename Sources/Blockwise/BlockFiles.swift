import Codecs
public import VolumeStore

/// A folder with one file of columns for each block.
///
/// What blocks hand to each other or to `reduce`, when it is too much for the ledger. Files are
/// put in place whole; each ends in a checksum that is checked whenever it is read.
public struct BlockFiles: RecordedOutput {
  private static let manifest = "manifest.json"
  /// A file of more bytes than this is refused unread.
  private static let largestFile = 1 << 36

  private let store: FileStore

  /// Uses a folder, made when the first block is written.
  public init(path: String) { store = FileStore(root: path) }

  /// The folder.
  public var path: String { store.root }

  /// Stores a block's table, in place of an earlier one.
  ///
  /// - Returns: What the stage puts in its ``BlockResult``.
  /// - Throws: ``VolumeError`` with `inputOutput`.
  public func write(_ table: BlockTable, for block: Block) throws(VolumeError) -> ChunkRecord {
    let key = key(block.index)
    do {
      let bytes = try table.encoded()
      try store.write(bytes.rawSpan, to: key)
      return record(key, bytes)
    } catch let error as VolumeError {
      throw error
    } catch {
      throw VolumeError(
        .inputOutput, path: store.path(of: key), "the columns cannot be compressed", cause: error)
    }
  }

  /// Reads the table of the block at a place in the grid.
  ///
  /// - Throws: ``VolumeError`` with `notFound` or `corruptChunk`.
  public func read(_ index: Int) throws(VolumeError) -> BlockTable {
    let key = key(index)
    guard let bytes = try store.read(key, limit: Self.largestFile) else {
      throw VolumeError(
        .notFound, path: store.path(of: key), "the file of block \(index) is missing",
        remedy: "run again to compute it anew")
    }
    return try BlockTable(decoding: bytes, path: store.path(of: key))
  }

  /// Whether a block's file is the one recorded.
  public func isIntact(_ found: ChunkRecord) throws(VolumeError) -> Bool {
    guard let bytes = try store.read(found.key, limit: Self.largestFile) else { return false }
    return record(found.key, bytes) == found
  }

  /// Makes every file written so far durable.
  public func synchronize() throws(VolumeError) { try store.synchronize() }

  /// Writes `manifest.json`: every file's name, length and CRC-32C.
  public func finish(_ records: [ChunkRecord]) throws(VolumeError) {
    let files = records.map { record in
      JSONValue.object([
        "key": .string(record.key), "byteCount": .integer(Int64(record.byteCount)),
        "crc32c": .integer(Int64(record.crc32c)),
      ])
    }
    do {
      let bytes = try JSONValue.object(["files": .array(files)]).encoded(pretty: true)
      try store.write(bytes.rawSpan, to: Self.manifest)
      try store.synchronize()
    } catch let error as VolumeError {
      throw error
    } catch {
      throw VolumeError(
        .inputOutput, path: store.path(of: Self.manifest), "the manifest cannot be written",
        cause: error)
    }
  }

  private func key(_ index: Int) -> String { "\(index).columns" }

  private func record(_ key: String, _ bytes: [UInt8]) -> ChunkRecord {
    ChunkRecord(key: key, byteCount: bytes.count, crc32c: crc32c(bytes.rawSpan))
  }
}
