extension [Double] {
  /// The mean; not a number where there are no values.
  var mean: Double { reduce(0, +) / Double(count) }

  /// The standard deviation of the values themselves, divided by their number.
  var standardDeviation: Double {
    let mean = mean
    return (reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)).squareRoot()
  }
}

extension Triangles {
  /// Each node's intensity over what is possible; 0 where there is no triangle.
  var shares: [Double] {
    zip(intensities, possible).map { $0 == 0 ? 0 : $0 / $1 }
  }

  /// The sum of intensities over that of what is possible; not a number where none is possible.
  var transitivity: Double { intensities.reduce(0, +) / possible.reduce(0, +) }
}

extension [PathSummary] {
  /// The mean length of the paths there are; not a number where there is none.
  var meanLength: Double {
    reduce(0) { $0 + $1.sum } / Double(reduce(0) { $0 + $1.reached })
  }
}
