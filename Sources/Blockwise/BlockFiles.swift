import Codecs
public import VolumeStore

/// A folder with one file of columns for each block.
///
/// What blocks hand to each other or to `reduce`, when it is too much for the ledger. Files are
/// put in place whole; each ends in a checksum that is checked whenever it is read.
public struct BlockFiles: RecordedOutput {
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
      return ChunkRecord(key: key, storing: bytes.rawSpan)
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
  public func isIntact(_ record: ChunkRecord) throws(VolumeError) -> Bool {
    guard let bytes = try store.read(record.key, limit: Self.largestFile) else { return false }
    return record.matches(bytes.rawSpan)
  }

  /// Makes every file written so far durable.
  public func synchronize() throws(VolumeError) { try store.synchronize() }

  /// Writes the manifest of all records, as in the folder of an array.
  public func finish(_ records: [ChunkRecord]) throws(VolumeError) {
    try store.write(ChunkManifest.encoded(records).rawSpan, to: ChunkManifest.key)
    try store.synchronize()
  }

  /// Removes the unfinished files of runs that were killed.
  public func removePartialFiles() throws(VolumeError) { try store.removePartialFiles() }

  private func key(_ index: Int) -> String { "\(index).columns" }
}
