import Glibc
import VolumeStore

// Calls of the operating system; each use of an unsafe pointer states why it is sound.

/// What the file system says of a path.
struct FileStatus {
  var isFolder: Bool
  var isRegularFile: Bool
  var byteCount: Int

  /// The status, or nil where nothing is there.
  init?(_ path: String) throws(VolumeError) {
    var status = stat()
    // Sound: the status outlives the call.
    guard stat(path, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw VolumeError(errno: errno, path: path, "cannot be examined")
    }
    isFolder = status.st_mode & S_IFMT == S_IFDIR
    isRegularFile = status.st_mode & S_IFMT == S_IFREG
    byteCount = Int(status.st_size)
  }

  /// The status of a file that has to be there.
  static func ofFile(_ path: String) throws(VolumeError) -> FileStatus {
    guard let status = try FileStatus(path) else {
      throw VolumeError(.notFound, path: path, "no such file")
    }
    guard status.isRegularFile else {
      throw VolumeError(
        .unsupportedFeature, path: path, "is not a regular file",
        remedy: "copy its contents into a file")
    }
    return status
  }
}

/// The names in a folder, hidden ones left out, in no particular order.
func fileNames(inFolder path: String) throws(VolumeError) -> [String] {
  guard let folder = opendir(path) else {
    throw VolumeError(errno: errno, path: path, "cannot be listed")
  }
  defer { closedir(folder) }
  var names: [String] = []
  while true {
    errno = 0
    guard let entry = readdir(folder) else {
      guard errno == 0 else { throw VolumeError(errno: errno, path: path, "cannot be listed") }
      return names
    }
    // Sound: an entry's name is a terminated string that stays valid until the next call.
    let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
      name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if !name.hasPrefix(".") { names.append(name) }
  }
}

/// The paths that match a shell pattern, in no particular order; none is no error.
func paths(matching pattern: String) throws(VolumeError) -> [String] {
  var matches = glob_t()
  defer { globfree(&matches) }
  // Sound: the result is freed above, after its strings were copied.
  let status = glob(pattern, GLOB_NOSORT, nil, &matches)
  guard status != GLOB_NOMATCH else { return [] }
  guard status == 0 else {
    throw VolumeError(.inputOutput, path: pattern, "the pattern cannot be searched")
  }
  var paths: [String] = []
  for index in 0..<Int(matches.gl_pathc) {
    guard let path = matches.gl_pathv[index] else { continue }
    paths.append(String(cString: path))
  }
  return paths
}

/// The first bytes of a file, fewer where it is shorter.
func firstBytes(_ count: Int, ofFile path: String, from offset: Int = 0) throws(VolumeError)
  -> [UInt8]
{
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { throw VolumeError(errno: errno, path: path, "cannot be opened") }
  defer { close(file) }
  var bytes = [UInt8](repeating: 0, count: count)
  // Sound: the buffer holds the count asked for.
  let received = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, count, offset) }
  guard received >= 0 else { throw VolumeError(errno: errno, path: path, "cannot be read") }
  bytes.removeSubrange(received...)
  return bytes
}

/// Fills part of a span from a file position; false where the file ends before.
func fill(
  _ target: inout MutableRawSpan, _ range: Range<Int>, fromFile descriptor: Int32, at offset: Int,
  path: String
) throws(VolumeError) -> Bool {
  precondition(range.lowerBound >= 0 && range.upperBound <= target.byteCount, "outside the span")
  var done = 0
  while done < range.count {
    // Sound: the range was checked above.
    let received = target.withUnsafeMutableBytes { bytes in
      pread(
        descriptor, bytes.baseAddress.map { $0 + range.lowerBound + done }, range.count - done,
        offset + done)
    }
    if received < 0 && errno == EINTR { continue }
    guard received >= 0 else { throw VolumeError(errno: errno, path: path, "cannot be read") }
    guard received > 0 else { return false }
    done += received
  }
  return true
}
