import Glibc

/// A file that another library writes under a partial name and that gets its own name only once it
/// is complete.
///
/// Whoever finds a file under its own name finds it whole; an interrupted run leaves only the
/// hidden partial file, which the next run removes.
package struct PendingFile: ~Copyable {
  /// The name the file gets.
  package let path: String
  /// Where it is written.
  package let partialPath: String
  private let folder: String
  private let replacing: Bool
  private var isPending = true

  /// Reserves a name.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` where the file is there and may not be
  ///   replaced.
  package init(path: String, replacing: Bool) throws(VolumeError) {
    let name: String
    (folder, name) = FileStore.split(path)
    self.path = path
    partialPath = "\(folder)/\(PartialFile.name(for: name))"
    self.replacing = replacing
    guard !name.isEmpty else {
      throw VolumeError(.inputOutput, path: path, "is not the name of a file")
    }
    try PendingFile.checkFree(path, replacing: replacing)
    try PartialFile.removeStrays(of: name, in: folder)
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
  package mutating func commit() throws(VolumeError) {
    try PendingFile.checkFree(path, replacing: replacing)
    try PartialFile.synchronize(partialPath, for: path)
    guard rename(partialPath, path) == 0 else {
      throw VolumeError(errno: errno, path: path, "cannot be given its name")
    }
    isPending = false
    try FileStore.synchronizeFolder(folder)
  }
}
