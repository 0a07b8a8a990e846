/// A key as a terminal tells of it, with the keys held down beside it.
public struct Key: Hashable, Sendable {
  /// What was pressed.
  public enum Code: Hashable, Sendable {
    /// A key that writes something.
    case character(Character)
    /// A key that writes nothing by itself.
    case enter, tab, escape, backspace, delete, insert
    /// A key that moves.
    case up, down, left, right, home, end, pageUp, pageDown
    /// A function key, from 1.
    case function(Int)
  }

  /// The keys held down beside it.
  public struct Modifiers: OptionSet, Hashable, Sendable {
    /// The bits, as xterm counts them.
    public let rawValue: UInt8

    /// Creates a set.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Shift; told only of keys that write nothing.
    public static let shift = Modifiers(rawValue: 1)
    /// Alt, or Escape pressed just before.
    public static let alternate = Modifiers(rawValue: 2)
    /// Control.
    public static let control = Modifiers(rawValue: 4)
  }

  /// What was pressed.
  public var code: Code
  /// The keys held down beside it.
  public var modifiers: Modifiers

  /// Creates a key.
  public init(_ code: Code, _ modifiers: Modifiers = []) {
    self.code = code
    self.modifiers = modifiers
  }

  /// The return key.
  public static let enter = Key(.enter)
  /// The tabulator.
  public static let tab = Key(.tab)
  /// The tabulator with shift.
  public static let backTab = Key(.tab, .shift)
  /// Escape.
  public static let escape = Key(.escape)
  /// The key that deletes what is before.
  public static let backspace = Key(.backspace)
  /// The arrow up.
  public static let up = Key(.up)
  /// The arrow down.
  public static let down = Key(.down)
  /// The arrow to the left.
  public static let left = Key(.left)
  /// The arrow to the right.
  public static let right = Key(.right)
  /// The key for a page up.
  public static let pageUp = Key(.pageUp)
  /// The key for a page down.
  public static let pageDown = Key(.pageDown)

  /// A letter with control.
  public static func control(_ letter: Character) -> Key { Key(.character(letter), .control) }

  /// What the key writes into a text; nil where it writes nothing.
  public var writtenCharacter: Character? {
    if case .character(let character) = code, modifiers.isEmpty { character } else { nil }
  }
}

extension Key: ExpressibleByExtendedGraphemeClusterLiteral {
  /// A key that writes a character.
  public init(extendedGraphemeClusterLiteral character: Character) {
    self.init(.character(character))
  }
}

extension Key: CustomStringConvertible {
  private static let names: [(name: String, code: Code)] = [
    ("enter", .enter), ("tab", .tab), ("esc", .escape), ("backspace", .backspace),
    ("delete", .delete), ("insert", .insert), ("up", .up), ("down", .down), ("left", .left),
    ("right", .right), ("home", .home), ("end", .end), ("pageup", .pageUp),
    ("pagedown", .pageDown), ("space", .character(" ")), ("lt", .character("<")),
  ]

  /// The key's name as scripts spell it, without brackets: `m`, `up`, `ctrl-c`, `f5`.
  public var description: String {
    var name = ""
    if modifiers.contains(.control) { name += "ctrl-" }
    if modifiers.contains(.alternate) { name += "alt-" }
    if modifiers.contains(.shift) { name += "shift-" }
    if let known = Self.names.first(where: { $0.code == code }) { return name + known.name }
    switch code {
    case .character(let character): name.append(character)
    case .function(let number): name += "f\(number)"
    default: preconditionFailure("every other key has a name")
    }
    return name
  }

  /// The key of a name; nil where there is none.
  public init?(name: String) {
    var rest = name[...]
    var modifiers: Modifiers = []
    let prefixes: [(String, Modifiers)] = [
      ("ctrl-", .control), ("alt-", .alternate), ("shift-", .shift),
    ]
    for (prefix, modifier) in prefixes where rest.count > prefix.count && rest.hasPrefix(prefix) {
      rest = rest.dropFirst(prefix.count)
      modifiers.insert(modifier)
    }
    if let known = Self.names.first(where: { $0.name == rest }) {
      self.init(known.code, modifiers)
    } else if rest.count == 1, let character = rest.first {
      self.init(.character(character), modifiers)
    } else if rest.first == "f", let number = Int(rest.dropFirst()), 1...24 ~= number {
      self.init(.function(number), modifiers)
    } else {
      return nil
    }
  }

  /// The keys of a script such as `m<right><right>n seen<enter>`: characters stand for themselves,
  /// names stand in angle brackets, white space between counts for nothing (`<space>` is the key).
  ///
  /// - Throws: ``TerminalError`` where a name is unknown.
  public static func script(_ text: String) throws(TerminalError) -> [Key] {
    var keys: [Key] = []
    var rest = text[...]
    while let character = rest.popFirst() {
      if character.isWhitespace { continue }
      guard character == "<" else {
        keys.append(Key(.character(character)))
        continue
      }
      guard let end = rest.firstIndex(of: ">") else {
        throw TerminalError("a key's name in a script has no end", found: "<\(rest)")
      }
      let name = String(rest[..<end])
      guard let key = Key(name: name) else {
        throw TerminalError("no key has this name", found: "<\(name)>")
      }
      keys.append(key)
      rest = rest[rest.index(after: end)...]
    }
    return keys
  }
}

/// A terminal could not be used.
public struct TerminalError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, lower case, no full stop.
  public var message: String
  /// What was found instead.
  public var found: String?

  /// Creates an error.
  public init(_ message: String, found: String? = nil) {
    self.message = message
    self.found = found
  }

  /// The message, and what was found.
  public var description: String { message + (found.map { ": \($0)" } ?? "") }
}
