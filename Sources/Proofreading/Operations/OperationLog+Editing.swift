import Codecs
import Segmentation
import VolumeStore
import Voxels

extension OperationLog {
  /// What an edit needs beside what it is about.
  public struct Signature: Hashable, Sendable {
    /// Who edits.
    public var user: String
    /// What they have to say; may be empty.
    public var note: String

    /// Creates a signature.
    public init(user: String, note: String = "") {
      self.user = user
      self.note = note
    }
  }

  /// An edit that was planned.
  struct Plan {
    var effect: EditEffect
    /// The edit that is taken back or done again; nil for a new one.
    var taken: (target: Int64, effect: EditEffect, direction: EffectDirection)?

    init(_ effect: EditEffect) { self.effect = effect }
    init(target: Int64, taking effect: EditEffect, _ direction: EffectDirection) {
      self.effect = EditEffect()
      taken = (target, effect, direction)
    }
  }

  /// Makes the segments of two supervoxels one, by a link between the two.
  ///
  /// - Parameters:
  ///   - points: Two points, one in each segment.
  ///   - signature: Who says so.
  /// - Returns: The operation.
  /// - Throws: ``EditRefusal`` with `sameSegment`, `unknownSupervoxel`, `background`;
  ///   ``VolumeError``.
  @discardableResult
  public func merge(_ points: [EditPoint], by signature: Signature) throws -> EditOperation {
    try perform(.merge, points, signature) { history throws(EditRefusal) in
      guard points.count == 2 else {
        throw EditRefusal(
          .tooFewSeeds, "a merge is of two supervoxels", found: "\(points.count)")
      }
      let state = history.state
      for point in points { try state.checkLive(point.supervoxel) }
      let (first, second) = (points[0].supervoxel, points[1].supervoxel)
      guard state.root(of: first) != state.root(of: second) else {
        throw EditRefusal(
          .sameSegment, "the supervoxels are of one segment already",
          found: "\(first) and \(second) of segment \(state.root(of: first) ?? 0)")
      }
      let pair = FragmentPair(joining: first, second)
      return EditEffect(added: [state.contact(pair) ?? .stated(pair)])
    }
  }

  /// Parts a segment between seeds of two sides by the cheapest cut.
  ///
  /// - Parameters:
  ///   - points: Seeds; their sides are 0 and 1.
  ///   - isIsolationAllowed: Whether the cut may peel off a single seed's supervoxel.
  ///   - signature: Who says so.
  /// - Returns: The operation.
  /// - Throws: ``EditRefusal`` as ``SegmentState/splitPlan(sides:isIsolationAllowed:)``;
  ///   ``VolumeError``.
  @discardableResult
  public func split(
    _ points: [EditPoint], isIsolationAllowed: Bool = false, by signature: Signature
  ) throws -> EditOperation {
    try perform(.split, points, signature) { history throws(EditRefusal) in
      let plan = try history.state.splitPlan(
        sides: points.sides, isIsolationAllowed: isIsolationAllowed)
      return EditEffect(removed: plan.removed)
    }
  }

  /// Parts a segment between seeds of many sides along its weakest links.
  ///
  /// - Parameters:
  ///   - points: Seeds; their sides count from 0.
  ///   - signature: Who says so.
  /// - Returns: The operation.
  /// - Throws: ``EditRefusal`` as ``SegmentState/cleavePlan(sides:)``; ``VolumeError``.
  @discardableResult
  public func cleave(_ points: [EditPoint], by signature: Signature) throws -> EditOperation {
    try perform(.cleave, points, signature) { history throws(EditRefusal) in
      EditEffect(removed: try history.state.cleavePlan(sides: points.sides).removed)
    }
  }

  /// Cuts a supervoxel into several by a watershed from seeds in it.
  ///
  /// Links that held between the supervoxel and others hold between its parts and these, where they
  /// touch; a link that a person stated goes on with the largest part. The parts have no link among
  /// themselves, but may hang together by others: part their segment then.
  ///
  /// - Parameters:
  ///   - points: Seeds with voxels, all in one supervoxel; their sides count from 0.
  ///   - signature: Who says so.
  ///   - partition: Makes the parts, given the supervoxel, the segments before, the seeds, and ids
  ///     for the parts.
  /// - Returns: The operation.
  /// - Throws: ``EditRefusal``; ``VolumeError``; what `partition` throws.
  @discardableResult
  public func splitSupervoxel(
    _ points: [EditPoint], by signature: Signature,
    partition: (
      _ supervoxel: UInt64, _ state: SegmentState, _ seeds: [PartSeed], _ parts: [UInt64]
    ) throws -> SupervoxelPartition
  ) throws -> EditOperation {
    // What reads volumes may fail in its own way, which a transaction cannot pass on.
    var failure: (any Error)?
    let result = Result {
      try perform(.supervoxelSplit, points, signature) { history throws(EditRefusal) in
        let state = history.state
        let sides = points.sides
        guard sides.count >= 2, sides.count < 256, sides.allSatisfy({ !$0.isEmpty }) else {
          throw EditRefusal(
            .tooFewSeeds, "there is nothing to part", expected: "seeds of 2 to 255 sides")
        }
        for point in points { try state.checkLive(point.supervoxel) }
        guard Set(points.map(\.supervoxel)).count == 1 else {
          throw EditRefusal(
            .unknownSupervoxel, "the seeds are not of one supervoxel",
            found: Set(points.map(\.supervoxel)).sorted().map(String.init).joined(separator: ", "),
            remedy: "split their segment instead")
        }
        let supervoxel = points[0].supervoxel
        let seeds = points.compactMap { point in
          point.voxel.map { PartSeed($0, part: point.side) }
        }
        let ids = sides.indices.map { history.largestSupervoxel + UInt64($0) + 1 }
        do {
          let made = try partition(supervoxel, state, seeds, ids)
          return state.effect(of: made)
        } catch {
          failure = error
          throw (error as? EditRefusal)
            ?? EditRefusal(.unknownSupervoxel, "the supervoxel could not be read")
        }
      }
    }
    if let failure { throw failure }
    return try result.get()
  }

  /// Takes back an edit that stands.
  ///
  /// - Parameters:
  ///   - operation: The edit; or an undo's or a redo's number, which stands for its edit.
  ///   - signature: Who says so.
  /// - Returns: The operation that takes it back.
  /// - Throws: ``EditRefusal`` with `unknownOperation`, `alreadyUndone`, or `dependency`, with the
  ///   operations that rest on it; ``VolumeError``.
  @discardableResult
  public func undo(_ operation: Int64, by signature: Signature) throws -> EditOperation {
    let (plan, points) = try inverse(operation, .backward)
    return try perform(.undo, points, signature, plan)
  }

  /// Does an edit again that was taken back.
  ///
  /// - Parameters:
  ///   - operation: The edit; or an undo's or a redo's number, which stands for its edit.
  ///   - signature: Who says so.
  /// - Returns: The operation that does it again.
  /// - Throws: ``EditRefusal`` with `unknownOperation`, `notUndone`, or `dependency`, with the
  ///   operations that came in between; ``VolumeError``.
  @discardableResult
  public func redo(_ operation: Int64, by signature: Signature) throws -> EditOperation {
    let (plan, points) = try inverse(operation, .forward)
    return try perform(.redo, points, signature, plan)
  }

  /// Attaches words to places; nothing changes.
  ///
  /// - Throws: ``EditRefusal`` where a supervoxel is not there; ``VolumeError``.
  @discardableResult
  public func tag(_ points: [EditPoint], by signature: Signature) throws -> EditOperation {
    try perform(.tag, points, signature) { history throws(EditRefusal) in
      guard !signature.note.isEmpty else {
        throw EditRefusal(.unsuitableText, "a tag has no words", remedy: "give it a note")
      }
      for point in points { try history.state.checkLive(point.supervoxel) }
      return EditEffect()
    }
  }

  private func perform(
    _ kind: EditOperation.Kind, _ points: [EditPoint], _ signature: Signature,
    _ effect: (EditHistory) throws(EditRefusal) -> EditEffect
  ) throws -> EditOperation {
    try perform(kind, points, signature) {
      (history) throws(EditError) -> Plan in
      do throws(EditRefusal) {
        return Plan(try effect(history))
      } catch {
        throw .refused(error)
      }
    }
  }

  /// Plans an edit on what stands, logs it, and makes it count.
  private func perform(
    _ kind: EditOperation.Kind, _ points: [EditPoint], _ signature: Signature,
    _ plan: (EditHistory) throws(EditError) -> Plan
  ) throws -> EditOperation {
    try signature.check()
    var refusal: EditRefusal?
    let created = try transaction { () throws(VolumeError) -> Int64? in
      try settlePending()
      let history = try history()
      do throws(EditError) {
        let plan = try plan(history)
        return try create(kind, points, signature, plan, history)
      } catch {
        switch error {
        case .refused(let reason):
          refusal = reason
          return nil
        case .store(let error): throw error
        }
      }
    }
    if let refusal { throw refusal }
    try settle()
    guard let created, let operation = try operation(created) else {
      preconditionFailure("an operation that was created is in the log")
    }
    return operation
  }

  /// Logs a planned edit; only within a transaction.
  private func create(
    _ kind: EditOperation.Kind, _ points: [EditPoint], _ signature: Signature, _ plan: Plan,
    _ history: EditHistory
  ) throws(EditError) -> Int64 {
    var lineage: [SegmentState.Descent] = []
    if kind != .tag {
      var trial = history.state
      lineage = trial.take(plan.taken?.effect ?? plan.effect, plan.taken?.direction ?? .forward)
    }
    let payload = EditPayload(
      version: version, note: signature.note, points: points, effect: plan.effect,
      lineage: lineage)
    let record = EditHistory.Record(kind: kind, target: plan.taken?.target, status: .created)
    do throws(VolumeError) {
      try append(
        history.lastOperation + 1, record, user: signature.user,
        payload: try line(of: payload), to: history)
    } catch {
      throw .store(error)
    }
    return history.lastOperation + 1
  }

  private func line(of payload: EditPayload) throws(VolumeError) -> String {
    try JSONValue.object(payload.json).line(path: path)
  }

  /// The plan to take an edit back, or to do it again, and the edit's points.
  private func inverse(
    _ operation: Int64, _ direction: EffectDirection
  ) throws -> (plan: (EditHistory) throws(EditError) -> Plan, points: [EditPoint]) {
    let original = try history().original(of: operation)
    let points = try original.map { original throws(VolumeError) in
      try payload(of: original).points
    }
    return (
      { history throws(EditError) in try self.inverse(operation, direction, history) },
      points ?? []
    )
  }

  private func inverse(
    _ operation: Int64, _ direction: EffectDirection, _ history: EditHistory
  ) throws(EditError) -> Plan {
    guard let original = history.original(of: operation),
      let standing = history.standings[original]
    else {
      throw .refused(
        EditRefusal(
          .unknownOperation, "there is no such edit", found: "\(operation)",
          expected: "a merge, a split or a cleave that was done"))
    }
    guard standing.isStanding == (direction == .backward) else {
      let by = "operation \(standing.operation)"
      throw .refused(
        direction == .backward
          ? EditRefusal(
            .alreadyUndone, "the edit was taken back already", found: by,
            operations: [standing.operation])
          : EditRefusal(
            .notUndone, "the edit stands, so that it cannot be done again",
            found: by, operations: [standing.operation]))
    }
    let effect: EditEffect
    var others: [Int64] = []
    do throws(VolumeError) {
      effect = try payload(of: original).effect
      for (other, its) in history.standings where its.operation > standing.operation {
        if its.isStanding, effect.touches(try payload(of: other).effect) { others.append(other) }
      }
    } catch {
      throw .store(error)
    }
    others.sort()
    // What is done again comes after all others, so that only the links decide.
    let isFree = direction == .forward || others.isEmpty
    guard isFree, history.state.accepts(effect, direction) else {
      throw .refused(dependency(of: original, on: others, direction))
    }
    return Plan(target: standing.operation, taking: effect, direction)
  }

  private func dependency(
    of original: Int64, on others: [Int64], _ direction: EffectDirection
  ) -> EditRefusal {
    let names = others.map(String.init).joined(separator: ", ")
    if others.isEmpty {
      return EditRefusal(
        .dependency, "the edit rests on others that were taken back",
        found: "operation \(original)", remedy: "do those again first")
    }
    return EditRefusal(
      .dependency,
      direction == .backward
        ? "later operations rest on the edit" : "operations that came in between are in the way",
      found: "operations \(names)", remedy: "take those back first, the last one first",
      operations: others)
  }
}

/// Why an edit was not logged.
enum EditError: Error {
  case refused(EditRefusal)
  case store(VolumeError)
}

extension OperationLog.Signature {
  /// - Throws: ``EditRefusal`` where there is no user, or its name is not of one line.
  fileprivate func check() throws(EditRefusal) {
    let isPlain = user.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    guard !user.isEmpty, isPlain, user.utf8.count <= 200, note.utf8.count <= 10_000 else {
      throw EditRefusal(
        .unsuitableText, "the name of who edits is not a name", found: "\(user.utf8.count) bytes",
        expected: "1 to 200 bytes on one line, and a note of at most 10000")
    }
  }
}

extension [EditPoint] {
  /// The supervoxels of each side.
  public var sides: [[UInt64]] {
    let last = map(\.side).max() ?? -1
    return (0..<Swift.max(0, last + 1)).map { side in
      Set(filter { $0.side == side }.map(\.supervoxel)).sorted()
    }
  }
}

extension SegmentState {
  /// What splitting a supervoxel does to its links.
  func effect(of partition: SupervoxelPartition) -> EditEffect {
    var removed: [SupervoxelEdge] = []
    forEachLink(of: partition.supervoxel) { removed.append($0) }
    let held = Set(removed.map { $0.pair.other(than: partition.supervoxel) })
    let parts = Set(partition.parts.map(\.supervoxel))
    var added = partition.contacts.filter { contact in
      guard parts.contains(contact.pair.first) != parts.contains(contact.pair.second) else {
        return false
      }
      let other = parts.contains(contact.pair.first) ? contact.pair.second : contact.pair.first
      return held.contains(other)
    }
    let touching = Set(added.flatMap { [$0.pair.first, $0.pair.second] })
    let largest = partition.parts.max {
      ($0.voxelCount, $1.supervoxel) < ($1.voxelCount, $0.supervoxel)
    }
    for edge in removed {
      let other = edge.pair.other(than: partition.supervoxel)
      guard !touching.contains(other), let largest else { continue }
      added.append(SupervoxelEdge(largest.supervoxel, other, edge.affinity))
    }
    return EditEffect(added: added, removed: removed, partition: partition)
  }
}
