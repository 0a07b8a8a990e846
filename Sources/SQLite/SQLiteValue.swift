/// A value of a column or of a parameter.
public enum SQLiteValue: Hashable, Sendable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob([UInt8])

  /// An identifier of 64 bits, kept by its bit pattern: SQLite's integers carry a sign.
  public static func identifier(_ value: UInt64) -> SQLiteValue {
    .integer(Int64(bitPattern: value))
  }

  /// A value that may be missing.
  public static func optional(_ value: Int64?) -> SQLiteValue { value.map(integer) ?? .null }
  /// A value that may be missing.
  public static func optional(_ value: Double?) -> SQLiteValue { value.map(real) ?? .null }
  /// A value that may be missing.
  public static func optional(_ value: String?) -> SQLiteValue { value.map(text) ?? .null }
  /// An identifier that may be missing.
  public static func optional(identifier value: UInt64?) -> SQLiteValue {
    value.map(identifier) ?? .null
  }
}

extension SQLiteValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByStringLiteral, ExpressibleByNilLiteral
{
  /// An integer.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .real(value) }
  /// A text.
  public init(stringLiteral value: String) { self = .text(value) }
  /// No value.
  public init(nilLiteral: ()) { self = .null }
}
