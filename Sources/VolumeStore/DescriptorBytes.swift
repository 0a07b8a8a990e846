import Glibc

// Unsafe code of reading and writing open files.

/// Fills part of a span from a file's position on.
///
/// - Returns: The bytes received: fewer than asked for where the file ends before.
/// - Throws: ``VolumeError`` with `inputOutput`.
package func readAll(
  from descriptor: Int32, at offset: Int, into target: inout MutableRawSpan, _ range: Range<Int>,
  path: String
) throws(VolumeError) -> Int {
  precondition(
    range.lowerBound >= 0 && range.upperBound <= target.byteCount, "outside the target")
  var received = 0
  while received < range.count {
    let step = target.withUnsafeMutableBytes { bytes in
      // Sound: the range was checked above, and no more than the rest of it is asked for.
      pread(
        descriptor, bytes.baseAddress.map { $0 + range.lowerBound + received },
        range.count - received, offset + received)
    }
    if step == 0 { break }
    if step > 0 {
      received += step
    } else if errno != EINTR {
      throw VolumeError(errno: errno, path: path, "cannot read the file")
    }
  }
  return received
}

/// Writes bytes at a file's position.
///
/// - Returns: The error of the first write that failed, or zero.
package func writeAll(_ bytes: RawSpan, to descriptor: Int32) -> Int32 {
  bytes.withUnsafeBytes { buffer in
    var written = 0
    while written < buffer.count {
      // Sound: the source lies within the buffer.
      let step = Glibc.write(
        descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
      if step > 0 {
        written += step
      } else if step == 0 {
        return EIO
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }
}
