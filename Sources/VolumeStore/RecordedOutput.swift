/// What was stored under one key: enough to notice later that it was lost, swapped or damaged.
public struct ChunkRecord: Hashable, Sendable, Codable {
  /// The key within the output, such as `c/0/1/2`.
  public var key: String
  /// The bytes stored; zero where nothing is stored because every value is the fill value.
  public var byteCount: Int
  /// The CRC-32C of the bytes stored; zero where there are none.
  public var crc32c: UInt32

  /// Creates a record.
  public init(key: String, byteCount: Int, crc32c: UInt32) {
    self.key = key
    self.byteCount = byteCount
    self.crc32c = crc32c
  }
}

/// An output that blocks write to, each under keys of its own, and that can tell later whether
/// what a block wrote is still there.
public protocol RecordedOutput: Sendable {
  /// The path of the output, for messages.
  var path: String { get }
  /// Whether the bytes under a record's key are the ones recorded.
  ///
  /// - Throws: ``VolumeError`` where the system refuses to read; damage or absence is no error.
  func isIntact(_ record: ChunkRecord) throws(VolumeError) -> Bool
  /// Makes everything written so far durable: called before a block is recorded as done.
  func synchronize() throws(VolumeError)
  /// Closes the output once every block is done: writes the manifest of all records, sorted by key.
  func finish(_ records: [ChunkRecord]) throws(VolumeError)
}
