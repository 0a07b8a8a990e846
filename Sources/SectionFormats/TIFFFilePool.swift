import Synchronization
import VolumeStore

/// One open TIFF file, used by one thread at a time.
final class TIFFFile: Sendable {
  let path: String
  private let handle: Mutex<TIFFHandle>

  init(_ path: String) throws(VolumeError) {
    self.path = path
    handle = Mutex(try TIFFHandle.reading(path))
  }

  func use<Result>(
    _ body: (borrowing TIFFHandle) throws(VolumeError) -> Result
  ) throws(VolumeError) -> Result {
    try handle.withLock { handle throws(VolumeError) in try body(handle) }
  }
}

/// The open files of a stack: at most a few that nobody uses, and one for each thread that reads.
final class TIFFFilePool: Sendable {
  /// The most files kept open while nobody uses them.
  static let capacity = 16

  private let idle = Mutex<[TIFFFile]>([])

  /// Calls a body with an open file that no other thread uses.
  func use<Result>(
    _ path: String, _ body: (borrowing TIFFHandle) throws(VolumeError) -> Result
  ) throws(VolumeError) -> Result {
    let known = idle.withLock { files in
      files.lastIndex { $0.path == path }.map { files.remove(at: $0) }
    }
    // A file that failed is not given back: the next use opens it afresh.
    let file: TIFFFile
    if let known { file = known } else { file = try TIFFFile(path) }
    let result = try file.use(body)
    idle.withLock { files in
      if files.count >= TIFFFilePool.capacity { files.removeFirst() }
      files.append(file)
    }
    return result
  }
}
