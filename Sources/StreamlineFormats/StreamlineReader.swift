public import Codecs
public import VolumeStore

/// A tractogram that is read from its first streamline to its last, some at a time.
public protocol StreamlineReader: Sendable {
  /// The file.
  var path: String { get }
  /// What it says of itself.
  var header: TractogramHeader { get }
  /// Reads the next streamlines in place of those in a batch, whose memory is used again.
  ///
  /// - Returns: False where there are no more; the batch is empty then.
  /// - Throws: ``VolumeError`` where the file cannot be read or is not sound.
  func read(into batch: inout StreamlineBatch) throws(VolumeError) -> Bool
  /// What was found besides once everything is read, such as a count that is wrong.
  var findings: [String] { get }
  /// The digest of the file's bytes; only after the last streamline, and only of files that are read
  /// from their first byte to their last.
  var digest: ContentDigest? { get }
}

extension StreamlineReader {
  /// Nil.
  public var digest: ContentDigest? { nil }
}

/// A tractogram that is being written.
///
/// It gets its name only once it is finished; one that is not leaves nothing.
public protocol StreamlineWriter: Sendable {
  /// Writes streamlines, with the columns the writer was created with.
  ///
  /// - Throws: ``VolumeError`` where the file cannot be written.
  func write(_ batch: StreamlineBatch) throws(VolumeError)
  /// Takes other groups than those of the header that the writer was created with: the members are
  /// indices of streamlines that are written. Formats without groups leave them out.
  func setGroups(_ groups: [String: [UInt32]])
  /// Makes the file complete and durable and gives it its name.
  ///
  /// - Throws: ``VolumeError`` where the file cannot be written.
  func finish() throws(VolumeError)
}

extension StreamlineWriter {
  /// Does nothing: the format has no groups.
  public func setGroups(_ groups: [String: [UInt32]]) {}
}

/// How much is read and handed on at once.
public struct StreamlineReadingOptions: Hashable, Sendable {
  /// The most bytes of a file that are read at once; a streamline that is longer is read whole.
  public var blockByteCount: Int

  /// Creates options.
  public init(blockByteCount: Int = 4 << 20) {
    precondition(blockByteCount >= 64, "a block holds a few points at least")
    self.blockByteCount = blockByteCount
  }
}
