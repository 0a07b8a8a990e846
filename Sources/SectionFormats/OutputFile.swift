import Glibc
import VolumeStore

/// A new file that is written from its first byte to its last.
struct OutputFile: ~Copyable {
  private let path: String
  private let descriptor: Int32
  /// The bytes written so far.
  private(set) var byteCount = 0

  /// Creates the file under a partial name; `path` is the one in messages.
  init(_ partialPath: String, for path: String) throws(VolumeError) {
    self.path = path
    descriptor = open(partialPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw VolumeError(errno: errno, path: path, "cannot create the file")
    }
  }

  deinit { close(descriptor) }

  mutating func append(_ bytes: [UInt8]) throws(VolumeError) {
    let code = writeAll(bytes.rawSpan, to: descriptor)
    guard code == 0 else { throw VolumeError(errno: code, path: path, "cannot write the file") }
    byteCount += bytes.count
  }
}
