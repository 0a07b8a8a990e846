import Glibc

// Unsafe code of locking: each pointer handed to the system is that of an array that outlives the
// call.

/// A lock on a path that one process at a time holds, and that no dead process can keep.
///
/// The lock is the kernel's (`flock`) on a file that names its holder. The file is removed on
/// release; one left by a process that was killed is taken over.
public struct FileLock: ~Copyable, Sendable {
  /// The lock file's path.
  public let path: String
  private let descriptor: Int32

  /// Takes the lock, or gives nil and the holder's description where another process has it.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput` where the file cannot be made or locked.
  public static func take(
    path: String, holder: String
  ) throws(VolumeError) -> FileLockResult {
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else {
        throw VolumeError(errno: errno, path: path, "cannot create the lock file")
      }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let code = errno
        let other = code == EWOULDBLOCK ? contents(descriptor) : ""
        close(descriptor)
        if code == EINTR { continue }
        guard code == EWOULDBLOCK else {
          throw VolumeError(
            errno: code, path: path, "cannot lock the file; does its file system have locks?")
        }
        return .held(by: other)
      }
      // A holder that just let go may have removed the file that was opened here.
      var ours = stat()
      var named = stat()
      guard fstat(descriptor, &ours) == 0, stat(path, &named) == 0, ours.st_ino == named.st_ino,
        ours.st_dev == named.st_dev
      else {
        close(descriptor)
        continue
      }
      let text = Array(holder.utf8)
      _ = ftruncate(descriptor, 0)
      // Sound: the array outlives the call. The text is for messages: a short write does no harm.
      _ = text.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
      return .taken(FileLock(path: path, descriptor: descriptor))
    }
  }

  private init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit {
    unlink(path)
    close(descriptor)
  }

  private static func contents(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 256)
    // Sound: the array outlives the call and is as long as said.
    let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}

/// What asking for a ``FileLock`` gave.
public enum FileLockResult: ~Copyable, Sendable {
  /// The lock, held until it is let go of.
  case taken(FileLock)
  /// How the process that holds the lock describes itself.
  case held(by: String)
}

/// This process, as a lock file names it: process number and host.
public func describeThisProcess() -> String {
  "process \(getpid()) on \(hostName() ?? "an unknown host")"
}

/// The name of this machine; nil where the system does not tell.
func hostName() -> String? {
  var name = [CChar](repeating: 0, count: 256)
  // Sound: the array outlives the call; one byte less than it holds is offered, so that a cut
  // name still ends in a zero.
  guard gethostname(&name, name.count - 1) == 0 else { return nil }
  return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
