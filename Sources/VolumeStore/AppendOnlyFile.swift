import Glibc

/// A file that grows by whole records, each durable once ``append(_:)`` returns.
public struct AppendOnlyFile: ~Copyable, Sendable {
  /// The file's path.
  public let path: String
  private let descriptor: Int32
  private var byteCount: Int

  /// Opens a file that is there.
  ///
  /// - Throws: ``VolumeError`` with `notFound` or `inputOutput`.
  public init(path: String) throws(VolumeError) {
    self.path = path
    let opened = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    let end = opened < 0 ? -1 : lseek(opened, 0, SEEK_END)
    guard end >= 0 else {
      let code = errno
      if opened >= 0 { close(opened) }
      throw VolumeError(errno: code, path: path, "cannot open the file for appending")
    }
    descriptor = opened
    byteCount = end
  }

  deinit { close(descriptor) }

  /// Appends a record and waits until it is durable.
  ///
  /// Where the system refuses, what was written of the record is taken back as far as the system
  /// lets us; a reader must still expect a torn last record.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  public mutating func append(_ record: [UInt8]) throws(VolumeError) {
    var failure = writeAll(record.rawSpan, to: descriptor)
    if failure == 0, fdatasync(descriptor) != 0 { failure = errno }
    guard failure == 0 else {
      _ = ftruncate(descriptor, byteCount)
      throw VolumeError(errno: failure, path: path, "cannot append to the file")
    }
    byteCount += record.count
  }
}
