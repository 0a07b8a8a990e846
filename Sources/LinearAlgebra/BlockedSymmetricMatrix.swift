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

  /// Adds multiples of vectors' products with themselves.
  ///
  /// - Parameters:
  ///   - vectors: (vector, block): the blocks of vectors.
  ///   - chosen: The vectors that take part.
  ///   - scales: The multiple of each.
  /// - Complexity: O(size²) for each.
  public mutating func addProducts(
    of vectors: Span<SIMD8<Double>>, _ chosen: [Int], scales: [Double]
  ) {
    precondition(
      chosen.count == scales.count && vectors.count.isMultiple(of: blocks),
      "vectors of the matrix's size, and a multiple for each")
    let (size, blocks) = (size, blocks)
    var target = values.mutableSpan
    // Four at a time, so that the matrix is read and written a quarter as often.
    for first in stride(from: 0, to: chosen.count, by: 4) {
      func start(_ place: Int) -> Int { chosen[min(first + place, chosen.count - 1)] * blocks }
      func scale(_ place: Int) -> Double {
        first + place < chosen.count ? scales[first + place] : 0
      }
      let a = vectors.extracting(start(0)..<start(0) + blocks)
      let b = vectors.extracting(start(1)..<start(1) + blocks)
      let c = vectors.extracting(start(2)..<start(2) + blocks)
      let d = vectors.extracting(start(3)..<start(3) + blocks)
      let (p, q, r, s) = (scale(0), scale(1), scale(2), scale(3))
      for row in 0..<size {
        let (block, lane) = (row / 8, row % 8)
        let one = SIMD8(repeating: p * a[block][lane])
        let two = SIMD8(repeating: q * b[block][lane])
        let three = SIMD8(repeating: r * c[block][lane])
        let four = SIMD8(repeating: s * d[block][lane])
        for block in block..<blocks {
          var sum: SIMD8<Double> = one * a[block]
          sum += two * b[block]
          sum += three * c[block]
          sum += four * d[block]
          target[row &* blocks &+ block] += sum
        }
      }
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
    // Two rows are taken from those below at a time.
    for pivot in stride(from: 0, to: size, by: 2) {
      let start = pivot &* blocks
      guard let first = reciprocal(of: rows[start &+ pivot / 8][pivot % 8]) else { return false }
      reciprocals[pivot] = first
      for block in pivot / 8..<blocks { rows[start &+ block] *= SIMD8(repeating: first) }
      let other = pivot &+ 1
      guard other < size else { break }
      let next = start &+ blocks
      let share = SIMD8(repeating: rows[start &+ other / 8][other % 8])
      for block in other / 8..<blocks { rows[next &+ block] -= share * rows[start &+ block] }
      guard let second = reciprocal(of: rows[next &+ other / 8][other % 8]) else { return false }
      reciprocals[other] = second
      for block in other / 8..<blocks { rows[next &+ block] *= SIMD8(repeating: second) }
      for row in other + 1..<max(size, other + 1) {
        let one = SIMD8(repeating: rows[start &+ row / 8][row % 8])
        let two = SIMD8(repeating: rows[next &+ row / 8][row % 8])
        for block in row / 8..<blocks {
          var sum: SIMD8<Double> = one * rows[start &+ block]
          sum += two * rows[next &+ block]
          rows[row &* blocks &+ block] -= sum
        }
      }
    }
    return true
  }

  /// The reciprocal of a square's root; nil where there is none.
  private static func reciprocal(of square: Double) -> Double? {
    square > 0 && square.isFinite ? 1 / square.squareRoot() : nil
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
