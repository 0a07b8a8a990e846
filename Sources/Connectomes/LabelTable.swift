/// The names of labels.
///
/// Source: FreeSurfer's colour tables, MRtrix3 `labelconvert`, the AAL lists, ITK-SNAP's label
/// descriptions, and BIDS `dseg.tsv`.
public struct LabelTable: Hashable, Sendable {
  /// One label.
  public struct Entry: Hashable, Sendable {
    /// The label.
    public var label: Int
    /// The name.
    public var name: String
    /// Red, green and blue, where the table has them.
    public var color: SIMD3<UInt8>?
  }

  /// What is wrong with a table.
  public struct Fault: Error, Hashable, Sendable {
    /// The line, from 1.
    public var line: Int
    /// What it says.
    public var text: String
    /// What is wrong.
    public var message: String
  }

  /// The labels, in the order of the table.
  public let entries: [Entry]

  /// Creates a table.
  public init(entries: [Entry]) { self.entries = entries }

  /// Reads a table, recognising by each line how it is laid out.
  ///
  /// - Throws: ``Fault`` where a line is none of a table, or a label has two names.
  public init(parsing text: String) throws(Fault) {
    var entries: [Entry] = []
    var names: [Int: String] = [:]
    var columns: [String]?
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let words = Self.words(of: line)
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      if entries.isEmpty, columns == nil, Self.isHeading(words) {
        columns = line.split(separator: "\t").map { Self.unquoted($0.lowercased()) }
        continue
      }
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map {
        Self.unquoted(String($0))
      }
      guard let entry = columns.map({ Self.entry(fields, $0) }) ?? Self.entry(words) else {
        throw Fault(
          line: index + 1, text: String(line), message: "the line gives no label and name")
      }
      if let known = names[entry.label] {
        guard known == entry.name else {
          throw Fault(
            line: index + 1, text: String(line),
            message: "label \(entry.label) is named \(known) already")
        }
        continue
      }
      names[entry.label] = entry.name
      entries.append(entry)
    }
    self.entries = entries
  }

  /// The names by label.
  public var names: [Int: String] {
    Dictionary(entries.map { ($0.label, $0.name) }) { first, _ in first }
  }

  private static func isHeading(_ words: [String]) -> Bool {
    let lower = words.map { $0.lowercased() }
    return lower.contains("name") && (lower.contains("index") || lower.contains("label"))
  }

  private static func entry(_ fields: [String], _ columns: [String]) -> Entry? {
    func field(_ names: String...) -> String? {
      for name in names {
        if let place = columns.firstIndex(of: name), place < fields.count { return fields[place] }
      }
      return nil
    }
    guard let label = field("index", "label").flatMap({ Int($0) }), label >= 0,
      let name = field("name"), !name.isEmpty
    else { return nil }
    return Entry(label: label, name: name, color: field("color").flatMap(color(hexadecimal:)))
  }

  private static func color(hexadecimal text: String) -> SIMD3<UInt8>? {
    guard text.hasPrefix("#"), text.utf8.count == 7,
      let value = UInt32(text.dropFirst(), radix: 16)
    else { return nil }
    return SIMD3(
      UInt8(truncatingIfNeeded: value >> 16), UInt8(truncatingIfNeeded: value >> 8),
      UInt8(truncatingIfNeeded: value))
  }

  /// Reads a line by the number and kinds of its words.
  private static func entry(_ words: [String]) -> Entry? {
    func color(_ place: Int) -> SIMD3<UInt8>? {
      let parts = words[place..<min(place + 3, words.count)].compactMap { UInt8($0) }
      return parts.count == 3 ? SIMD3(parts[0], parts[1], parts[2]) : nil
    }
    func areNumbers(_ range: Range<Int>) -> Bool { words[range].allSatisfy { Double($0) != nil } }
    if let label = Int(words[0]), label >= 0 {
      switch words.count {
      case 8 where areNumbers(1..<7): return Entry(label: label, name: words[7], color: color(1))
      case 7 where areNumbers(3..<7): return Entry(label: label, name: words[2], color: color(3))
      case 5, 6:
        if areNumbers(2..<words.count) {
          return Entry(label: label, name: words[1], color: color(2))
        }
      default: break
      }
      guard words.count > 1 else { return nil }
      return Entry(label: label, name: words[1...].joined(separator: " "), color: nil)
    }
    if words.count == 3, let label = Int(words[2]), label >= 0 {
      return Entry(label: label, name: words[1], color: nil)
    }
    return nil
  }

  /// The words of a line; what stands in quotes is one.
  private static func words(of line: Substring) -> [String] {
    var (words, word, isQuoted, isWord) = ([String](), "", false, false)
    for character in line {
      if character == "\"" {
        isQuoted.toggle()
        isWord = true
      } else if character.isWhitespace, !isQuoted {
        if isWord { words.append(word) }
        (word, isWord) = ("", false)
      } else {
        word.append(character)
        isWord = true
      }
    }
    if isWord { words.append(word) }
    return words
  }

  private static func unquoted(_ text: String) -> String {
    var text = Substring(text)
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    guard text.count > 1, text.hasPrefix("\""), text.hasSuffix("\"") else { return String(text) }
    return String(text.dropFirst().dropLast())
  }
}

/// What becomes of the labels of one table in another.
///
/// Source: MRtrix3, `labelconvert`.
public struct LabelConversion: Hashable, Sendable {
  /// The new label of each old one; labels that are not here become 0.
  public let labels: [UInt32: UInt32]
  /// The names of the new table, other than its label 0, that the old one does not have.
  public let unmatchedNames: [String]

  /// Matches two tables by name.
  ///
  /// Where a name is not found as it stands, the one it has in another version of FreeSurfer will
  /// do.
  public init(from old: LabelTable, to new: LabelTable) {
    var byName: [String: [Int]] = [:]
    for entry in old.entries { byName[entry.name, default: []].append(entry.label) }
    var labels: [UInt32: UInt32] = [:]
    var unmatched: [String] = []
    for entry in new.entries where entry.label != 0 {
      let candidates = [entry.name] + Self.otherNames(of: entry.name)
      guard let found = candidates.lazy.compactMap({ byName[$0] }).first else {
        unmatched.append(entry.name)
        continue
      }
      for label in found {
        guard let from = UInt32(exactly: label), let to = UInt32(exactly: entry.label) else {
          continue
        }
        labels[from] = to
      }
    }
    self.labels = labels
    unmatchedNames = unmatched
  }

  /// What a region is called in other versions of FreeSurfer's table.
  private static func otherNames(of name: String) -> [String] {
    name.hasSuffix("-Thalamus-Proper")
      ? [String(name.dropLast("-Proper".count)), name + "*"]
      : name.hasSuffix("-Thalamus") ? [name + "-Proper", name + "-Proper*"] : []
  }
}
