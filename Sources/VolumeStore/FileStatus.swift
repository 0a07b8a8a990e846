import Glibc

/// What the file system says of a path.
package struct FileStatus {
  package var isFolder: Bool
  package var isRegularFile: Bool
  package var byteCount: Int
  /// What tells the file from every other, and from itself after a change.
  package var identity: FileIdentity

  /// The status, or nil where nothing is there.
  package init?(_ path: String) throws(VolumeError) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw VolumeError(errno: errno, path: path, "cannot be examined")
    }
    self.init(status)
  }

  init(_ status: stat) {
    isFolder = status.st_mode & S_IFMT == S_IFDIR
    isRegularFile = status.st_mode & S_IFMT == S_IFREG
    byteCount = Int(status.st_size)
    identity = FileIdentity(status)
  }

  /// The status of a file that has to be there.
  package static func ofFile(_ path: String) throws(VolumeError) -> FileStatus {
    guard let status = try FileStatus(path) else {
      throw VolumeError(
        .notFound, path: path, "no such file", remedy: "check the path, or put the file there")
    }
    guard status.isRegularFile else {
      throw VolumeError(
        .unsupportedFeature, path: path, "is not a regular file",
        remedy: "copy its contents into a file")
    }
    return status
  }

  /// Whether a path is a folder, itself and not through a link.
  static func isFolderItself(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
