import Voxels

/// Weights along one axis, symmetric or antisymmetric about their middle.
///
/// Beyond the volume's faces it is mirrored, faces included. Sums are taken in 64 bits, from the
/// outermost weights inwards after the middle, and stored in 32: bit for bit what SciPy's
/// `correlate1d` gives.
struct ReflectedCorrelation {
  /// The middle weight, then those before it, the nearest first.
  private let weights: [Double]
  /// 1 where weights are equal on both sides, -1 where they are opposite.
  private let sign: Double

  /// Weights from the middle outwards, the same on both sides.
  init(symmetric weights: [Double]) {
    self.weights = weights
    sign = 1
  }

  /// The difference of the voxels after and before.
  static let difference = ReflectedCorrelation(weights: [0, -1], sign: -1)

  /// Weights 1, 2, 1.
  static let smoothing = ReflectedCorrelation(symmetric: [2, 1])

  private init(weights: [Double], sign: Double) {
    self.weights = weights
    self.sign = sign
  }

  /// A Gaussian up to four standard deviations.
  static func gaussian(_ sigma: Double) -> ReflectedCorrelation {
    let radius = Int(4 * sigma + 0.5)
    let values = (0...radius).map { exponential(-0.5 / (sigma * sigma) * Double($0 * $0)) }
    let sum = 2 * values.dropFirst().reduce(0, +) + values[0]
    return ReflectedCorrelation(symmetric: values.map { $0 / sum })
  }

  /// The correlation of a volume along an axis: 0 is z, 1 is y, 2 is x.
  ///
  /// - Complexity: O(*n* · *w*) for *w* weights.
  func applied(to volume: borrowing Volume<Float>, axis: Int) -> Volume<Float> {
    let extent = volume.extent
    let length = [extent.z, extent.y, extent.x][axis]
    var result = Volume<Float>(box: volume.box)
    var sums = [Double](repeating: 0, count: extent.x)
    var line = [Double](repeating: 0, count: extent.x + 2 * (weights.count - 1))
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        if axis == 2 {
          addAlongRow(volume.row(z: z, y: y), &line, &sums)
        } else {
          let middle = axis == 0 ? z : y
          func row(_ index: Int) -> (z: Int, y: Int) {
            let index = reflected(index, length)
            return axis == 0 ? (index, y) : (z, index)
          }
          start(volume.row(z: z, y: y), &sums)
          for distance in stride(from: weights.count - 1, to: 0, by: -1) {
            let (before, after) = (row(middle - distance), row(middle + distance))
            add(
              volume.row(z: before.z, y: before.y), volume.row(z: after.z, y: after.y),
              weights[distance], &sums)
          }
        }
        var target = result.mutableRow(z: z, y: y)
        for x in 0..<extent.x { target[x] = Float(sums[x]) }
      }
    }
    return result
  }

  private func start(_ row: Span<Float>, _ sums: inout [Double]) {
    var sums = sums.mutableSpan
    for x in row.indices { sums[x] = Double(row[x]) * weights[0] }
  }

  private func add(
    _ before: Span<Float>, _ after: Span<Float>, _ weight: Double, _ sums: inout [Double]
  ) {
    var sums = sums.mutableSpan
    let sign = sign
    for x in before.indices {
      sums[x] += (Double(before[x]) + sign * Double(after[x])) * weight
    }
  }

  private func addAlongRow(_ row: Span<Float>, _ line: inout [Double], _ sums: inout [Double]) {
    let reach = weights.count - 1
    for index in line.indices { line[index] = Double(row[reflected(index - reach, row.count)]) }
    start(row, &sums)
    let values = line.span
    var sums = sums.mutableSpan
    for distance in stride(from: reach, to: 0, by: -1) {
      let weight = weights[distance]
      for x in 0..<row.count {
        sums[x] += (values[x + reach - distance] + sign * values[x + reach + distance]) * weight
      }
    }
  }
}

/// The index that one beyond the ends stands for: … 1 0 | 0 1 2 … n−1 | n−1 n−2 ….
private func reflected(_ index: Int, _ count: Int) -> Int {
  let period = 2 * count
  let place = ((index % period) + period) % period
  return place < count ? place : period - 1 - place
}
