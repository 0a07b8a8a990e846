import LinearAlgebra

/// The working memory of one batch of voxels; values of a volume lie together.
struct FitMemory: Sendable {
  /// (volume, voxel): the signals.
  var measured: [Double]
  /// (volume, voxel): the logarithms of the signals.
  var logarithms: [Double]
  /// (volume, voxel): weights, then their squares, or predicted signals.
  var weights: [Double]
  /// (volume, voxel): logarithms times squared weights.
  var weighted: [Double]
  /// (28, voxel): the normal equations.
  var normal: [Double]
  /// (7, voxel): the right sides, then the unknowns.
  var unknowns: [Double]

  init(volumes: Int) {
    let count = volumes * TensorFit.batch
    measured = [Double](repeating: 1, count: count)
    logarithms = measured
    weights = measured
    weighted = measured
    normal = [Double](repeating: 0, count: 28 * TensorFit.batch)
    unknowns = [Double](repeating: 0, count: 7 * TensorFit.batch)
  }

  /// Starts from the measured signals.
  mutating func start(_ first: TensorFit.FirstWeights) {
    FitMemory.copy(measured, into: &logarithms, isEqual: false)
    FitMemory.copy(measured, into: &weights, isEqual: first == .equal)
    var target = logarithms.mutableSpan
    replaceByLogarithms(&target)
  }

  /// Puts the signals that the unknowns predict where the weights are.
  mutating func predict(_ design: Matrix) {
    FitMemory.multiply(design, unknowns, into: &weights)
    var target = weights.mutableSpan
    replaceByExponentials(&target)
  }

  /// Fits the logarithms with the weights.
  ///
  /// - Parameters:
  ///   - products: (28, volume): the products of two columns of the design.
  ///   - transposed: (7, volume): its columns.
  mutating func solve(products: Matrix, transposed: Matrix) {
    FitMemory.weigh(&weights, logarithms, into: &weighted)
    FitMemory.multiply(products, weights, into: &normal)
    FitMemory.multiply(transposed, weighted, into: &unknowns)
    FitMemory.solve(normal, &unknowns)
  }

  // Working arrays are handed over one by one, as spans of several would hold all of them.

  private static func copy(_ signals: [Double], into array: inout [Double], isEqual: Bool) {
    let source = signals.span
    var target = array.mutableSpan
    for index in 0..<source.count { target[index] = isEqual ? 1 : source[index] }
  }

  private static func multiply(
    _ matrix: Matrix, _ values: [Double], into array: inout [Double]
  ) {
    var target = array.mutableSpan
    matrix.multiply(values.span, columns: TensorFit.batch, into: &target)
  }

  /// Squares weights, and multiplies them with the logarithms.
  private static func weigh(
    _ weights: inout [Double], _ logarithms: [Double], into weighted: inout [Double]
  ) {
    let source = logarithms.span
    var squares = weights.mutableSpan
    var target = weighted.mutableSpan
    for index in 0..<source.count {
      let square = squares[index] * squares[index]
      squares[index] = square
      target[index] = square * source[index]
    }
  }

  private static func solve(_ normal: [Double], _ unknowns: inout [Double]) {
    var right = unknowns.mutableSpan
    solveNormalEquations(normal.span, &right)
  }
}
