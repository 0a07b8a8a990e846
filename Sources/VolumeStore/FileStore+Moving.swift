import Glibc

extension FileStore {
  /// Gives the store's folder another name on the same disk, in one step that is durable when this
  /// returns.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`, also where a folder with something in it has the
  ///   name already.
  public func move(to path: String) throws(VolumeError) {
    try synchronize()
    guard rename(root, path) == 0 else {
      throw VolumeError(errno: errno, path: path, "cannot put the finished folder in its place")
    }
    for folder in Set([Self.split(root).folder, Self.split(path).folder]) {
      try Self.synchronizeFolder(folder)
    }
  }
}
