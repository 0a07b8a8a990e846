import Codecs
import Glibc

/// A file on its way to its final name: `.<name>.<process>.<host><random>.partial`.
enum PartialFile {
  /// How long a partial file of another machine may rest before it counts as left behind.
  private static let patience = 24 * 60 * 60

  static func name(for name: String) -> String {
    let random = UInt32.random(in: 0...UInt32.max)
    return ".\(name).\(getpid()).\(host)\(hexadecimal(random)).partial"
  }

  /// Creates the file, writes all bytes, makes them durable and closes; removes it on failure.
  static func write(_ bytes: RawSpan, to partial: String, for target: String) throws(VolumeError) {
    let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw VolumeError(errno: errno, path: target, "cannot create the file")
    }
    var code = bytes.withUnsafeBytes { buffer in writeAll(buffer, to: descriptor) }
    if code == 0, fsync(descriptor) != 0 { code = errno }
    if close(descriptor) != 0, code == 0 { code = errno }
    guard code == 0 else {
      unlink(partial)
      throw VolumeError(errno: code, path: target, "cannot write the file")
    }
  }

  /// The error of the first failed write, or zero.
  private static func writeAll(_ buffer: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
    var written = 0
    while written < buffer.count {
      // Sound: the source lies within the buffer.
      let step = Glibc.write(
        descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
      if step >= 0 {
        written += step
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }

  /// Whether a file's name is that of a partial file.
  static func isPartial(_ name: String) -> Bool {
    name.hasPrefix(".") && name.hasSuffix(".partial")
  }

  /// Whether a partial file was left by a writer that is no more.
  static func isStray(_ name: String, path: String) -> Bool {
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

  /// Eight digits that tell this machine from others on a shared file system.
  private static let host: String = {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "00000000" }
    return hexadecimal(crc32c(name.span.bytes))
  }()

  private static func hexadecimal(_ word: UInt32) -> String {
    let text = String(word, radix: 16)
    return String(repeating: "0", count: 8 - text.count) + text
  }
}
