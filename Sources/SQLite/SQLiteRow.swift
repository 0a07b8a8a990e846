/// One row of a query.
public struct SQLiteRow: Hashable, Sendable {
  /// Its values, in the order of the query's columns.
  public var values: [SQLiteValue]

  init(_ values: [SQLiteValue]) { self.values = values }

  /// The integer of a column; nil where it is missing or of another type.
  public func integer(_ column: Int) -> Int64? {
    if case .integer(let value) = values[column] { value } else { nil }
  }

  /// The identifier of a column; nil where it is missing or of another type.
  public func identifier(_ column: Int) -> UInt64? {
    integer(column).map { UInt64(bitPattern: $0) }
  }

  /// The number of a column; nil where it is missing or text.
  public func real(_ column: Int) -> Double? {
    switch values[column] {
    case .real(let value): value
    case .integer(let value): Double(value)
    default: nil
    }
  }

  /// The text of a column; nil where it is missing or of another type.
  public func text(_ column: Int) -> String? {
    if case .text(let value) = values[column] { value } else { nil }
  }

  /// The bytes of a column; nil where it is missing or of another type.
  public func blob(_ column: Int) -> [UInt8]? {
    if case .blob(let value) = values[column] { value } else { nil }
  }
}
