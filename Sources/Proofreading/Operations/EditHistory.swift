import Codecs
import VolumeStore

/// The edit log up to an entry: what stands, and the segments that follow from it.
struct EditHistory {
  /// What is known of an operation without its payload.
  struct Record: Hashable {
    var kind: EditOperation.Kind
    var target: Int64?
    var status: EditOperation.Status
  }

  /// The segments after all operations that are done.
  private(set) var state: SegmentState
  /// The last entry, and its hash.
  private(set) var sequence: Int64
  private(set) var hash: String
  private(set) var time: Int64
  /// Every operation, by number, from 1.
  private(set) var records: [Record]
  /// The operations that are created and have not ended.
  private(set) var pending: [Int64] = []
  /// The largest id that any supervoxel ever had.
  private(set) var largestSupervoxel: UInt64
  /// For every edit, the operation that made it stand or fall last.
  private(set) var standings: [Int64: Standing] = [:]

  /// Whether an edit stands.
  struct Standing: Hashable {
    var isStanding: Bool
    /// The edit itself, or the last undo or redo of it.
    var operation: Int64
  }

  /// The history before all operations.
  init(_ base: BaseGraph) {
    state = SegmentState(base)
    sequence = 0
    hash = base.identity.description
    time = 0
    records = []
    largestSupervoxel = base.largestSupervoxel
  }

  /// The history at a snapshot.
  init(_ snapshot: EditSnapshot, records: [Record], base: BaseGraph, links: EditedLinks) {
    state = SegmentState(base, links)
    sequence = snapshot.sequence
    hash = snapshot.hash
    time = snapshot.time
    largestSupervoxel = snapshot.largestSupervoxel
    self.records = records
    for (index, record) in records.enumerated() where record.status == .done {
      stand(Int64(index + 1), record)
    }
  }

  /// The number of the last operation.
  var lastOperation: Int64 { Int64(records.count) }

  func record(of operation: Int64) -> Record? {
    operation >= 1 && operation <= lastOperation ? records[Int(operation - 1)] : nil
  }

  /// The edit that an operation does, takes back or does again; nil where there is none.
  func original(of operation: Int64) -> Int64? {
    var current = operation
    while let record = record(of: current) {
      if record.kind.isEdit { return current }
      // Targets lie before what takes them back, so that this ends.
      guard let target = record.target, target < current else { return nil }
      current = target
    }
    return nil
  }

  /// The edits that split supervoxels and stand, in the order in which they came to stand.
  var standingPartitions: [Int64] {
    standings.filter { $0.value.isStanding && record(of: $0.key)?.kind == .supervoxelSplit }
      .sorted { $0.value.operation < $1.value.operation }.map(\.key)
  }

  /// An effect and the way to take it.
  typealias Change = (effect: EditEffect, direction: EffectDirection)

  /// What an operation changes; nil where that is nothing.
  func change(
    of operation: Int64, payload: (Int64) throws(VolumeError) -> EditPayload
  ) throws(VolumeError) -> Change? {
    guard let record = record(of: operation), let original = original(of: operation) else {
      return nil
    }
    return (try payload(original).effect, record.kind == .undo ? .backward : .forward)
  }

  /// Goes on by an entry.
  ///
  /// - Parameters:
  ///   - entry: The next entry.
  ///   - path: The database, for errors.
  ///   - payload: Gives the payload of an edit.
  /// - Returns: Which roots come from which, where an operation ended.
  /// - Throws: ``VolumeError`` where the entry does not follow.
  @discardableResult
  mutating func take(
    _ entry: EditEntry, path: String, payload: (Int64) throws(VolumeError) -> EditPayload
  ) throws(VolumeError) -> [SegmentState.Descent] {
    guard entry.sequence == sequence + 1, entry.previous == hash, entry.digest == entry.hash,
      entry.isOneLine, entry.time >= time
    else { throw EditEntry.changed(path, entry.sequence) }
    var descents: [SegmentState.Descent] = []
    switch entry.status {
    case .created:
      guard entry.operation == lastOperation + 1, entry.kind.needsTarget == (entry.target != nil)
      else { throw EditEntry.changed(path, entry.sequence) }
      let parts = try entry.created(path: path).effect.partition?.parts.map(\.supervoxel) ?? []
      guard parts == (0..<parts.count).map({ largestSupervoxel + UInt64($0) + 1 }) else {
        throw EditEntry.changed(path, entry.sequence)
      }
      largestSupervoxel += UInt64(parts.count)
      records.append(Record(kind: entry.kind, target: entry.target, status: .created))
      pending.append(entry.operation)
    case .done, .failed:
      guard var record = record(of: entry.operation), record.kind == entry.kind,
        record.target == entry.target, pending.first == entry.operation
      else { throw EditEntry.changed(path, entry.sequence) }
      if entry.status == .done {
        if let change = try change(of: entry.operation, payload: payload) {
          guard accepts(change, of: entry.operation) else {
            throw EditEntry.changed(path, entry.sequence)
          }
          descents = state.take(change.effect, change.direction)
        } else if record.kind != .tag {
          throw EditEntry.changed(path, entry.sequence)
        }
        stand(entry.operation, record)
      }
      record.status = entry.status
      records[Int(entry.operation - 1)] = record
      pending.removeFirst()
    }
    sequence = entry.sequence
    hash = entry.hash
    time = entry.time
    return descents
  }

  /// Whether an operation can be made to count.
  func accepts(_ change: Change, of operation: Int64) -> Bool {
    guard let record = record(of: operation) else { return false }
    return isInOrder(operation, record) && state.accepts(change.effect, change.direction)
  }

  /// Whether an operation takes back the last one that made its edit stand or fall.
  private func isInOrder(_ operation: Int64, _ record: Record) -> Bool {
    guard !record.kind.isEdit else { return true }
    guard let original = original(of: operation), let standing = standings[original] else {
      return false
    }
    return standing.operation == record.target && standing.isStanding == (record.kind == .undo)
  }

  private mutating func stand(_ operation: Int64, _ record: Record) {
    guard let original = original(of: operation) else { return }
    standings[original] = Standing(isStanding: record.kind != .undo, operation: operation)
  }
}

extension EditOperation.Kind {
  /// Whether operations of this kind take others back.
  var needsTarget: Bool { self == .undo || self == .redo }
}
