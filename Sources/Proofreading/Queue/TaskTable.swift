import Codecs
public import VolumeStore
import Voxels

/// Reads tasks from a table of values divided by commas.
///
/// It takes what ``TaskExport`` writes, the candidates of `emseg agglomerate`, and tables of focused
/// proofreading, whose points are in columns `xa` to `zb`. Columns of other names become evidence.
public enum TaskTable {
  /// Reads tasks.
  ///
  /// - Parameters:
  ///   - bytes: the table, in UTF-8.
  ///   - path: the file, for messages.
  ///   - kind: the kind of tasks whose row states none.
  /// - Returns: the tasks, in the order of the rows.
  /// - Throws: ``VolumeError`` with `malformedMetadata`, which names the line.
  public static func drafts(
    _ bytes: [UInt8], path: String, kind: ProofreadingTask.Kind = .imported
  ) throws(VolumeError) -> [TaskDraft] {
    let table = try CommaSeparatedRows(parsing: bytes, path: path)
    var drafts: [TaskDraft] = []
    drafts.reserveCapacity(table.rows.count)
    for (fields, line) in zip(table.rows, table.lines) {
      let row = Row(
        fields: Dictionary(uniqueKeysWithValues: zip(table.columns, fields)), line: line,
        path: path)
      drafts.append(try row.draft(kind))
    }
    return drafts
  }

  /// The names that other programs give to kinds.
  private static let kindNames: [String: ProofreadingTask.Kind] = [
    "residual": .mergeCandidate, "size veto": .vetoed, "class veto": .vetoed,
  ]

  /// The columns that are read, each with the names it may have; the first that is there counts.
  private enum Column: CaseIterable {
    case kind, first, second, bodyA, bodyB, z, y, x, score, weightA, weightB, need, truth

    var names: [String] {
      switch self {
      case .kind: ["kind"]
      case .first: ["supervoxel_a", "fragment_a", "sv_a", "id_a", "segment_a"]
      case .second: ["supervoxel_b", "fragment_b", "sv_b", "id_b", "segment_b"]
      case .bodyA: ["body_a", "segment_a"]
      case .bodyB: ["body_b", "segment_b"]
      case .z: ["z", "za"]
      case .y: ["y", "ya"]
      case .x: ["x", "xa"]
      case .score: ["score", "affinity", "probability"]
      case .weightA: ["weight_a", "voxels_a"]
      case .weightB: ["weight_b", "voxels_b"]
      case .need: ["need"]
      case .truth: ["truth"]
      }
    }
  }

  /// Columns that are no evidence either.
  private static let known: Set<String> = Set(Column.allCases.flatMap(\.names)).union([
    "id", "xb", "yb", "zb", "box_z", "box_y", "box_x", "size_z", "size_y", "size_x", "evidence",
    "priority", "state", "outcome", "reason", "base_operation",
  ])

  private struct Row {
    let fields: [String: String]
    let line: Int
    let path: String

    func draft(_ standard: ProofreadingTask.Kind) throws(VolumeError) -> TaskDraft {
      var kind = standard
      if let name = text(.kind) {
        guard let found = ProofreadingTask.Kind(rawValue: name) ?? kindNames[name] else {
          throw error("the kind is unknown", found: name)
        }
        kind = found
      }
      guard let first = try whole(.first) else { throw error("there is no supervoxel_a") }
      var draft = TaskDraft(
        kind, segmentA: first, segmentB: try whole(.second) ?? 0, point: try point())
      if let box = try box() { draft.box = box }
      draft.bodyA = try whole(.bodyA) ?? 0
      draft.bodyB = try whole(.bodyB) ?? 0
      draft.weightA = try number(.weightA, in: 0...1e18) ?? 1
      draft.weightB = try number(.weightB, in: 0...1e18) ?? 1
      draft.score = try number(.score, in: 0...1)
      draft.need = Int(try whole(.need, atMost: 100) ?? 1)
      guard draft.need > 0 else { throw error("a task needs a reviewer", found: "0") }
      if let name = text(.truth) {
        guard let verdict = Verdict(rawValue: name), verdict.isDecisive else {
          throw error("the truth is no verdict", found: name)
        }
        draft.truth = verdict
      }
      draft.evidence = try evidence()
      return draft
    }

    private func text(_ column: Column) -> String? {
      column.names.lazy.compactMap { fields[$0] }.first { !$0.isEmpty }
    }

    private func whole(
      _ column: Column, atMost limit: UInt64 = .max
    ) throws(VolumeError) -> UInt64? {
      guard let text = text(column) else { return nil }
      guard let value = UInt64(text), value <= limit else {
        throw error("\(column.names[0]) is no such number", found: text)
      }
      return value
    }

    private func number(
      _ column: Column, in range: ClosedRange<Double>
    ) throws(VolumeError) -> Double? {
      guard let text = text(column) else { return nil }
      guard let value = Double(text), range.contains(value) else {
        throw error(
          "\(column.names[0]) is no such number", found: text,
          expected: "\(range.lowerBound) to \(range.upperBound)")
      }
      return value
    }

    /// The place, or the middle of two.
    private func point() throws(VolumeError) -> VoxelPosition {
      var place: [Int] = []
      for (column, other) in [(Column.z, "zb"), (.y, "yb"), (.x, "xb")] {
        let limit = UInt64(1) << 40
        guard let value = try whole(column, atMost: limit) else {
          throw error("there is no \(column.names[0])")
        }
        let end = fields[column.names[1]] == nil ? nil : fields[other].flatMap { UInt64($0) }
        place.append(Int(end.map { $0 <= limit ? (value + $0) / 2 : value } ?? value))
      }
      return VoxelPosition(z: place[0], y: place[1], x: place[2])
    }

    private func box() throws(VolumeError) -> VoxelBox? {
      let names = ["box_z", "box_y", "box_x", "size_z", "size_y", "size_x"]
      let texts = names.compactMap { fields[$0] }.filter { !$0.isEmpty }
      guard !texts.isEmpty else { return nil }
      let values = texts.compactMap { Int($0) }.filter { (0...1 << 40).contains($0) }
      guard values.count == 6, values[3...].allSatisfy({ $0 > 0 }) else {
        throw error("the box is none", found: texts.joined(separator: ","))
      }
      return VoxelBox(
        origin: VoxelPosition(z: values[0], y: values[1], x: values[2]),
        extent: VoxelExtent(z: values[3], y: values[4], x: values[5]))
    }

    private func evidence() throws(VolumeError) -> String {
      var object: JSONObject = [:]
      if let text = fields["evidence"], !text.isEmpty {
        guard let found = (try? JSONValue(parsing: Array(text.utf8)))?.object else {
          throw error("the evidence is no JSON object", found: text)
        }
        object = found
      }
      for (name, text) in fields where !known.contains(name) && !text.isEmpty {
        object[name] = Double(text).flatMap { $0.isFinite ? .number($0) : nil } ?? .string(text)
      }
      return String(decoding: (try? JSONValue.object(object).encoded()) ?? [], as: UTF8.self)
    }

    private func error(
      _ message: String, found: String? = nil, expected: String? = nil
    ) -> VolumeError {
      VolumeError(
        .malformedMetadata, path: path, "line \(line): \(message)", found: found,
        expected: expected)
    }
  }
}
