import Glibc

// Unsafe code of reading without a length: the pointer handed to the system is that of an array
// that outlives the call.

/// Files that the kernel makes up as they are read, such as those in `/proc`; they have no length.
package enum SystemFile {
  /// The bytes of a file up to a limit; nil where there is none or the system refuses.
  package static func contents(of path: String, limit: Int = 1 << 20) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 12)
    while bytes.count < limit {
      // Sound: the array outlives the call and is as long as said.
      let count = piece.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count == 0 { break }
      if count > 0 {
        bytes += piece.prefix(count)
      } else if errno != EINTR {
        return nil
      }
    }
    return bytes
  }
}
