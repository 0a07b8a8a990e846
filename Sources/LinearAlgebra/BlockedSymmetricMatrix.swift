/// A symmetric matrix, stored as rows of eight-number blocks from the diagonal on, that is built up
/// by products of vectors and then solved with.
///
/// Blocks keep the processor's vector units busy at sizes where calls of LAPACK cost more than they
/// do.
public struct BlockedSymmetricMatrix: Sendable {
  /// The number of rows.
  public let size: Int
  /// The blocks of a row; those left of the diagonal's block are not used.
  public let blocks: Int
  private var values: [SIMD8<Double>]
  private var factor: [SIMD8<Double>]
  private var reciprocals: [Double]
  private var right: [SIMD8<Double>]

  /// A matrix of zeros.
  public init(size: Int) {
    precondition(size > 0, "a matrix has at least one value")
    self.size = size
    blocks = (size + 7) / 8
    values = [SIMD8<Double>](repeating: .zero, count: size * blocks)
    factor = values
    reciprocals = [Double](repeating: 0, count: size)
    right = [SIMD8<Double>](repeating: .zero, count: blocks)
  }

  /// The blocks of a vector, filled up with zeros.
  public static func blocks(of vector: [Double]) -> [SIMD8<Double>] {
    var blocks = [SIMD8<Double>](repeating: .zero, count: (vector.count + 7) / 8)
    for (place, value) in vector.enumerated() { blocks[place / 8][place % 8] = value }
    return blocks
  }

  /// The value at a row and a column.
  public subscript(row: Int, column: Int) -> Double {
    let (first, second) = (min(row, column), max(row, column))
    return values[first * blocks + second / 8][second % 8]
  }

  /// Takes the values of another matrix of the same size.
  public mutating func assign(_ other: borrowing BlockedSymmetricMatrix) {
    precondition(other.size == size, "matrices of one size")
    let source = other.values.span
    var target = values.mutableSpan
    for place in 0..<source.count { target[place] = source[place] }
  }

  /// Adds a multiple of a vector's product with itself.
  ///
  /// - Parameters:
  ///   - vector: The blocks of the vector.
  ///   - scale: The multiple.
  /// - Complexity: O(size²).
  public mutating func addProduct(of vector: Span<SIMD8<Double>>, scale: Double) {
    precondition(vector.count == blocks, "a vector of the matrix's size")
    let (size, blocks) = (size, blocks)
    var target = values.mutableSpan
    for row in 0..<size {
      let factor = SIMD8(repeating: scale * vector[row / 8][row % 8])
      for block in row / 8..<blocks { target[row &* blocks &+ block] += factor * vector[block] }
    }
  }

  /// Adds a number to every value of the diagonal.
  public mutating func addToDiagonal(_ value: Double) {
    for row in 0..<size { values[row * blocks + row / 8][row % 8] += value }
  }

  /// Solves `self · x = right` by Cholesky decomposition.
  ///
  /// - Parameters:
  ///   - right: The blocks of the right side.
  ///   - solution: Receives the solution's values.
  /// - Returns: False where the matrix is not positive definite; the solution is then not set.
  /// - Complexity: O(size³).
  public mutating func solve(_ right: [SIMD8<Double>], into solution: inout [Double]) -> Bool {
    precondition(
      right.count == blocks && solution.count == size, "a right side of the matrix's size")
    guard Self.factorise(values, into: &factor, reciprocals: &reciprocals, blocks: blocks) else {
      return false
    }
    for block in 0..<blocks { self.right[block] = right[block] }
    Self.substitute(factor, reciprocals, &self.right, into: &solution)
    return true
  }

  /// Splits a matrix into a triangle and its mirror image; false where that is not possible.
  private static func factorise(
    _ values: [SIMD8<Double>], into factor: inout [SIMD8<Double>], reciprocals: inout [Double],
    blocks: Int
  ) -> Bool {
    let size = reciprocals.count
    let source = values.span
    var rows = factor.mutableSpan
    for place in 0..<source.count { rows[place] = source[place] }
    for pivot in 0..<size {
      let start = pivot &* blocks
      let square = rows[start &+ pivot / 8][pivot % 8]
      guard square > 0, square.isFinite else { return false }
      let reciprocal = 1 / square.squareRoot()
      reciprocals[pivot] = reciprocal
      let all = SIMD8(repeating: reciprocal)
      for block in pivot / 8..<blocks { rows[start &+ block] *= all }
      for row in pivot + 1..<max(size, pivot + 1) {
        let all = SIMD8(repeating: rows[start &+ row / 8][row % 8])
        for block in row / 8..<blocks {
          rows[row &* blocks &+ block] -= all * rows[start &+ block]
        }
      }
    }
    return true
  }

  /// Solves with the triangle and its mirror image.
  private static func substitute(
    _ factor: [SIMD8<Double>], _ reciprocals: [Double], _ right: inout [SIMD8<Double>],
    into solution: inout [Double]
  ) {
    let (size, blocks) = (reciprocals.count, right.count)
    let rows = factor.span
    var rest = right.mutableSpan
    for row in 0..<size {
      let value = rest[row / 8][row % 8] * reciprocals[row]
      solution[row] = value
      let all = SIMD8(repeating: value)
      for block in row / 8..<blocks { rest[block] -= all * rows[row &* blocks &+ block] }
    }
    // Values that are not known yet are zero, and so take no part in the sums.
    for block in 0..<blocks { rest[block] = .zero }
    for row in (0..<size).reversed() {
      var sum = SIMD8<Double>.zero
      for block in row / 8..<blocks { sum += rows[row &* blocks &+ block] * rest[block] }
      let value = (solution[row] - sum.sum()) * reciprocals[row]
      solution[row] = value
      rest[row / 8][row % 8] = value
    }
  }
}
