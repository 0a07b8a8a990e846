/// The name of an array in a TRX file, such as `dpv/fa.3.float32`.
///
/// Source: TRX specification, <https://tee-ar-ex.github.io/trx-python/trx_specifications.html>.
struct TRXArrayName {
  /// What the array holds.
  enum Role: Hashable {
    case positions
    case offsets
    case perStreamline
    case perPoint
    case group
    case groupData(group: String)
  }

  var role: Role
  var name: String
  var components: Int
  var type: StoredNumber

  /// Reads a name; nil for what is no array.
  init?(_ entry: String) {
    let parts = entry.split(separator: "/", omittingEmptySubsequences: true)
    guard let file = parts.last, !entry.hasSuffix("/") else { return nil }
    let words = file.split(separator: ".", omittingEmptySubsequences: false)
    guard words.count >= 2, let type = StoredNumber(rawValue: String(words[words.count - 1])) else {
      return nil
    }
    self.type = type
    var stem = words.dropLast()
    components = 1
    if stem.count > 1, let last = stem.last, let stated = Int(last), stated > 0 {
      components = stated
      stem.removeLast()
    }
    // Names of fixed length in other formats leave white space behind.
    name = Substring(stem.joined(separator: ".")).trimmed
    switch (parts.count, parts.first) {
    case (1, _) where name == "positions": role = .positions
    case (1, _) where name == "offsets": role = .offsets
    case (2, "dps"): role = .perStreamline
    case (2, "dpv"): role = .perPoint
    case (2, "groups"): role = .group
    case (3, "dpg"): role = .groupData(group: String(parts[1]))
    default: return nil
    }
  }

  /// The name of a column's array.
  static func entry(_ folder: String, _ column: TractogramColumn) -> String {
    let name = String(column.name.map { $0 == "/" ? "_" : $0 })
    return "\(folder)/\(name)\(column.components > 1 ? ".\(column.components)" : "").float32"
  }
}
