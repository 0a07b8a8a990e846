import LinearAlgebra

/// Fits the signals of one voxel, not their logarithms, by the Levenberg–Marquardt method.
///
/// It holds its working memory, so that voxels cost no allocation.
///
/// Source: Koay et al. 2006, J Magn Reson 182:115; Marquardt 1963, J Soc Ind Appl Math 11:431.
struct SignalFit {
  private let design: [Double]
  private let count: Int
  private var signals: [Double]
  private var weights: [Double]
  private var residuals: [Double]
  private var sorted: [Double]

  private static let mostSteps = 100
  private static let mostReweightings = 20
  /// The change of an unknown, relative to its size, that ends a fit.
  private static let precision = 1e-12

  init(design: Matrix) {
    self.design = design.values
    count = design.rows
    signals = [Double](repeating: 0, count: count)
    weights = [Double](repeating: 1, count: count)
    residuals = [Double](repeating: 0, count: count)
    sorted = []
    sorted.reserveCapacity(count)
  }

  /// Fits one of a batch's voxels, starting from its unknowns.
  ///
  /// - Parameters:
  ///   - measured: (volume, voxel).
  ///   - lane: The voxel.
  ///   - width: The voxels of the batch.
  ///   - unknowns: (7, voxel): six tensor values, and the logarithm of the unweighted signal.
  ///   - robust: Nil to fit all volumes; otherwise the noise, or nil where it is to be estimated.
  mutating func fit(
    _ measured: [Double], lane: Int, width: Int, _ unknowns: inout [Double], robust: Double??
  ) {
    for volume in 0..<count {
      signals[volume] = measured[volume * width + lane]
      weights[volume] = 1
    }
    var x = InlineArray<7, Double>(repeating: 0)
    for row in 0..<7 { x[row] = unknowns[row * width + lane] }
    minimise(&x)
    if let noise = robust { leaveOutliersOut(&x, noise: noise) }
    for row in 0..<7 { unknowns[row * width + lane] = x[row] }
  }

  /// Fits again with weights that fall with the residual, then without the volumes that lie further
  /// than three standard deviations from that fit.
  private mutating func leaveOutliersOut(_ x: inout InlineArray<7, Double>, noise: Double?) {
    updateResiduals(x)
    let sigma = noise ?? estimatedNoise()
    guard sigma > 0, residuals.contains(where: { abs($0) > 3 * sigma }) else { return }
    let first = x
    for _ in 0..<SignalFit.mostReweightings {
      for volume in 0..<count {
        weights[volume] = 1 / (sigma * sigma + residuals[volume] * residuals[volume])
      }
      let before = x
      minimise(&x)
      updateResiduals(x)
      if SignalFit.isClose(before, x, 1e-6) { break }
    }
    var kept = 0
    for volume in 0..<count {
      let isKept = abs(residuals[volume]) <= 3 * sigma
      weights[volume] = isKept ? 1 : 0
      if isKept { kept += 1 }
    }
    // Too few volumes determine nothing: then the fit of all stays.
    guard kept >= 7 else { return x = first }
    let start = x
    minimise(&x)
    if !(0..<7).allSatisfy({ x[$0].isFinite }) { x = start }
  }

  /// The standard deviation of the noise from the median of the residuals' sizes.
  private mutating func estimatedNoise() -> Double {
    sorted.removeAll(keepingCapacity: true)
    for residual in residuals { sorted.append(abs(residual)) }
    sorted.sort()
    let middle = count / 2
    let median =
      count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    let freedom = max(1, count - 7)
    return 1.4826 * median * (Double(count) / Double(freedom)).squareRoot()
  }

  private func predicted(_ x: InlineArray<7, Double>, _ volume: Int) -> Double {
    var sum = 0.0
    for row in 0..<7 { sum += design[volume * 7 + row] * x[row] }
    return exponential(sum)
  }

  private mutating func updateResiduals(_ x: InlineArray<7, Double>) {
    for volume in 0..<count { residuals[volume] = signals[volume] - predicted(x, volume) }
  }

  private func cost(_ x: InlineArray<7, Double>) -> Double {
    var sum = 0.0
    for volume in 0..<count where weights[volume] > 0 {
      let residual = signals[volume] - predicted(x, volume)
      sum += weights[volume] * residual * residual
    }
    return sum
  }

  private static func isClose(
    _ one: InlineArray<7, Double>, _ other: InlineArray<7, Double>, _ precision: Double
  ) -> Bool {
    // The six values of the tensor share one scale.
    var (size, change) = (0.0, 0.0)
    for row in 0..<6 {
      size = max(size, abs(other[row]))
      change = max(change, abs(one[row] - other[row]))
    }
    return change <= precision * size && abs(one[6] - other[6]) <= precision * abs(other[6])
  }

  private func minimise(_ x: inout InlineArray<7, Double>) {
    var damping = 1e-3
    var best = cost(x)
    for _ in 0..<SignalFit.mostSteps {
      var normal = InlineArray<28, Double>(repeating: 0)
      var right = InlineArray<7, Double>(repeating: 0)
      for volume in 0..<count where weights[volume] > 0 {
        let signal = predicted(x, volume)
        let residual = signals[volume] - signal
        var place = 0
        for row in 0..<7 {
          let slope = weights[volume] * signal * design[volume * 7 + row]
          right[row] += slope * residual
          for column in 0...row {
            normal[place] += slope * signal * design[volume * 7 + column]
            place += 1
          }
        }
      }
      var isBetter = false
      var isDone = false
      while !isBetter, damping < 1e12 {
        guard let step = solve(normal, right, damping: damping) else {
          damping *= 10
          continue
        }
        var next = x
        for row in 0..<7 { next[row] += step[row] }
        let cost = cost(next)
        if cost <= best {
          isDone = SignalFit.isClose(x, next, SignalFit.precision)
          isBetter = true
          best = cost
          x = next
          damping = max(damping / 10, 1e-15)
        } else if SignalFit.isClose(x, next, SignalFit.precision) {
          return
        } else {
          damping *= 10
        }
      }
      if isDone || !isBetter { return }
    }
  }

  /// Solves the damped normal equations; nil where they are not positive definite.
  private func solve(
    _ normal: InlineArray<28, Double>, _ right: InlineArray<7, Double>, damping: Double
  ) -> InlineArray<7, Double>? {
    var (l, x) = (normal, right)
    for row in 0..<7 {
      let start = row * (row + 1) / 2
      for column in 0..<row {
        let other = column * (column + 1) / 2
        var sum = l[start + column]
        for k in 0..<column { sum -= l[start + k] * l[other + k] }
        l[start + column] = sum / l[other + column]
      }
      var sum = l[start + row] * (1 + damping)
      for k in 0..<row { sum -= l[start + k] * l[start + k] }
      guard sum > 0, sum.isFinite else { return nil }
      l[start + row] = sum.squareRoot()
    }
    for row in 0..<7 {
      let start = row * (row + 1) / 2
      for k in 0..<row { x[row] -= l[start + k] * x[k] }
      x[row] /= l[start + row]
    }
    for row in (0..<7).reversed() {
      for k in row + 1..<7 { x[row] -= l[k * (k + 1) / 2 + row] * x[k] }
      x[row] /= l[row * (row + 1) / 2 + row]
    }
    return x
  }
}
