import Glibc

// Unsafe code of listing folders.

/// Calls a body with the name of every entry of a folder but `.` and `..`, in no order, and with
/// whether it is a folder itself, not through a link.
///
/// The body may remove the entry it is called with.
///
/// - Returns: Whether there is such a folder.
/// - Throws: ``VolumeError`` with `inputOutput`, and what the body throws.
@discardableResult
package func forEachEntry(
  ofFolder folder: String, _ body: (_ name: String, _ isFolder: Bool) throws(VolumeError) -> Void
) throws(VolumeError) -> Bool {
  guard let handle = opendir(folder) else {
    if errno == ENOENT || errno == ENOTDIR { return false }
    throw VolumeError(errno: errno, path: folder, "cannot list the folder")
  }
  defer { closedir(handle) }
  while true {
    errno = 0
    guard let entry = readdir(handle) else {
      guard errno == 0 else {
        throw VolumeError(errno: errno, path: folder, "cannot list the folder")
      }
      return true
    }
    let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
      // Sound: the entry lives until the next call; its name is an array that ends in a zero.
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    guard name != ".", name != ".." else { continue }
    let type = Int32(entry.pointee.d_type)
    let isFolder =
      type == Int32(DT_UNKNOWN)
      ? FileStatus.isFolderItself("\(folder)/\(name)") : type == Int32(DT_DIR)
    try body(name, isFolder)
  }
}
