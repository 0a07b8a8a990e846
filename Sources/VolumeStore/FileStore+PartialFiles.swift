import Glibc

// Unsafe code of listing folders: an entry is read before the next is asked for, and its name ends
// in a zero.

extension FileStore {
  /// Removes what killed writers left behind, of every value.
  ///
  /// For whoever knows that no one else is writing to the store: the holder of a ledger's lock.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  package func removePartialFiles() throws(VolumeError) {
    try removePartialFiles(in: root, includingSubfolders: true) { PartialFile.isPartial($0) }
  }

  /// Removes what killed writers left behind of one value, which no one else may be writing.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  package func removePartialFiles(of key: String) throws(VolumeError) {
    let target = path(of: key)
    let slash = target.lastIndex(of: "/")
    let folder = slash.map { String(target[..<$0]) } ?? "."
    let prefix = ".\(slash.map { String(target[target.index(after: $0)...]) } ?? target)."
    try removePartialFiles(in: folder, includingSubfolders: false) { name in
      // Between the value's name and the ending lie the process and the random digits.
      PartialFile.isPartial(name) && name.hasPrefix(prefix)
        && name.dropFirst(prefix.count).split(separator: ".").count == 3
    }
  }

  private func removePartialFiles(
    in folder: String, includingSubfolders: Bool, where isStray: (String) -> Bool
  ) throws(VolumeError) {
    guard let handle = opendir(folder) else {
      if errno == ENOENT || errno == ENOTDIR { return }
      throw VolumeError(errno: errno, path: folder, "cannot list the folder")
    }
    var subfolders: [String] = []
    var strays: [String] = []
    while let entry = readdir(handle) {
      // Sound: the entry lives until the next call; its name is an array that ends in a zero.
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      let path = "\(folder)/\(name)"
      if isStray(name) {
        strays.append(path)
      } else if includingSubfolders, name != ".", name != "..",
        isFolder(path, type: Int32(entry.pointee.d_type))
      {
        subfolders.append(path)
      }
    }
    closedir(handle)
    for path in strays where unlink(path) != 0 && errno != ENOENT {
      throw VolumeError(errno: errno, path: path, "cannot remove the unfinished file")
    }
    for path in subfolders {
      try removePartialFiles(in: path, includingSubfolders: true, where: isStray)
    }
  }

  /// Whether an entry is a folder, itself and not through a link.
  private func isFolder(_ path: String, type: Int32) -> Bool {
    guard type == Int32(DT_UNKNOWN) else { return type == Int32(DT_DIR) }
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
