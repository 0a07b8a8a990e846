public import Voxels

/// A table of synapses that cannot be understood.
public struct SynapseTableError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The line, from 1.
  public let line: Int
  /// What is wrong, lower case, no full stop.
  public let message: String
  /// What was found.
  public let found: String?
  /// What was expected.
  public let expected: String?

  init(line: Int, _ message: String, found: String? = nil, expected: String? = nil) {
    self.line = line
    self.message = message
    self.found = found
    self.expected = expected
  }

  /// The error as one line.
  public var description: String {
    "line \(line): \(message)" + (found.map { ", found \($0)" } ?? "")
      + (expected.map { ", expected \($0)" } ?? "")
  }
}

/// Synapses as text divided by commas or tabs, with the columns' names in the first line.
///
/// Positions are columns `pre_z`, `pre_y`, `pre_x`, `post_z`, `post_y`, `post_x`, in any order and
/// with any of the words `pt`, `position`, `location`, `nm` between or behind; or `pre_pt_position`
/// and `post_pt_position` as CAVE exports them, `[x, y, z]`. Neurons are `pre_id` and `post_id`
/// (or `pre_pt_root_id`, `pre_segment`, `bodyid_pre` …), supervoxels `pre_pt_supervoxel_id` and
/// `post_pt_supervoxel_id`; these, `id`, the middle (`ctr_pt_position`), `score`, `size` (or `area`),
/// `method` and `model` may be left out or empty.
public enum SynapseTable {
  /// Reads synapses.
  ///
  /// - Parameters:
  ///   - text: The file's bytes.
  ///   - unit: The nanometres of one unit along each axis.
  /// - Returns: The synapses, in the file's order.
  /// - Throws: ``SynapseTableError`` where a column is missing or a field is not what its column
  ///   holds.
  public static func synapses(
    parsing text: [UInt8], unit: VoxelSize = VoxelSize(z: 1, y: 1, x: 1)
  ) throws(SynapseTableError) -> [Synapse] {
    var lines = SeparatedFields(text)
    guard let header = try lines.next() else {
      throw SynapseTableError(
        line: 1, "the table is empty", expected: "the names of the columns")
    }
    let columns = try Columns(header.fields, line: header.line)
    let scale = unit.converted(to: .nanometer)
    var synapses: [Synapse] = []
    while let (line, fields) = try lines.next() {
      guard fields.count == header.fields.count else {
        throw SynapseTableError(
          line: line, "has another number of fields than the first", found: "\(fields.count)",
          expected: "\(header.fields.count)")
      }
      let row = Row(fields: fields, line: line)
      synapses.append(
        Synapse(
          pre: try row.position(columns.pre, scale), post: try row.position(columns.post, scale),
          preID: try row.identifier(columns.preID), postID: try row.identifier(columns.postID),
          score: try row.number(columns.score, "a score"),
          size: try row.number(columns.size, "a size"),
          preSupervoxelID: try row.identifier(columns.preSupervoxelID),
          postSupervoxelID: try row.identifier(columns.postSupervoxelID),
          id: row.text(columns.id).flatMap { UInt64($0) },
          center: try row.middle(columns.center, scale),
          method: row.text(columns.method), model: row.text(columns.model)))
    }
    return synapses
  }

  /// Where a position stands.
  fileprivate enum Place {
    /// In three columns.
    case coordinates(z: Int, y: Int, x: Int)
    /// In one, as `[x, y, z]`.
    case list(Int)
  }

  private struct Columns {
    var pre: Place, post: Place
    var preID: Int?, postID: Int?, score: Int?, size: Int?
    var preSupervoxelID: Int?, postSupervoxelID: Int?
    var id: Int?, center: Place?, method: Int?, model: Int?

    init(_ names: [String], line: Int) throws(SynapseTableError) {
      // The words that say nothing left out, `pre_pt_position_x` is `pre x`.
      let silent: Set<Substring> = ["pt", "position", "location", "pos", "nm", "site", "coord"]
      let words = names.map { name in
        Set(name.lowercased().split { " _-.".contains($0) }).subtracting(silent)
      }
      func column(_ wanted: Set<Substring>) -> Int? { words.firstIndex(of: wanted) }
      func found(_ side: Substring) -> Place? {
        if let z = column([side, "z"]), let y = column([side, "y"]), let x = column([side, "x"]) {
          return .coordinates(z: z, y: y, x: x)
        }
        return column([side]).map { .list($0) }
      }
      func place(_ side: Substring) throws(SynapseTableError) -> Place {
        if let place = found(side) { return place }
        throw SynapseTableError(
          line: line, "there is no position of the \(side)synaptic side",
          found: names.joined(separator: ", "),
          expected: "columns \(side)_z, \(side)_y and \(side)_x, or \(side)_pt_position")
      }
      func identifier(_ side: Substring) -> Int? {
        let spellings: [Set<Substring>] = [
          [side, "id"], [side, "root", "id"], [side, "segment"], [side, "segment", "id"],
          [side, "segm", "id"], [side, "bodyid"], [side, "body", "id"], [side, "neuron", "id"],
        ]
        return spellings.lazy.compactMap(column).first
      }
      pre = try place("pre")
      post = try place("post")
      (preID, postID) = (identifier("pre"), identifier("post"))
      preSupervoxelID = column(["pre", "supervoxel", "id"]) ?? column(["pre", "supervoxel"])
      postSupervoxelID = column(["post", "supervoxel", "id"]) ?? column(["post", "supervoxel"])
      (id, center) = (column(["id"]), found("ctr") ?? found("center"))
      (method, model) = (column(["method"]), column(["model"]))
      score = column(["score"]) ?? column(["cleft", "score"]) ?? column(["confidence"])
      size = column(["size"]) ?? column(["area"]) ?? column(["cleft", "size"])
    }
  }

  private struct Row {
    var fields: [String]
    var line: Int

    func text(_ column: Int?) -> String? {
      guard let column, !fields[column].isEmpty else { return nil }
      return fields[column]
    }

    /// The place of the middle, where it is said.
    func middle(_ place: Place?, _ scale: VoxelSize) throws(SynapseTableError) -> PhysicalPosition?
    {
      switch place {
      case .coordinates(let z, let y, let x)? where fields[z] + fields[y] + fields[x] != "":
        try position(.coordinates(z: z, y: y, x: x), scale)
      case .list(let column)? where !fields[column].isEmpty: try position(.list(column), scale)
      default: nil
      }
    }

    func position(_ place: Place, _ scale: VoxelSize) throws(SynapseTableError) -> PhysicalPosition
    {
      let texts: [String]
      switch place {
      case .coordinates(let z, let y, let x): texts = [fields[z], fields[y], fields[x]]
      case .list(let column):
        texts = fields[column].split { "[](), ;".contains($0) }.reversed().map(String.init)
      }
      let numbers = texts.compactMap { Double($0) }.filter(\.isFinite)
      guard texts.count == 3, numbers.count == 3 else {
        throw SynapseTableError(
          line: line, "a position cannot be understood", found: texts.joined(separator: ","),
          expected: "three numbers")
      }
      return PhysicalPosition(
        z: numbers[0] * scale.z, y: numbers[1] * scale.y, x: numbers[2] * scale.x)
    }

    func identifier(_ column: Int?) throws(SynapseTableError) -> UInt64? {
      guard let column, !fields[column].isEmpty else { return nil }
      guard let number = UInt64(fields[column]) else {
        throw SynapseTableError(
          line: line, "an id cannot be understood", found: fields[column],
          expected: "a whole number, or nothing")
      }
      return number
    }

    func number(_ column: Int?, _ name: String) throws(SynapseTableError) -> Double? {
      guard let column, !fields[column].isEmpty else { return nil }
      guard let number = Double(fields[column]) else {
        throw SynapseTableError(
          line: line, "\(name) cannot be understood", found: fields[column],
          expected: "a number, or nothing")
      }
      return number
    }
  }
}
