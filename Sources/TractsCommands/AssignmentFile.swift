import Synchronization
import VolumeStore

/// A text file of the nodes of each streamline, as `connectome2tck` reads it.
final class AssignmentFile: Sendable {
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var file: NewFile
    var offset = 0
  }

  /// Creates a file that begins with a comment.
  ///
  /// - Throws: ``VolumeError``.
  init(path: String, replacing: Bool, comment: String) throws(VolumeError) {
    state = Mutex(State(file: try NewFile(path: path, replacing: replacing)))
    try append(Array("# \(comment)\n".utf8))
  }

  /// Adds lines.
  func append(_ bytes: [UInt8]) throws(VolumeError) {
    try state.withLock { state throws(VolumeError) in
      try state.file.write(bytes.rawSpan, at: state.offset)
      state.offset += bytes.count
    }
  }

  /// Gives the file its name.
  func finish() throws(VolumeError) {
    try state.withLock { state throws(VolumeError) in try state.file.commit() }
  }
}
