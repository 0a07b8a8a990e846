/// Solves seven normal equations in each of many voxels by Cholesky decomposition.
///
/// - Parameters:
///   - normal: (28, voxel): the symmetric matrices, row by row below the diagonal.
///   - right: (7, voxel): the right sides, replaced by the solutions; no numbers where the matrix is
///     not positive definite.
/// - Precondition: The number of voxels is a multiple of eight.
func solveNormalEquations(_ normal: Span<Double>, _ right: inout MutableSpan<Double>) {
  let width = right.count / 7
  precondition(
    width.isMultiple(of: 8) && right.count == 7 * width && normal.count == 28 * width,
    "seven equations a voxel")
  for first in stride(from: 0, to: width, by: 8) {
    // `l` holds the factor's rows; its diagonal holds reciprocals.
    var l = InlineArray<28, SIMD8<Double>>(repeating: .zero)
    var x = InlineArray<7, SIMD8<Double>>(repeating: .zero)
    for index in 0..<28 { l[index] = SIMD8(normal, at: index * width + first) }
    for row in 0..<7 {
      for lane in 0..<8 { x[row][lane] = right[row * width + first + lane] }
    }
    for row in 0..<7 {
      let start = row * (row + 1) / 2
      for column in 0..<row {
        let other = column * (column + 1) / 2
        var sum = l[start + column]
        for k in 0..<column { sum -= l[start + k] * l[other + k] }
        l[start + column] = sum * l[other + column]
      }
      var sum = l[start + row]
      for k in 0..<row { sum -= l[start + k] * l[start + k] }
      l[start + row] = 1 / sum.squareRoot()
    }
    for row in 0..<7 {
      let start = row * (row + 1) / 2
      var sum = x[row]
      for k in 0..<row { sum -= l[start + k] * x[k] }
      x[row] = sum * l[start + row]
    }
    for row in (0..<7).reversed() {
      var sum = x[row]
      for k in row + 1..<7 { sum -= l[k * (k + 1) / 2 + row] * x[k] }
      x[row] = sum * l[row * (row + 1) / 2 + row]
    }
    for row in 0..<7 {
      for lane in 0..<8 { right[row * width + first + lane] = x[row][lane] }
    }
  }
}

extension SIMD8<Double> {
  /// Eight values from a place on.
  @inline(__always)
  fileprivate init(_ values: Span<Double>, at start: Int) {
    let part = values.extracting(start..<start + 8)
    self.init(part[0], part[1], part[2], part[3], part[4], part[5], part[6], part[7])
  }
}
