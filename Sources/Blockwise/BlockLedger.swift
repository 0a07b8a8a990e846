import Codecs
import FoundationEssentials
import Synchronization
import VolumeStore
import Voxels

/// One block that is done: what it reported and what it stored.
struct LedgerEntry<Report: Codable & Sendable>: Codable, Sendable {
  var index: Int
  var report: Report
  /// One list for each output of the stage, sorted by key.
  var written: [[ChunkRecord]]
}

/// The file that knows which blocks of a stage are done.
///
/// The first line says what run the ledger belongs to; each following line is one block that is
/// done, with what it reported and what it stored. A line is the CRC-32C of its text in eight
/// hexadecimal digits, a space, the text as JSON with sorted keys, and a line feed.
///
/// While the stage runs, lines are appended as blocks finish, each durable before the block counts
/// as done. A line torn or damaged by a crash fails its checksum and its block runs again.
/// ``seal()`` rewrites the file in grid order and ends it with a closing line, so that a finished
/// ledger has the same bytes however often the run was killed and however many workers it had.
final class BlockLedger<Report: Codable & Sendable>: Sendable {
  private struct State: ~Copyable {
    var file: AppendOnlyFile?
    var entries: [LedgerEntry<Report>?]
    var isSealed: Bool
  }

  let path: String
  private let header: LedgerHeader
  private let lock: FileLock
  private let state: Mutex<State>

  /// Opens or starts the ledger of a run.
  ///
  /// - Throws: ``LedgerError``; ``VolumeError`` where the system refuses.
  init(
    path: String, header: LedgerHeader, outputCount: Int, notice: (String) -> Void
  ) throws {
    self.path = path
    self.header = header
    lock = try takeLock(ledger: path)
    let (store, name) = ledgerStore(path)
    try store.removePartialFiles(of: name)
    var contents = LedgerContents<Report>(blockCount: header.blockCount)
    if let bytes = try ledgerBytes(path) {
      contents = try LedgerContents(
        bytes, path: path, header: header, outputCount: outputCount)
      if contents.damagedLines > 0 {
        notice(
          "\(path): \(contents.damagedLines) damaged or unfinished lines dropped; "
            + "their blocks run again")
      }
    } else {
      contents.damagedLines = 1
    }
    // A new ledger, or one with bad lines, is written whole before anything is appended to it.
    if contents.damagedLines > 0 {
      contents.isSealed = false
      try writeWhole(contents.entries, path: path, header: header, sealed: false)
    }
    state = Mutex(State(file: nil, entries: contents.entries, isSealed: contents.isSealed))
  }

  /// The blocks that are done, by their place in the grid.
  var entries: [LedgerEntry<Report>?] { state.withLock { $0.entries } }

  /// Whether the stage was finished.
  var isSealed: Bool { state.withLock { $0.isSealed } }

  /// Adds a block whose output is durable.
  func record(_ entry: LedgerEntry<Report>) throws {
    let line = try ledgerLine(entry)
    try state.withLock { state in
      precondition(!state.isSealed, "a sealed ledger takes no more blocks")
      if state.file == nil { state.file = try AppendOnlyFile(path: path) }
      try state.file?.append(line)
      state.entries[entry.index] = entry
    }
  }

  /// Forgets blocks whose output is no longer there, and opens a sealed ledger again.
  func forget(_ indices: [Int]) throws {
    try state.withLock { state in
      for index in indices { state.entries[index] = nil }
      state.file = nil
      state.isSealed = false
      try writeWhole(state.entries, path: path, header: header, sealed: false)
    }
  }

  /// Closes the ledger of a finished stage.
  func seal() throws {
    try state.withLock { state in
      precondition(
        state.entries.allSatisfy { $0 != nil }, "a ledger is sealed once every block is done")
      state.file = nil
      try writeWhole(state.entries, path: path, header: header, sealed: true)
      state.isSealed = true
    }
  }
}

private func takeLock(ledger path: String) throws -> FileLock {
  try ledgerStore(path).store.createRoot()
  switch try FileLock.take(path: path + ".lock", holder: describeThisProcess()) {
  case .taken(let lock): return lock
  case .held(let holder):
    throw LedgerError(
      .inUse, path: path, "in use by \(holder.isEmpty ? "another process" : holder)",
      remedy: "wait for it, or stop it and run again to resume")
  }
}

private func writeWhole<Report>(
  _ entries: [LedgerEntry<Report>?], path: String, header: LedgerHeader, sealed: Bool
) throws {
  var bytes = try ledgerLine(header)
  for case .some(let entry) in entries { bytes += try ledgerLine(entry) }
  if sealed { bytes += try ledgerLine(LedgerSeal(blocks: entries.count)) }
  let (store, name) = ledgerStore(path)
  try store.write(bytes.rawSpan, to: name)
  try store.synchronize()
}

/// The bytes of a ledger; nil where there is none.
func ledgerBytes(_ path: String) throws(VolumeError) -> [UInt8]? {
  let (store, name) = ledgerStore(path)
  return try store.read(name, limit: 1 << 32)
}

private func ledgerStore(_ path: String) -> (store: FileStore, name: String) {
  guard let slash = path.lastIndex(of: "/") else { return (FileStore(root: "."), path) }
  let folder = slash == path.startIndex ? "/" : String(path[..<slash])
  return (FileStore(root: folder), String(path[path.index(after: slash)...]))
}
