import Glibc

extension FileStore {
  /// Calls a body with the key of every file below the store's folder, in no order.
  ///
  /// One folder is open for each level of folders; names are not collected. The body may remove
  /// the file it is called with.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`, and what the body throws.
  package func forEachKey(
    _ body: (_ key: String) throws(VolumeError) -> Void
  ) throws(VolumeError) {
    try walk("", depth: 0, body)
  }

  private func walk(
    _ prefix: String, depth: Int, _ body: (String) throws(VolumeError) -> Void
  ) throws(VolumeError) {
    let folder = path(of: prefix)
    guard depth < 32 else {
      throw VolumeError(.limitExceeded, path: folder, "the folders are nested too deep")
    }
    try forEachEntry(ofFolder: folder) { (name, isFolder) throws(VolumeError) in
      let key = prefix.isEmpty ? name : "\(prefix)/\(name)"
      try isFolder ? walk(key, depth: depth + 1, body) : body(key)
    }
  }

  /// Removes what killed writers left behind, of every value.
  ///
  /// For whoever knows that no one else is writing to the store: the holder of a ledger's lock.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  package func removePartialFiles() throws(VolumeError) {
    try forEachKey { (key) throws(VolumeError) in
      if PartialFile.isPartial(Self.split(key).name) { try self.remove(key) }
    }
  }

  /// Removes what killed writers left behind of one value, which no one else may be writing.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  package func removePartialFiles(of key: String) throws(VolumeError) {
    let (folder, name) = Self.split(path(of: key))
    try PartialFile.remove(of: name, in: folder) { _ in true }
  }

  /// Removes partial files whose writers are no more.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  public func removeStrayPartials() throws(VolumeError) {
    try forEachKey { (key) throws(VolumeError) in
      if PartialFile.isStray(self.path(of: key)) { try self.remove(key) }
    }
  }

  /// Removes a file, or a folder with everything in it; none is no error.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  package static func removeTree(at path: String) throws(VolumeError) {
    try removeTree(path, isFolder: FileStatus.isFolderItself(path))
  }

  private static func removeTree(_ path: String, isFolder: Bool) throws(VolumeError) {
    if isFolder {
      try forEachEntry(ofFolder: path) { (name, isFolder) throws(VolumeError) in
        try removeTree("\(path)/\(name)", isFolder: isFolder)
      }
    }
    guard (isFolder ? rmdir(path) : unlink(path)) == 0 || errno == ENOENT || errno == ENOTDIR
    else { throw VolumeError(errno: errno, path: path, "cannot be removed") }
  }

  /// Removes a file, or a folder with everything in it, so that no half of it is ever found in its
  /// place; none is no error.
  ///
  /// What a removal that was stopped left beside it goes too.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  package static func removeAtOnce(_ path: String) throws(VolumeError) {
    let root = FileStore(root: path).root
    let (folder, name) = split(root)
    try PartialFile.removeStrays(of: name, in: folder)
    let aside = "\(folder)/\(PartialFile.name(for: name))"
    guard rename(root, aside) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return }
      throw VolumeError(errno: errno, path: path, "cannot be removed")
    }
    try removeTree(at: aside)
  }
}
