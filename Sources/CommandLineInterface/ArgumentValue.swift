/// What a shell offers when a value is completed.
public enum Completion: Hashable, Sendable {
  /// Names of files and folders.
  case files
  /// A fixed list of words.
  case words([String])
  /// Nothing.
  case nothing
}

/// A type that an argument on the command line can have.
///
/// An enum with raw values gets everything from
/// `enum Layout: String, CaseIterable, ArgumentValue`.
public protocol ArgumentValue: Sendable {
  /// Reads one argument; nil where the text is not what ``expectation`` says.
  init?(argument: String)
  /// The value as a user would write it, for showing defaults; nil where there is nothing to show.
  var argumentText: String? { get }
  /// What is accepted, as it stands in an error after "expected", such as `a whole number`.
  static var expectation: String { get }
  /// What stands for the value in a synopsis, such as `N`.
  static var placeholder: String { get }
  /// What a shell offers.
  static var completion: Completion { get }
  /// Whether the argument may be given more than once.
  static var isRepeatable: Bool { get }
  /// Takes up the value of a later occurrence; only repeatable types are asked.
  mutating func append(_ later: Self)
}

extension ArgumentValue {
  /// Nothing.
  public static var completion: Completion { .nothing }
  /// False.
  public static var isRepeatable: Bool { false }
  /// Replaces the value.
  public mutating func append(_ later: Self) { self = later }
}

extension String: ArgumentValue {
  /// Takes the text as it is; an empty one is refused.
  public init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    self = argument
  }
  /// The text, where there is any.
  public var argumentText: String? { isEmpty ? nil : self }
  /// Any text.
  public static var expectation: String { "a text that is not empty" }
  /// `TEXT`.
  public static var placeholder: String { "TEXT" }
  /// Most texts on our command lines are paths.
  public static var completion: Completion { .files }
}

extension Int: ArgumentValue {
  /// Reads decimal digits with an optional sign.
  public init?(argument: String) { self.init(argument, radix: 10) }
  /// The digits.
  public var argumentText: String? { String(self) }
  /// A whole number.
  public static var expectation: String { "a whole number" }
  /// `N`.
  public static var placeholder: String { "N" }
}

extension UInt64: ArgumentValue {
  /// Reads decimal digits.
  public init?(argument: String) { self.init(argument, radix: 10) }
  /// The digits.
  public var argumentText: String? { String(self) }
  /// A whole number from zero.
  public static var expectation: String { "a whole number, zero or above" }
  /// `N`.
  public static var placeholder: String { "N" }
}

extension Double: ArgumentValue {
  /// Reads a finite decimal number.
  public init?(argument: String) {
    guard let value = finiteNumber(argument, as: Double.self) else { return nil }
    self = value
  }
  /// The shortest decimal digits that give the number back, without a trailing `.0`.
  public var argumentText: String? { shortestText(description) }
  /// A number.
  public static var expectation: String { "a finite number" }
  /// `X`.
  public static var placeholder: String { "X" }
}

extension Float: ArgumentValue {
  /// Reads a finite decimal number.
  public init?(argument: String) {
    guard let value = finiteNumber(argument, as: Float.self) else { return nil }
    self = value
  }
  /// The shortest decimal digits that give the number back, without a trailing `.0`.
  public var argumentText: String? { shortestText(description) }
  /// A number.
  public static var expectation: String { "a finite number" }
  /// `X`.
  public static var placeholder: String { "X" }
}

/// Reads a decimal number; hexadecimal ones, `nan` and `inf` are refused.
private func finiteNumber<Number: BinaryFloatingPoint & LosslessStringConvertible>(
  _ text: String, as type: Number.Type
) -> Number? {
  let isDecimal = text.utf8.allSatisfy { byte in
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || "+-.eE".utf8.contains(byte)
  }
  guard isDecimal, let value = Number(text), value.isFinite else { return nil }
  return value
}

private func shortestText(_ description: String) -> String {
  description.hasSuffix(".0") ? String(description.dropLast(2)) : description
}

extension Bool: ArgumentValue {
  /// Reads `yes`, `true`, `on`, `no`, `false` or `off`.
  public init?(argument: String) {
    switch argument {
    case "yes", "true", "on": self = true
    case "no", "false", "off": self = false
    default: return nil
    }
  }
  /// `yes` or `no`.
  public var argumentText: String? { self ? "yes" : "no" }
  /// Yes or no.
  public static var expectation: String { "yes or no" }
  /// `yes|no`.
  public static var placeholder: String { "yes|no" }
  /// `yes` and `no`.
  public static var completion: Completion { .words(["yes", "no"]) }
}

extension ArgumentValue
where Self: RawRepresentable & CaseIterable, RawValue: LosslessStringConvertible & Equatable {
  /// Reads the raw value of a case.
  public init?(argument: String) {
    guard let value = RawValue(argument), String(value) == argument else { return nil }
    self.init(rawValue: value)
  }
  /// The raw value.
  public var argumentText: String? { String(rawValue) }
  /// One of the raw values.
  public static var expectation: String { "one of " + words.joined(separator: ", ") }
  /// The raw values, divided by bars.
  public static var placeholder: String { words.joined(separator: "|") }
  /// The raw values.
  public static var completion: Completion { .words(words) }
  private static var words: [String] { allCases.map { String($0.rawValue) } }
}

extension Optional: ArgumentValue where Wrapped: ArgumentValue {
  /// Reads a value; only leaving the argument out gives nil.
  public init?(argument: String) {
    guard let value = Wrapped(argument: argument) else { return nil }
    self = .some(value)
  }
  /// The value, where there is one.
  public var argumentText: String? { self?.argumentText }
  /// What the value is.
  public static var expectation: String { Wrapped.expectation }
  /// What stands for the value.
  public static var placeholder: String { Wrapped.placeholder }
  /// What completes the value.
  public static var completion: Completion { Wrapped.completion }
  /// Whether the value is repeatable.
  public static var isRepeatable: Bool { Wrapped.isRepeatable }
  /// Takes up the value of a later occurrence.
  public mutating func append(_ later: Self) {
    guard let later else { return }
    if self == nil { self = later } else { self?.append(later) }
  }
}

extension Array: ArgumentValue where Element: ArgumentValue {
  /// Reads elements divided by commas.
  public init?(argument: String) {
    self = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let element = Element(argument: String(part)) else { return nil }
      append(element)
    }
  }
  /// The elements, divided by commas.
  public var argumentText: String? {
    isEmpty ? nil : compactMap(\.argumentText).joined(separator: ",")
  }
  /// A list of elements.
  public static var expectation: String {
    "\(Element.expectation), or several divided by commas"
  }
  /// The element's placeholder, repeated.
  public static var placeholder: String { "\(Element.placeholder)[,…]" }
  /// What completes an element.
  public static var completion: Completion { Element.completion }
  /// True.
  public static var isRepeatable: Bool { true }
  /// Adds the elements of a later occurrence.
  public mutating func append(_ later: Self) { append(contentsOf: later) }
}
