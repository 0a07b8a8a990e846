import Glibc

extension FileStore {
  /// Calls a body with the key of every file below the store's folder, in no order.
  ///
  /// One folder is open for each level of folders; names are not collected.
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
    guard let handle = opendir(folder) else {
      guard errno == ENOENT, depth == 0 else {
        throw VolumeError(errno: errno, path: folder, "cannot list the folder")
      }
      return
    }
    defer { closedir(handle) }
    while true {
      errno = 0
      guard let entry = readdir(handle) else {
        guard errno == 0 else {
          throw VolumeError(errno: errno, path: folder, "cannot list the folder")
        }
        return
      }
      let name = Self.name(of: entry)
      guard name != ".", name != ".." else { continue }
      let key = prefix.isEmpty ? name : "\(prefix)/\(name)"
      var status = stat()
      // A file that went away since it was listed is no file of the store.
      guard lstat(path(of: key), &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR {
        try walk(key, depth: depth + 1, body)
      } else {
        try body(key)
      }
    }
  }

  /// Removes partial files whose writers are no more.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  public func removeStrayPartials() throws(VolumeError) {
    try forEachKey { (key) throws(VolumeError) in
      let name = key.split(separator: "/").last.map(String.init) ?? key
      guard PartialFile.isStray(name, path: self.path(of: key)) else { return }
      try self.remove(key)
    }
  }

  /// Removes a whole Zarr store.
  ///
  /// The store is taken from its place in one step, so that no half of it is ever found there.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`, or `alreadyExists` where the folder holds
  ///   something that is no Zarr store: it is left alone.
  public static func removeZarrStore(at path: String) throws(VolumeError) {
    let store = FileStore(root: path)
    guard try store.exists("") else { return }
    let isWhole = try store.exists(ZarrArray.metadataKey)
    let isStarted = try store.exists("0/\(ZarrArray.metadataKey)")
    guard isWhole || isStarted else {
      throw VolumeError(
        .alreadyExists, path: path, "the folder is no Zarr store and is not replaced",
        remedy: "remove it yourself or choose another output")
    }
    let (folder, name) = split(store.root)
    let aside = FileStore(root: "\(folder)/\(PartialFile.name(for: name))")
    guard rename(store.root, aside.root) == 0 else {
      throw VolumeError(errno: errno, path: path, "cannot remove the store")
    }
    try aside.removeTree()
  }

  private func removeTree() throws(VolumeError) {
    try forEachKey { (key) throws(VolumeError) in try self.remove(key) }
    try removeFolders(root)
  }

  /// Removes folders that hold nothing but folders.
  private func removeFolders(_ folder: String) throws(VolumeError) {
    for name in try subfolders(folder) { try removeFolders("\(folder)/\(name)") }
    guard rmdir(folder) == 0 else {
      throw VolumeError(errno: errno, path: folder, "cannot remove the folder")
    }
  }

  private func subfolders(_ folder: String) throws(VolumeError) -> [String] {
    guard let handle = opendir(folder) else {
      throw VolumeError(errno: errno, path: folder, "cannot list the folder")
    }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = Self.name(of: entry)
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
    withUnsafePointer(to: &entry.pointee.d_name) {
      // Sound: the system ends the name with a zero within the entry.
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
  }
}
