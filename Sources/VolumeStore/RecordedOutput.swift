import Codecs

/// What was stored under one key: enough to notice later that it was lost, swapped or damaged.
public struct ChunkRecord: Hashable, Sendable, Codable {
  /// The key within the output, such as `c/0/1/2`.
  public var key: String
  /// The bytes stored; zero where nothing is stored because every value is the fill value.
  public var byteCount: Int
  /// The ``checksum(of:)`` of the bytes stored; zero where there are none.
  public var crc32c: UInt32

  /// Creates a record.
  public init(key: String, byteCount: Int, crc32c: UInt32) {
    self.key = key
    self.byteCount = byteCount
    self.crc32c = crc32c
  }

  /// Creates the record of bytes stored under a key.
  public init(key: String, storing bytes: RawSpan) {
    self.init(
      key: key, byteCount: bytes.byteCount,
      crc32c: bytes.byteCount == 0 ? 0 : Self.checksum(of: bytes))
  }

  /// Whether bytes are the ones recorded.
  public func matches(_ bytes: RawSpan) -> Bool {
    self == ChunkRecord(key: key, storing: bytes)
  }

  /// The CRC-32C of bytes, less their last four where these are the CRC-32C of the ones before.
  ///
  /// Bytes that end in their own CRC-32C, as every chunk behind the `crc32c` codec does, all have
  /// the same CRC-32C: it would tell no chunk from another. Any damage breaks that ending, so that
  /// nothing is lost by leaving it out.
  public static func checksum(of bytes: RawSpan) -> UInt32 {
    let count = bytes.byteCount
    let last = bytes.extracting(max(0, count - 4)..<count)
    return checksum(wholeCRC32C: Codecs.crc32c(bytes), last: last)
  }

  /// The checksum from the CRC-32C of all bytes and the last four.
  package static func checksum(wholeCRC32C whole: UInt32, last: RawSpan) -> UInt32 {
    // The CRC-32C of any bytes followed by their own.
    whole == 0x4867_4BC7 && last.byteCount == 4 ? last.littleEndianUInt32(at: 0) : whole
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
  /// Removes the unfinished files of writers that were killed; called while no one is writing.
  func removePartialFiles() throws(VolumeError)
}
