import Codecs
import Glibc
import Synchronization

/// A folder of values by key, where a key is a relative path such as `c/0/1/2`.
///
/// A value is always whole: it is written to a `.partial` file beside its place, made durable and
/// renamed. Values are read by `pread`, never mapped, so that a file cut short while it is read is
/// an error and not a crash.
public final class FileStore: Sendable {
  /// The folder.
  public let root: String
  /// Folders that have changed since they were last made durable.
  private let touched = Mutex<Set<String>>([])
  /// Held while folders are made durable.
  private let synchronizing = Mutex(())
  /// Folders known to exist, so that writing a chunk does not ask again.
  private let known = Mutex<Set<String>>([])

  /// Uses a folder, which need not exist yet.
  public init(root: String) {
    self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
  }

  /// The file that holds a key's value.
  public func path(of key: String) -> String { key.isEmpty ? root : "\(root)/\(key)" }

  /// Whether anything, file or folder, lies under the key.
  public func exists(_ key: String) throws(VolumeError) -> Bool {
    try FileStatus(path(of: key)) != nil
  }

  /// Reads a whole value of at most `limit` bytes; nil where there is none.
  public func read(_ key: String, limit: Int) throws(VolumeError) -> [UInt8]? {
    guard let file = try openFile(key) else { return nil }
    guard file.byteCount <= limit else {
      throw VolumeError(
        .limitExceeded, path: file.path, "the file is too large",
        found: "\(file.byteCount) bytes", expected: "at most \(limit)")
    }
    return try file.read(at: 0, count: file.byteCount)
  }

  /// Opens a value to read parts of it; nil where there is none.
  package func openFile(_ key: String) throws(VolumeError) -> StoredFile? {
    try StoredFile(path: path(of: key))
  }

  /// Stores a value whole, or not at all, in place of one that may be there.
  ///
  /// The file is durable when this returns, its name once ``synchronize()`` has returned.
  public func write(_ bytes: RawSpan, to key: String) throws(VolumeError) {
    var group = WriteGroup(to: self)
    try group.write(bytes, to: key)
    try group.finish()
  }

  /// Creates a value's file beside its place.
  func begin(_ bytes: RawSpan, to key: String) throws(VolumeError) -> WriteGroup.Pending {
    let target = path(of: key)
    let (folder, name) = Self.split(target)
    try createFolder(folder)
    let partial = "\(folder)/\(PartialFile.name(for: name))"
    let descriptor = try PartialFile.begin(bytes, to: partial, for: target)
    return WriteGroup.Pending(
      descriptor: descriptor, partial: partial, target: target, folder: folder)
  }

  /// Makes a value durable and puts it in its place.
  func finish(_ pending: WriteGroup.Pending) throws(VolumeError) {
    try PartialFile.finish(pending.descriptor, pending.partial, for: pending.target)
    touched.withLock { _ = $0.insert(pending.folder) }
  }

  /// Removes a value; none is no error.
  public func remove(_ key: String) throws(VolumeError) {
    let target = path(of: key)
    guard unlink(target) != 0 else {
      touched.withLock { _ = $0.insert(Self.split(target).folder) }
      return
    }
    guard errno == ENOENT || errno == ENOTDIR else {
      throw VolumeError(errno: errno, path: target, "cannot remove the file")
    }
  }

  /// Makes the names of everything written so far durable.
  ///
  /// A caller that finds another at it waits: what the other took on is durable too on return.
  public func synchronize() throws(VolumeError) {
    try synchronizing.withLock { _ throws(VolumeError) in
      let folders = touched.withLock { folders in
        defer { folders = [] }
        return folders
      }
      for folder in folders.sorted() {
        do throws(VolumeError) {
          try Self.synchronizeFolder(folder)
        } catch {
          touched.withLock { $0.formUnion(folders) }
          throw error
        }
      }
    }
  }

  /// Creates the store's folder and the folders above it.
  package func createRoot() throws(VolumeError) { try createFolder(root) }

  private func createFolder(_ folder: String) throws(VolumeError) {
    guard !known.withLock({ $0.contains(folder) }) else { return }
    if mkdir(folder, 0o777) != 0 {
      switch errno {
      case EEXIST:
        guard try FileStatus(folder)?.isFolder == true else {
          throw VolumeError(
            .inputOutput, path: folder, "cannot create the folder",
            found: "a file of that name", remedy: "choose another output")
        }
      case ENOENT:
        let above = Self.split(folder).folder
        guard above != folder else {
          throw VolumeError(errno: ENOENT, path: folder, "cannot create the folder")
        }
        try createFolder(above)
        guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
          throw VolumeError(errno: errno, path: folder, "cannot create the folder")
        }
        touched.withLock { _ = $0.insert(above) }
      default:
        throw VolumeError(errno: errno, path: folder, "cannot create the folder")
      }
    } else {
      touched.withLock { _ = $0.insert(Self.split(folder).folder) }
    }
    known.withLock { _ = $0.insert(folder) }
  }

  /// Makes the names in a folder durable.
  package static func synchronizeFolder(_ folder: String) throws(VolumeError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw VolumeError(errno: errno, path: folder, "cannot make the folder durable")
    }
    let isDurable = fsync(descriptor) == 0
    let code = errno
    close(descriptor)
    // Some network file systems have no durable folders to offer; their files are durable.
    guard isDurable || code == EINVAL || code == ENOTSUP else {
      throw VolumeError(errno: code, path: folder, "cannot make the folder durable")
    }
  }

  /// A path's folder, `.` where it names none, and its last component.
  package static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = slash == path.startIndex ? "/" : String(path[..<slash])
    return (folder, String(path[path.index(after: slash)...]))
  }
}
