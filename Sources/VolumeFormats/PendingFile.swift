import Glibc
import VolumeStore

/// A file that is written under a partial name and gets its own name only once it is complete.
///
/// Whoever finds a file under its own name finds it whole; an interrupted run leaves only the
/// hidden partial file, which the next run replaces.
struct PendingFile: ~Copyable {
  /// The name the file gets.
  let path: String
  /// Where it is written.
  let partialPath: String
  private let replacing: Bool
  private var isPending = true

  /// Reserves a name.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` where the file is there and may not be
  ///   replaced.
  init(path: String, replacing: Bool) throws(VolumeError) {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let name = slash.map { path[path.utf8.index(after: $0)...] } ?? path[...]
    let folder = slash.map { path[...$0] } ?? ""
    self.path = path
    partialPath = "\(folder).\(name).partial"
    self.replacing = replacing
    guard !name.isEmpty else {
      throw VolumeError(.inputOutput, path: path, "is not the name of a file")
    }
    try PendingFile.checkFree(path, replacing: replacing)
  }

  deinit {
    if isPending { unlink(partialPath) }
  }

  private static func checkFree(_ path: String, replacing: Bool) throws(VolumeError) {
    guard let status = try FileStatus(path) else { return }
    guard replacing, status.isRegularFile else {
      throw VolumeError(
        .alreadyExists, path: path, "is there already", remedy: "choose another name or remove it")
    }
  }

  /// Makes the complete file durable and gives it its name.
  mutating func commit() throws(VolumeError) {
    try PendingFile.checkFree(path, replacing: replacing)
    try PendingFile.synchronize(partialPath, flags: O_RDONLY)
    guard rename(partialPath, path) == 0 else {
      throw VolumeError(errno: errno, path: path, "cannot be given its name")
    }
    isPending = false
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    try PendingFile.synchronize(
      slash.map { String(path[...$0]) } ?? ".", flags: O_RDONLY | O_DIRECTORY)
  }

  private static func synchronize(_ path: String, flags: Int32) throws(VolumeError) {
    let file = open(path, flags | O_CLOEXEC)
    guard file >= 0 else { throw VolumeError(errno: errno, path: path, "cannot be opened") }
    defer { close(file) }
    guard fsync(file) == 0 else {
      throw VolumeError(errno: errno, path: path, "cannot be made durable")
    }
  }
}
