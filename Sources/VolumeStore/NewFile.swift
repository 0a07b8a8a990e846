import Glibc

// Unsafe code of writing at a position.

/// A file being written at any offset, by any number of threads, under a partial name.
///
/// It gets its own name once it is complete; one that is never finished leaves nothing.
package struct NewFile: ~Copyable {
  private var pending: PendingFile
  private let descriptor: Int32
  private var isOpen = true

  /// Creates the partial file.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` or `inputOutput`.
  package init(path: String, replacing: Bool) throws(VolumeError) {
    let pending = try PendingFile(path: path, replacing: replacing)
    let created = open(pending.partialPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard created >= 0 else {
      throw VolumeError(errno: errno, path: path, "cannot create the file")
    }
    descriptor = created
    self.pending = pending
  }

  deinit {
    if isOpen { close(descriptor) }
  }

  /// The name the file gets.
  package var path: String { pending.path }

  /// Writes bytes at an offset.
  package func write(_ bytes: RawSpan, at offset: Int) throws(VolumeError) {
    let code = bytes.withUnsafeBytes { buffer -> Int32 in
      var written = 0
      while written < buffer.count {
        // Sound: the source lies within the buffer.
        let step = pwrite(
          descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written,
          offset + written)
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
    guard code == 0 else { throw VolumeError(errno: code, path: path, "cannot write the file") }
  }

  /// Reads back what was written.
  package func read(at offset: Int, count: Int) throws(VolumeError) -> [UInt8] {
    try uninitializedValues(count) { (target) throws(VolumeError) in
      let received = try readAll(
        from: descriptor, at: offset, into: &target, 0..<count, path: path)
      guard received == count else {
        throw VolumeError(.inputOutput, path: path, "the file is shorter than what was written")
      }
    }
  }

  /// Makes the complete file durable and gives it its name.
  package mutating func commit() throws(VolumeError) {
    precondition(isOpen, "the file is finished already")
    isOpen = false
    guard close(descriptor) == 0 else {
      throw VolumeError(errno: errno, path: path, "cannot close the file")
    }
    try pending.commit()
  }
}
