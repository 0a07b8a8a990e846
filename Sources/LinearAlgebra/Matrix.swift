/// A dense matrix of double precision, row after row.
public struct Matrix: Hashable, Sendable {
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// The values, row after row.
  public private(set) var values: [Double]

  /// A matrix of zeros.
  public init(rows: Int, columns: Int) {
    precondition(rows > 0 && columns > 0, "a matrix has at least one value")
    self.rows = rows
    self.columns = columns
    values = [Double](repeating: 0, count: rows * columns)
  }

  /// A matrix of values, row after row.
  public init(rows: Int, columns: Int, values: [Double]) {
    precondition(
      rows > 0 && columns > 0 && values.count == rows * columns,
      "a matrix has one value for each row and column")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// The value at a row and a column.
  public subscript(row: Int, column: Int) -> Double {
    get {
      precondition(
        row >= 0 && row < rows && column >= 0 && column < columns, "outside the matrix")
      return values[row * columns + column]
    }
    set {
      precondition(
        row >= 0 && row < rows && column >= 0 && column < columns, "outside the matrix")
      values[row * columns + column] = newValue
    }
  }

  /// The matrix with rows and columns exchanged.
  public var transposed: Matrix {
    var result = Matrix(rows: columns, columns: rows)
    for row in 0..<rows {
      for column in 0..<columns { result[column, row] = self[row, column] }
    }
    return result
  }

  /// The product of two matrices.
  ///
  /// - Precondition: The first has as many columns as the second has rows.
  public static func * (one: Matrix, other: Matrix) -> Matrix {
    precondition(one.columns == other.rows, "the matrices do not fit together")
    var product = Matrix(rows: one.rows, columns: other.columns)
    var target = product.values.mutableSpan
    one.multiply(other.values.span, columns: other.columns, into: &target)
    return product
  }
}

/// Why a system of equations has no answer.
public struct LinearAlgebraError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, lower case, no full stop.
  public var message: String

  /// The message.
  public var description: String { message }
}
