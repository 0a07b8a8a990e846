import Glibc

/// A file as the system knows it: other bytes under the same name are another one.
package struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let number: UInt64
  private let byteCount: Int
  private let seconds: Int
  private let nanoseconds: Int

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    number = UInt64(status.st_ino)
    byteCount = Int(status.st_size)
    seconds = Int(status.st_mtim.tv_sec)
    nanoseconds = Int(status.st_mtim.tv_nsec)
  }

  /// What changes with the content, wherever the file lies.
  package var sizeAndTime: String { "\(byteCount) \(seconds) \(nanoseconds)" }
}

/// A stored value opened for reading at any offset, by any number of threads.
package struct StoredFile: ~Copyable {
  package let path: String
  package let byteCount: Int
  /// What tells the file from every other, and from itself after a change.
  package let identity: FileIdentity
  private let descriptor: Int32

  /// Opens a file; nil where there is none.
  package init?(path: String) throws(VolumeError) {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      guard errno == ENOENT || errno == ENOTDIR else {
        throw VolumeError(errno: errno, path: path, "cannot open the file")
      }
      return nil
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, FileStatus(status).isRegularFile else {
      close(descriptor)
      throw VolumeError(.inputOutput, path: path, "not a regular file")
    }
    self.descriptor = descriptor
    byteCount = Int(status.st_size)
    identity = FileIdentity(status)
  }

  deinit { close(descriptor) }

  /// Reads `count` bytes; fewer are an error.
  package func read(at offset: Int, count: Int) throws(VolumeError) -> [UInt8] {
    try uninitializedValues(count) { (target) throws(VolumeError) in
      try read(at: offset, into: &target, 0..<count)
    }
  }

  /// Fills part of a span; fewer bytes are an error.
  package func read(
    at offset: Int, into target: inout MutableRawSpan, _ range: Range<Int>
  ) throws(VolumeError) {
    let received = try readAll(from: descriptor, at: offset, into: &target, range, path: path)
    guard received == range.count else {
      throw VolumeError(
        .corruptChunk, path: path, "the file ends too early",
        found: "\(offset + received) bytes", expected: "\(offset + range.count)",
        remedy: "copy the file again")
    }
  }
}
