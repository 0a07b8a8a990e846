import Voxels

/// One pass of the exact distance transform along a line of voxels, run by run of equal labels.
///
/// Source: Felzenszwalb & Huttenlocher 2012, "Distance transforms of sampled functions", Theory of
/// Computing 8; the ends of a run of one label lie one voxel from another label.
struct DistanceLine {
  private var values: [Float]
  private var places: [Int]
  private var bounds: [Float]

  init(count: Int) {
    values = Array(repeating: 0, count: count + 2)
    places = Array(repeating: 0, count: count + 2)
    bounds = Array(repeating: 0, count: count + 3)
  }

  /// Replaces the squared distances of a line by those that take this axis into account.
  mutating func transform(
    _ labels: Span<UInt64>, distances: inout Volume<Float>, from first: Int, stride: Int,
    count: Int, step: Float
  ) {
    var span = distances.mutableSpan
    var start = 0
    while start < count {
      let label = labels[first + start * stride]
      var end = start + 1
      while end < count, labels[first + end * stride] == label { end += 1 }
      // Places 0 and length + 1 are the voxels of other labels beside the run, or the volume's end.
      let length = end - start
      values[0] = start > 0 ? 0 : .infinity
      values[length + 1] = end < count ? 0 : .infinity
      for index in 0..<length { values[index + 1] = span[first + (start + index) * stride] }
      let hulls = lowerHull(length + 2, step: step)
      if hulls > 0 {
        var hull = 0
        for index in 1...length {
          while hull + 1 < hulls, bounds[hull + 1] < Float(index) { hull += 1 }
          let distance = Float(index - places[hull]) * step
          span[first + (start + index - 1) * stride] = distance * distance + values[places[hull]]
        }
      }
      start = end
    }
  }

  /// Finds the parabolas that are lowest somewhere; how many there are.
  private mutating func lowerHull(_ count: Int, step: Float) -> Int {
    var hulls = 0
    let unit = step * step
    for index in 0..<count where values[index] < .infinity {
      while hulls > 0 {
        let other = places[hulls - 1]
        let crossing =
          ((values[index] - values[other]) / unit + Float(index * index - other * other))
          / Float(2 * (index - other))
        guard crossing <= bounds[hulls - 1] else {
          bounds[hulls] = crossing
          break
        }
        hulls -= 1
      }
      if hulls == 0 { bounds[0] = -.infinity }
      places[hulls] = index
      hulls += 1
    }
    return hulls
  }
}
