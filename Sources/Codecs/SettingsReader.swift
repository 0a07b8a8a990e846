/// What is wrong with a setting of a configuration, and which one.
public struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The setting's keys from the outermost on, such as `optimizer.learning_rate`.
  public var key: String
  /// What is wrong, lower case, no full stop.
  public var message: String
  /// What was found.
  public var found: String?
  /// What was expected.
  public var expected: String?
  /// What the user can do.
  public var remedy: String?

  /// Creates an error.
  public init(
    _ key: String, _ message: String, found: String? = nil, expected: String? = nil,
    remedy: String? = nil
  ) {
    self.key = key
    self.message = message
    self.found = found
    self.expected = expected
    self.remedy = remedy
  }

  /// The error as one line.
  public var description: String {
    var text = key.isEmpty ? message : "\(key): \(message)"
    if let found { text += "; found \(found)" }
    if let expected { text += "; expected \(expected)" }
    if let remedy { text += "; \(remedy)" }
    return text
  }
}

/// Reads the members of a JSON object in their types, fills in what is left out, and refuses
/// members that nobody asked for.
///
/// A member that is `null` counts as left out. Every read is noted in ``completed``, so that a
/// configuration can be written back with all its defaults.
public struct SettingsReader: Sendable {
  /// The keys that lead to the object, such as `optimizer`; empty for the outermost.
  public let path: String
  /// The object with every default filled in, as far as it has been read.
  public private(set) var completed: JSONObject = [:]
  /// The members as they were given.
  public let members: JSONObject

  /// Starts to read an object.
  ///
  /// - Throws: ``SettingsError`` where the value is no object.
  public init(_ value: JSONValue, path: String = "") throws(SettingsError) {
    guard case .object(let members) = value else {
      throw SettingsError(
        path, "is not an object", found: value.shortText, expected: "members in braces")
    }
    self.members = members
    self.path = path
  }

  /// The keys that lead to a member.
  public func key(of name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  /// Whether a member is given.
  public func has(_ name: String) -> Bool { (members[name] ?? .null) != .null }

  /// A member as it is; `null` where it is left out.
  public mutating func value(_ name: String) -> JSONValue {
    let value = members[name] ?? .null
    completed[name] = value
    return value
  }

  /// Notes what a member that was read as it is means in full.
  public mutating func complete(_ name: String, with value: JSONValue) { completed[name] = value }

  /// A whole number; nil where it is left out.
  public mutating func int(
    _ name: String, in range: ClosedRange<Int> = .min ... .max
  ) throws(SettingsError) -> Int? {
    let value = value(name)
    guard value != .null else { return nil }
    guard let number = value.int, range.contains(number) else {
      throw wrong(name, value, expected: "a whole number\(Self.text(range))")
    }
    return number
  }

  /// A whole number.
  public mutating func int(
    _ name: String, default number: Int, in range: ClosedRange<Int> = .min ... .max
  ) throws(SettingsError) -> Int {
    if let number = try int(name, in: range) { return number }
    completed[name] = .integer(Int64(number))
    return number
  }

  /// A number; nil where it is left out.
  public mutating func number(
    _ name: String, in range: ClosedRange<Double> = -.infinity ... .infinity
  ) throws(SettingsError) -> Double? {
    let value = value(name)
    guard value != .null else { return nil }
    guard let number = value.double, range.contains(number) else {
      throw wrong(name, value, expected: "a number\(Self.text(range))")
    }
    return number
  }

  /// A number.
  public mutating func number(
    _ name: String, default number: Double,
    in range: ClosedRange<Double> = -.infinity ... .infinity
  ) throws(SettingsError) -> Double {
    if let number = try self.number(name, in: range) { return number }
    completed[name] = .number(number)
    return number
  }

  /// A truth value.
  public mutating func bool(
    _ name: String, default truth: Bool
  ) throws(SettingsError) -> Bool {
    let value = value(name)
    guard value != .null else {
      completed[name] = .bool(truth)
      return truth
    }
    guard let truth = value.bool else { throw wrong(name, value, expected: "true or false") }
    return truth
  }

  /// A text; nil where it is left out.
  public mutating func text(_ name: String) throws(SettingsError) -> String? {
    let value = value(name)
    guard value != .null else { return nil }
    guard let text = value.string else { throw wrong(name, value, expected: "a text") }
    return text
  }

  /// A text.
  public mutating func text(
    _ name: String, default text: String
  ) throws(SettingsError) -> String {
    if let text = try self.text(name) { return text }
    completed[name] = .string(text)
    return text
  }

  /// One of some words.
  public mutating func word(
    _ name: String, among words: [String], default word: String
  ) throws(SettingsError) -> String {
    let found = try text(name, default: word)
    guard words.contains(found) else {
      throw wrong(name, .string(found), expected: "one of \(words.joined(separator: ", "))")
    }
    return found
  }

  /// Whole numbers; nil where they are left out.
  public mutating func ints(
    _ name: String, count: Int? = nil, in range: ClosedRange<Int> = .min ... .max
  ) throws(SettingsError) -> [Int]? {
    let value = value(name)
    guard value != .null else { return nil }
    let numbers = value.array?.compactMap(\.int).filter { range.contains($0) }
    guard let numbers, numbers.count == value.array?.count, count ?? numbers.count == numbers.count
    else {
      let many = count.map { "\($0)" } ?? "a list of"
      throw wrong(name, value, expected: "\(many) whole numbers\(Self.text(range)) in brackets")
    }
    return numbers
  }

  /// Whole numbers.
  public mutating func ints(
    _ name: String, default numbers: [Int], in range: ClosedRange<Int> = .min ... .max
  ) throws(SettingsError) -> [Int] {
    if let numbers = try ints(name, count: numbers.count, in: range) { return numbers }
    completed[name] = .array(numbers.map { .integer(Int64($0)) })
    return numbers
  }

  /// Numbers; nil where they are left out.
  public mutating func numbers(
    _ name: String, count: Int? = nil,
    in range: ClosedRange<Double> = -.infinity ... .infinity
  ) throws(SettingsError) -> [Double]? {
    let value = value(name)
    guard value != .null else { return nil }
    let numbers = value.array?.compactMap(\.double).filter { range.contains($0) }
    guard let numbers, numbers.count == value.array?.count, count ?? numbers.count == numbers.count
    else {
      let many = count.map { "\($0)" } ?? "a list of"
      throw wrong(name, value, expected: "\(many) numbers\(Self.text(range)) in brackets")
    }
    return numbers
  }

  /// Numbers.
  public mutating func numbers(
    _ name: String, default numbers: [Double],
    in range: ClosedRange<Double> = -.infinity ... .infinity
  ) throws(SettingsError) -> [Double] {
    if let numbers = try self.numbers(name, count: numbers.count, in: range) { return numbers }
    completed[name] = .array(numbers.map { .number($0) })
    return numbers
  }

  /// The elements of a list; none where it is left out.
  public mutating func list(_ name: String) throws(SettingsError) -> [JSONValue] {
    let value = value(name)
    guard value != .null else {
      completed[name] = .array([])
      return []
    }
    guard let elements = value.array else { throw wrong(name, value, expected: "a list") }
    return elements
  }

  /// Starts to read a member that is an object itself; one that is left out has no members.
  public mutating func section(_ name: String) throws(SettingsError) -> SettingsReader {
    let value = value(name)
    return try SettingsReader(value == .null ? .object([:]) : value, path: key(of: name))
  }

  /// Checks that every member was asked for.
  ///
  /// - Throws: ``SettingsError`` that names the first other one and those that are known.
  public func finish() throws(SettingsError) {
    let unknown = members.keys.filter { completed[$0] == nil }.sorted()
    guard let name = unknown.first else { return }
    throw SettingsError(
      key(of: name), "there is no such setting",
      expected: completed.keys.sorted().joined(separator: ", "), remedy: "correct the name")
  }

  private func wrong(_ name: String, _ value: JSONValue, expected: String) -> SettingsError {
    SettingsError(
      key(of: name), "cannot be understood", found: value.shortText, expected: expected)
  }

  private static func text(_ range: ClosedRange<Int>) -> String {
    switch (range.lowerBound, range.upperBound) {
    case (.min, .max): ""
    case (let low, .max): ", at least \(low)"
    case (.min, let high): ", at most \(high)"
    case (let low, let high): " from \(low) to \(high)"
    }
  }

  private static func text(_ range: ClosedRange<Double>) -> String {
    switch (range.lowerBound, range.upperBound) {
    case (-.infinity, .infinity): ""
    case (let low, .infinity): ", at least \(low)"
    case (-.infinity, let high): ", at most \(high)"
    case (let low, let high): " from \(low) to \(high)"
    }
  }
}

extension JSONValue {
  /// The value as JSON on one line, cut where it is long.
  public var shortText: String {
    guard let bytes = try? encoded() else { return "a number that is not finite" }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.count > 60 ? "\(text.prefix(57))…" : text
  }
}
