/// Least squares with the constraint that linear functions of the solution are not negative.
///
/// Minimises `|H x − b|²` where `A x ≥ 0`, for many right sides `b`, by an active-set method on the
/// dual problem: the constraint that is violated most joins the active set, those whose multiplier
/// would be negative leave it.
///
/// Source: Goldfarb & Idnani 1983, Math Program 27:1; the regularisations and the order in which
/// constraints come and go are those of MRtrix3.
public struct ConstrainedLeastSquares: Sendable {
  /// The number of unknowns.
  public let unknowns: Int
  /// The number of values of a right side.
  public let measurements: Int
  private let constraints: Int
  private let blocks: Int
  private let mostSteps: Int
  private let constraintNorm: Double
  /// (unknown, measurement): from the right side to the solution without constraints, in coordinates
  /// in which the problem's matrix is the identity.
  private let projection: Matrix
  /// (unknown, unknown): from those coordinates to the unknowns.
  private let restoration: Matrix
  /// (constraint, unknown), every row of length 1, in those coordinates.
  private let directions: Matrix
  /// (unknown, block of constraints).
  private let columns: [SIMD8<Double>]
  /// (constraint, block of constraints): the products of constraints.
  private let products: [SIMD8<Double>]

  /// Prepares a problem.
  ///
  /// - Parameters:
  ///   - design: (measurement, unknown): `H`.
  ///   - constraints: (constraint, unknown): `A`. A row of zeros constrains nothing.
  ///   - solutionNorm: What is added to the diagonal of `Hᵀ H`, as a share of its largest value.
  ///   - constraintNorm: What is added to the diagonal of the active constraints' products.
  /// - Throws: ``LinearAlgebraError`` where the design does not determine the unknowns.
  public init(
    design: Matrix, constraints: Matrix, solutionNorm: Double, constraintNorm: Double
  ) throws(LinearAlgebraError) {
    try self.init(
      normal: design.transposed * design, right: design.transposed, constraints: constraints,
      solutionNorm: solutionNorm, constraintNorm: constraintNorm)
  }

  /// Prepares a problem that is given as its normal equations.
  ///
  /// - Parameters:
  ///   - normal: (unknown, unknown): `Hᵀ H`; right sides are then `Hᵀ b`.
  ///   - constraints: (constraint, unknown): `A`.
  ///   - solutionNorm: What is added to the diagonal of `Hᵀ H`, as a share of its largest value.
  ///   - constraintNorm: What is added to the diagonal of the active constraints' products.
  /// - Throws: ``LinearAlgebraError`` where the equations do not determine the unknowns.
  public init(
    normal: Matrix, constraints: Matrix, solutionNorm: Double, constraintNorm: Double
  ) throws(LinearAlgebraError) {
    var identity = Matrix(rows: normal.rows, columns: normal.rows)
    for row in 0..<normal.rows { identity[row, row] = 1 }
    try self.init(
      normal: normal, right: identity, constraints: constraints, solutionNorm: solutionNorm,
      constraintNorm: constraintNorm)
  }

  private init(
    normal: Matrix, right: Matrix, constraints: Matrix, solutionNorm: Double,
    constraintNorm: Double
  ) throws(LinearAlgebraError) {
    precondition(
      constraints.columns == normal.columns && normal.rows == normal.columns,
      "a constraint has a value for each unknown")
    unknowns = normal.rows
    measurements = right.columns
    self.constraints = constraints.rows
    self.constraintNorm = constraintNorm
    mostSteps = 10 * normal.columns
    blocks = (constraints.rows + 7) / 8
    let lower = try normal.lowerFactor(solutionNorm: solutionNorm)
    let inverse = lower.inverseOfLowerTriangle
    projection = inverse * right
    restoration = inverse.transposed
    var directions = constraints * restoration
    for row in 0..<directions.rows {
      var square = 0.0
      for column in 0..<directions.columns {
        square += directions[row, column] * directions[row, column]
      }
      guard square > 0 else { continue }
      for column in 0..<directions.columns { directions[row, column] /= square.squareRoot() }
    }
    self.directions = directions
    columns = (directions.transposed).blockedRows
    products = (directions * directions.transposed).blockedRows
  }

  /// The working memory of one thread.
  public struct Memory: Sendable {
    fileprivate var free: [Double]
    fileprivate var values: [SIMD8<Double>]
    fileprivate var freeValues: [SIMD8<Double>]
    fileprivate var active: [Int] = []
    fileprivate var isActive: [Bool]
    /// (active, active): the triangular factor of the products of active constraints, row by row.
    fileprivate var factor: [Double] = []
    fileprivate var forward: [Double] = []
    fileprivate var multipliers: [Double] = []
    /// The multipliers of the step before, by constraint.
    fileprivate var previous: [Double]

    fileprivate init(_ problem: ConstrainedLeastSquares) {
      free = [Double](repeating: 0, count: problem.unknowns)
      values = [SIMD8<Double>](repeating: .zero, count: problem.blocks)
      freeValues = values
      isActive = [Bool](repeating: false, count: problem.constraints)
      previous = [Double](repeating: 0, count: problem.constraints)
    }
  }

  /// Makes working memory.
  public var memory: Memory { Memory(self) }

  /// Solves for a right side.
  ///
  /// - Parameters:
  ///   - right: The measurements, or `Hᵀ b`.
  ///   - memory: The thread's working memory.
  ///   - solution: Receives the unknowns.
  /// - Returns: Whether the active set came to rest.
  public func solve(
    _ right: [Double], using memory: inout Memory, into solution: inout [Double]
  ) -> Bool {
    precondition(
      right.count == measurements && solution.count == unknowns, "a value for each measurement")
    multiply(projection, right, into: &memory.free)
    startValues(&memory)
    memory.active.removeAll(keepingCapacity: true)
    memory.factor.removeAll(keepingCapacity: true)
    memory.forward.removeAll(keepingCapacity: true)
    for constraint in 0..<constraints {
      memory.isActive[constraint] = false
      memory.previous[constraint] = 0
    }
    var steps = 0
    while let worst = mostViolated(memory.values) {
      var hasChanged = !memory.isActive[worst]
      if hasChanged { append(worst, &memory) }
      while let leaving = updateMultipliers(&memory) {
        remove(leaving, &memory)
        hasChanged = true
      }
      for constraint in 0..<constraints { memory.previous[constraint] = 0 }
      for (place, constraint) in memory.active.enumerated() {
        memory.previous[constraint] = memory.multipliers[place]
      }
      steps += 1
      if !hasChanged || steps > mostSteps { break }
      updateValues(&memory)
    }
    // From here on the free solution holds the constrained one.
    for (place, constraint) in memory.active.enumerated() {
      let multiplier = memory.multipliers[place]
      for unknown in 0..<unknowns {
        memory.free[unknown] += multiplier * directions[constraint, unknown]
      }
    }
    multiply(restoration, memory.free, into: &solution)
    return steps <= mostSteps
  }

  private func multiply(_ matrix: Matrix, _ vector: [Double], into target: inout [Double]) {
    var result = target.mutableSpan
    matrix.multiply(vector.span, columns: 1, into: &result)
  }

  /// The constraints' values at the solution without constraints.
  private func startValues(_ memory: inout Memory) {
    for block in 0..<blocks { memory.freeValues[block] = .zero }
    Self.add(columns, rows: Array(0..<unknowns), times: memory.free, to: &memory.freeValues)
    Self.copy(memory.freeValues, to: &memory.values)
  }

  /// The constraints' values with the multipliers.
  private func updateValues(_ memory: inout Memory) {
    Self.copy(memory.freeValues, to: &memory.values)
    Self.add(products, rows: memory.active, times: memory.multipliers, to: &memory.values)
  }

  private static func copy(_ source: [SIMD8<Double>], to target: inout [SIMD8<Double>]) {
    let source = source.span
    var target = target.mutableSpan
    for block in 0..<source.count { target[block] = source[block] }
  }

  /// Adds multiples of some rows.
  private static func add(
    _ matrix: [SIMD8<Double>], rows: [Int], times factors: [Double],
    to target: inout [SIMD8<Double>]
  ) {
    let (source, rows, factors) = (matrix.span, rows.span, factors.span)
    var target = target.mutableSpan
    let blocks = target.count
    for place in 0..<rows.count {
      let factor = SIMD8(repeating: factors[place])
      let row = source.extracting(rows[place] &* blocks..<(rows[place] &+ 1) &* blocks)
      for block in 0..<blocks { target[block] += factor * row[block] }
    }
  }

  /// The first of the constraints with the least value; nil where none is negative.
  private func mostViolated(_ values: [SIMD8<Double>]) -> Int? {
    var least = SIMD8<Double>.zero
    for block in values { least = pointwiseMin(least, block) }
    let minimum = least.min()
    guard minimum < 0 else { return nil }
    for (place, block) in values.enumerated() {
      for lane in 0..<8 where block[lane] == minimum { return 8 * place + lane }
    }
    return nil
  }

  /// Adds a constraint to the active ones, and a row to their factor.
  private func append(_ constraint: Int, _ memory: inout Memory) {
    memory.isActive[constraint] = true
    memory.active.append(constraint)
    extend(from: memory.active.count - 1, &memory)
  }

  private func remove(_ place: Int, _ memory: inout Memory) {
    memory.isActive[memory.active[place]] = false
    memory.active.remove(at: place)
    extend(from: place, &memory)
  }

  /// Computes the rows of the factor from one on, and what follows for the right side.
  private func extend(from first: Int, _ memory: inout Memory) {
    memory.factor.removeLast(memory.factor.count - first * (first + 1) / 2)
    memory.forward.removeLast(memory.forward.count - first)
    for row in first..<max(first, memory.active.count) {
      let constraint = memory.active[row]
      let start = memory.factor.count
      for column in 0...row {
        let other = memory.active[column]
        var sum = products[constraint * blocks + other / 8][other % 8]
        let otherStart = column * (column + 1) / 2
        for k in 0..<column { sum -= memory.factor[start + k] * memory.factor[otherStart + k] }
        if column < row {
          memory.factor.append(sum / memory.factor[otherStart + column])
        } else {
          memory.factor.append(max(sum + constraintNorm, .leastNormalMagnitude).squareRoot())
        }
      }
      var sum = -memory.freeValues[constraint / 8][constraint % 8]
      for k in 0..<row { sum -= memory.factor[start + k] * memory.forward[k] }
      memory.forward.append(sum / memory.factor[start + row])
    }
  }

  /// Computes the active constraints' multipliers.
  ///
  /// - Returns: The place of the one that has to leave; nil where no multiplier is negative.
  private func updateMultipliers(_ memory: inout Memory) -> Int? {
    let count = memory.active.count
    memory.multipliers.removeAll(keepingCapacity: true)
    for value in memory.forward { memory.multipliers.append(value) }
    for row in (0..<count).reversed() {
      let start = row * (row + 1) / 2
      let value = memory.multipliers[row] / memory.factor[start + row]
      memory.multipliers[row] = value
      for column in 0..<row { memory.multipliers[column] -= value * memory.factor[start + column] }
    }
    var least = Double.infinity
    var leaving: Int?
    for (place, constraint) in memory.active.enumerated() where memory.multipliers[place] < 0 {
      let before = memory.previous[constraint]
      let share = before / (before - memory.multipliers[place])
      // Equal shares: the first constraint leaves.
      if share < least || share == least && constraint < memory.active[leaving ?? place] {
        (least, leaving) = (share, place)
      }
    }
    return leaving
  }
}

extension Matrix {
  /// The lower triangle L of `self = L Lᵀ`, after a share of the largest value was added to the
  /// diagonal.
  fileprivate func lowerFactor(solutionNorm: Double) throws(LinearAlgebraError) -> Matrix {
    var largest = 0.0
    for row in 0..<rows { largest = max(largest, self[row, row]) }
    var lower = Matrix(rows: rows, columns: rows)
    for row in 0..<rows {
      for column in 0...row {
        var sum = self[row, column] + (row == column ? solutionNorm * largest : 0)
        for k in 0..<column { sum -= lower[row, k] * lower[column, k] }
        if column < row {
          lower[row, column] = sum / lower[column, column]
        } else {
          guard sum > 0, sum.isFinite else {
            throw LinearAlgebraError(message: "the equations do not determine the unknowns")
          }
          lower[row, row] = sum.squareRoot()
        }
      }
    }
    return lower
  }

  fileprivate var inverseOfLowerTriangle: Matrix {
    var inverse = Matrix(rows: rows, columns: rows)
    for column in 0..<rows {
      inverse[column, column] = 1 / self[column, column]
      for row in column + 1..<max(rows, column + 1) {
        var sum = 0.0
        for k in column..<row { sum -= self[row, k] * inverse[k, column] }
        inverse[row, column] = sum / self[row, row]
      }
    }
    return inverse
  }

  /// The rows as blocks of eight, filled up with zeros.
  fileprivate var blockedRows: [SIMD8<Double>] {
    let blocks = (columns + 7) / 8
    var result = [SIMD8<Double>](repeating: .zero, count: rows * blocks)
    for row in 0..<rows {
      for column in 0..<columns {
        result[row * blocks + column / 8][column % 8] = self[row, column]
      }
    }
    return result
  }
}
