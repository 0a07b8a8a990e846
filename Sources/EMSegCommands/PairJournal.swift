import Codecs
import Synchronization
import VolumeStore

/// The table of judged pairs, while it is written: it grows line by line beside its final name.
///
/// Every line is durable before the next pair is judged. The first says of which run the table is;
/// a last line that a crash has torn is dropped.
final class PairJournal: Sendable {
  private static let side = ["z", "y", "x", "attempts", "calls", "recovered", "voxels"]
  private static let columns =
    ["segment_a", "segment_b", "z", "y", "x", "voxels_a", "voxels_b"]
    + ["from_a", "from_b"].flatMap { name in
      (side + ["consistency_a", "consistency_b", "deleted_fraction"]).map { "\(name)_\($0)" }
    } + ["overlap", "score", "cost", "one"]

  /// The values that a pair without a judgement leaves empty.
  static let empty = columns.count - 5

  /// The lines of the pairs that an earlier run judged.
  let lines: [String]
  private let output: String
  private let unfinished: String
  private let file: Mutex<AppendOnlyFile>
  private let added = Mutex<[String]>([])

  /// Begins a table, or goes on with one of the same run.
  ///
  /// - Throws: ``VolumeError`` where another run's unfinished table is there, or the system refuses.
  init(output: String, identity: String) throws {
    self.output = FileStore(root: output).root
    unfinished = OutputImage.unfinishedPath(of: self.output)
    try ExistingOutput.createFolder(of: self.output)
    let (folder, name) = FileStore.split(unfinished)
    let store = FileStore(root: folder)
    let mark = "run \(ContentDigest(of: Array(identity.utf8)))"
    var found: [String] = []
    if let bytes = try store.read(name, limit: 1 << 32) {
      var parts = String(decoding: bytes, as: UTF8.self)
        .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      // What follows the last line feed is empty, or torn.
      parts.removeLast()
      if let first = parts.first {
        guard first == mark else {
          throw ExistingOutput.error(
            unfinished, "an unfinished run of other input or with other parameters left it")
        }
        found = Array(parts.dropFirst())
      }
    }
    lines = found
    let sound = Array(([mark] + found).map { $0 + "\n" }.joined().utf8)
    try store.write(sound.rawSpan, to: name)
    try store.synchronize()
    file = Mutex(try AppendOnlyFile(path: unfinished))
  }

  /// The error of an unfinished table that has more pairs than there are.
  var error: VolumeError {
    ExistingOutput.error(unfinished, "it has more pairs than the table that it is of")
  }

  /// Adds a pair.
  ///
  /// - Returns: The line.
  func append(_ line: String) throws -> String {
    try file.withLock { file in try file.append(Array((line + "\n").utf8)) }
    added.withLock { $0.append(line) }
    return line
  }

  /// Writes the table under its name.
  func finish() throws {
    let all = [Self.columns.joined(separator: ",")] + lines + added.withLock { $0 }
    let bytes = Array(all.map { $0 + "\n" }.joined().utf8)
    let (folder, name) = FileStore.split(output)
    try FileStore(root: folder).write(bytes.rawSpan, to: name)
    try FileStore(root: folder).synchronize()
    let (other, left) = FileStore.split(unfinished)
    try FileStore(root: other).remove(left)
  }
}
