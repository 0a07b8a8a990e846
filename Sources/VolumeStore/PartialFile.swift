import CSystem
import Codecs
import Glibc

/// A file, or a folder, on its way to its final name or away from it:
/// `.<name>.<process>.<host><random>.partial`.
package enum PartialFile {
  /// How long a partial file of another machine may rest before it counts as left behind.
  private static let patience = 24 * 60 * 60

  /// A new name beside the final one.
  package static func name(for name: String) -> String {
    let random = UInt32.random(in: 0...UInt32.max)
    return ".\(name).\(getpid()).\(host)\(hexadecimal(random)).partial"
  }

  /// Creates the file and writes all bytes, which start on their way to the disk; removes it on
  /// failure.
  ///
  /// - Returns: The open file.
  static func begin(
    _ bytes: RawSpan, to partial: String, for target: String
  ) throws(VolumeError) -> Int32 {
    let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw VolumeError(errno: errno, path: target, "cannot create the file")
    }
    let code = writeAll(bytes, to: descriptor)
    guard code == 0 else {
      close(descriptor)
      unlink(partial)
      throw VolumeError(errno: code, path: target, "cannot write the file")
    }
    // A hint, which a file system may not know: what counts is the `fsync` that follows.
    _ = csystem_start_writing(descriptor)
    return descriptor
  }

  /// Makes a begun file durable, closes it and gives it its name; removes it on failure.
  static func finish(
    _ descriptor: Int32, _ partial: String, for target: String
  ) throws(VolumeError) {
    var code = fsync(descriptor) == 0 ? 0 : errno
    if close(descriptor) != 0, code == 0 { code = errno }
    guard code == 0 else {
      unlink(partial)
      throw VolumeError(errno: code, path: target, "cannot write the file")
    }
    guard rename(partial, target) == 0 else {
      let code = errno
      unlink(partial)
      throw VolumeError(errno: code, path: target, "cannot put the file in its place")
    }
  }

  /// Makes a file durable that another library has written.
  package static func synchronize(_ partial: String, for target: String) throws(VolumeError) {
    let descriptor = open(partial, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw VolumeError(errno: errno, path: target, "cannot open the file")
    }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else {
      throw VolumeError(errno: errno, path: target, "cannot make the file durable")
    }
  }

  /// Whether a file's name is that of a partial file.
  package static func isPartial(_ name: String) -> Bool {
    name.hasPrefix(".") && name.hasSuffix(".partial")
  }

  /// Whether a path is that of a partial file left by a writer that is no more.
  static func isStray(_ path: String) -> Bool {
    let name = FileStore.split(path).name
    let parts = name.split(separator: ".")
    guard isPartial(name), parts.count >= 4, let process = Int32(parts[parts.count - 3]),
      parts[parts.count - 2].utf8.count == 16
    else { return false }
    if parts[parts.count - 2].hasPrefix(host) {
      return process != getpid() && kill(process, 0) != 0 && errno == ESRCH
    }
    // Another machine's process cannot be asked.
    var status = stat()
    return stat(path, &status) == 0 && time(nil) - status.st_mtim.tv_sec > patience
  }

  /// Removes what writers that are no more left of one name.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  package static func removeStrays(of name: String, in folder: String) throws(VolumeError) {
    try remove(of: name, in: folder, where: isStray)
  }

  static func remove(
    of name: String, in folder: String, where isLeftBehind: (_ path: String) -> Bool
  ) throws(VolumeError) {
    let prefix = ".\(name)."
    try forEachEntry(ofFolder: folder) { (partial, _) throws(VolumeError) in
      // Between the value's name and the ending lie the process and the random digits.
      guard isPartial(partial), partial.hasPrefix(prefix),
        partial.dropFirst(prefix.count).split(separator: ".").count == 3,
        isLeftBehind("\(folder)/\(partial)")
      else { return }
      try FileStore.removeTree(at: "\(folder)/\(partial)")
    }
  }

  /// Eight digits that tell this machine from others on a shared file system.
  private static let host: String = {
    guard let name = hostName() else { return "00000000" }
    return hexadecimal(crc32c(Array(name.utf8).span.bytes))
  }()

  private static func hexadecimal(_ word: UInt32) -> String {
    let text = String(word, radix: 16)
    return String(repeating: "0", count: 8 - text.count) + text
  }
}
