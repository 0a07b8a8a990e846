import Glibc

/// A folder that is gone when the test is.
public final class TemporaryFolder: Sendable {
  /// The folder's path.
  public let path: String

  /// Creates an empty folder.
  public init() {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/fascicle-XXXXXX".utf8CString)
    precondition(mkdtemp(&template) != nil, "cannot create a temporary folder in \(base)")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.remove(path) }

  /// The path of something in the folder.
  public func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  private static func remove(_ path: String) {
    for name in folderContents(path) {
      let child = "\(path)/\(name)"
      if isFolder(child) { remove(child) } else { unlink(child) }
    }
    rmdir(path)
  }
}

/// The names in a folder, sorted; none where there is no folder.
public func folderContents(_ path: String) -> [String] {
  guard let folder = opendir(path) else { return [] }
  defer { closedir(folder) }
  var names: [String] = []
  while let entry = readdir(folder) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted()
}

/// Whether a path is a folder, itself and not through a link.
public func isFolder(_ path: String) -> Bool {
  var status = stat()
  return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// Every file below a folder, as sorted paths relative to it.
public func filesBelow(_ folder: String) -> [String] {
  var files: [String] = []
  for name in folderContents(folder) {
    let child = "\(folder)/\(name)"
    if isFolder(child) {
      files += filesBelow(child).map { "\(name)/\($0)" }
    } else {
      files.append(name)
    }
  }
  return files.sorted()
}

/// The bytes of a file; a test that names a file that is not there is wrong.
public func contents(of path: String) -> [UInt8] {
  let descriptor = open(path, O_RDONLY)
  precondition(descriptor >= 0, "no file \(path)")
  defer { close(descriptor) }
  var status = stat()
  fstat(descriptor, &status)
  var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
  let count = read(descriptor, &bytes, bytes.count)
  precondition(count == bytes.count, "cannot read \(path)")
  return bytes
}

/// Replaces a file's bytes, or creates it.
public func overwrite(_ path: String, with bytes: [UInt8]) {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
  precondition(descriptor >= 0 && write(descriptor, bytes, bytes.count) == bytes.count, "\(path)")
  close(descriptor)
}

/// Removes a file.
public func removeFile(_ path: String) { unlink(path) }
