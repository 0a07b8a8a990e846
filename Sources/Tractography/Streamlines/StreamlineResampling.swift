import Connectomes

/// How a streamline gets other points.
///
/// Source: MRtrix3, `tckresample`.
public enum StreamlineResampling: Hashable, Sendable {
  /// So many times as many steps, on a cubic through the points.
  case upsample(Int)
  /// Every so many-th point, counted from the middle, and both ends.
  case downsample(Int)
  /// Points so many mm apart, measured from the middle one on a cubic through the points; the ends
  /// stay.
  case stepSize(Float)
  /// So many points at equal distances along the streamline.
  case pointCount(Int)
  /// The first and the last point.
  case ends

  /// Gives a streamline other points.
  ///
  /// Streamlines of fewer than two points stay as they are.
  ///
  /// - Parameters:
  ///   - positions: x, y, z of every point, in mm.
  ///   - points: The streamline's points.
  ///   - line: What the new points are put into, in place of what there is.
  /// - Precondition: Factors are at least 1, a step is above 0, and there are two points or more.
  /// - Complexity: O(points).
  public func resample(
    _ positions: borrowing Span<Float>, _ points: Range<Int>, into line: inout ResampledLine
  ) {
    precondition(3 * points.upperBound <= positions.count, "the points lie outside the positions")
    line.clear()
    guard points.count > 1 else {
      for index in points { line.append(point(positions, index), at: 0) }
      return
    }
    line.extended.take(positions, points)
    switch self {
    case .upsample(let factor): upsample(by: factor, &line)
    case .downsample(let factor): downsample(by: factor, &line)
    case .stepSize(let step): step.isFinite ? spread(every: step, &line) : keepEnds(&line)
    case .pointCount(let count): distribute(count, &line)
    case .ends: keepEnds(&line)
    }
  }

  private func keepEnds(_ line: inout ResampledLine) {
    let last = line.extended.points.count - 2
    line.append(line.extended.points[1], at: 0)
    line.append(line.extended.points[last], at: Float(last - 1))
  }

  private func downsample(by factor: Int, _ line: inout ResampledLine) {
    precondition(factor >= 1, "a factor is at least 1")
    let count = line.extended.points.count - 2
    line.append(line.extended.points[1], at: 0)
    var index = (count / 2 - 1) % factor + 1
    while index < count - 1 {
      line.append(line.extended.points[index + 1], at: Float(index))
      index += factor
    }
    line.append(line.extended.points[count], at: Float(count - 1))
  }

  private func upsample(by factor: Int, _ line: inout ResampledLine) {
    precondition(factor >= 1, "a factor is at least 1")
    let splines = (1..<max(1, factor)).map { HermiteSpline(at: Float(Double($0) / Double(factor))) }
    let last = line.extended.points.count - 2
    for index in 1..<last {
      let (before, start) = (line.extended.points[index - 1], line.extended.points[index])
      let (end, after) = (line.extended.points[index + 1], line.extended.points[index + 2])
      line.append(start, at: Float(index - 1))
      for (part, spline) in splines.enumerated() {
        line.append(
          spline.point(before, start, end, after),
          at: Float(index - 1) + Float(part + 1) / Float(factor))
      }
    }
    line.append(line.extended.points[last], at: Float(last - 1))
  }

  private func distribute(_ count: Int, _ line: inout ResampledLine) {
    precondition(count >= 2, "a line has two points at least")
    let last = line.extended.points.count - 2
    var steps: [Float] = []
    var length: Float = 0
    for index in 1..<last {
      steps.append(distance(line.extended.points[index + 1], line.extended.points[index]))
      length += steps[index - 1]
    }
    steps.append(0)
    var (passed, index): (Float, Int) = (0, 0)
    for output in 0..<count {
      let target = length * Float(output) / Float(count - 1)
      while index < last, passed + steps[index] < target {
        passed += steps[index]
        index += 1
      }
      // Rounding may put the last point beyond the end.
      guard index < last - 1 else {
        line.append(line.extended.points[last], at: Float(last - 1))
        continue
      }
      let part = steps[index] > 0 ? (target - passed) / steps[index] : 0.5
      line.append(between(index + 1, index + 2, part, line), at: Float(index) + part)
    }
  }

  /// The point on the cubic from one point of an extended line to the next or the one before.
  private func between(
    _ start: Int, _ end: Int, _ part: Float, _ line: borrowing ResampledLine
  ) -> SIMD3<Float> {
    let step = end - start
    return HermiteSpline(at: part).point(
      line.extended.points[start - step], line.extended.points[start],
      line.extended.points[end], line.extended.points[end + step])
  }

  private func spread(every size: Float, _ line: inout ResampledLine) {
    precondition(size > 0, "a step is above 0")
    let count = line.extended.points.count
    let middle = count / 2
    line.append(line.extended.points[middle], at: Float(middle - 1))
    for step in [-1, 1] {
      var (index, lowest): (Int, Float) = (middle, 0)
      repeat {
        while index > 1, index < count - 2,
          distance(line.lastPoint, line.extended.points[index + step]) < size
        {
          index += step
          lowest = 0
        }
        if index == 1 || index == count - 2 {
          line.append(line.extended.points[index], at: Float(index - 1))
        } else {
          lowest = appendAhead(index, step, from: lowest, size, &line)
        }
      } while index > 1 && index < count - 2
      if step < 0 { line.reverse() }
    }
  }

  /// Finds by halves the point a step away from the last one, and adds it.
  ///
  /// - Returns: Its place between the two points, from below.
  private func appendAhead(
    _ index: Int, _ step: Int, from lowest: Float, _ size: Float, _ line: inout ResampledLine
  ) -> Float {
    var (low, high): (Float, Float) = (lowest, 1)
    var near = line.extended.points[index]
    var far = line.extended.points[index + step]
    var part: Float
    var found: SIMD3<Float>
    let last = line.lastPoint
    repeat {
      part = 0.5 * (low + high)
      found = between(index, index + step, part, line)
      // No number lies between the two any more.
      if part <= low || part >= high { break }
      if distance(found, last) < size {
        low = part
        near = found
      } else {
        high = part
        far = found
      }
    } while distance(far, near) > 0.001 * size
    line.append(found, at: Float(index - 1) + Float(step) * part)
    return low
  }
}

/// The points of a resampled streamline.
public struct ResampledLine: Sendable {
  /// x, y, z of every point, in mm.
  public private(set) var positions: [Float] = []
  /// Where along the streamline each point lies: whole numbers are its points.
  public private(set) var places: [Float] = []
  var extended = ExtendedLine()

  /// A line without points.
  public init() {}

  /// The number of points.
  public var count: Int { places.count }

  var lastPoint: SIMD3<Float> {
    let end = positions.count
    return SIMD3(positions[end - 3], positions[end - 2], positions[end - 1])
  }

  mutating func clear() {
    positions.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
  }

  @inline(__always)
  mutating func append(_ point: SIMD3<Float>, at place: Float) {
    positions.append(point.x)
    positions.append(point.y)
    positions.append(point.z)
    places.append(place)
  }

  mutating func reverse() {
    places.reverse()
    for (low, high) in zip(0..<count / 2, (0..<count).reversed()) {
      for axis in 0..<3 { positions.swapAt(3 * low + axis, 3 * high + axis) }
    }
  }

  /// Values at the new points, in a straight line between those at the old ones.
  ///
  /// - Parameters:
  ///   - values: So many for each old point.
  ///   - components: How many.
  ///   - first: The first old point.
  /// - Returns: So many for each new point.
  public func values(of values: [Float], components: Int, from first: Int) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(count * components)
    for place in places {
      let index = Int(place.rounded(.down))
      let part = place - Float(index)
      for component in 0..<components {
        let value = values[(first + index) * components + component]
        result.append(
          part > 0
            ? value + (values[(first + index + 1) * components + component] - value) * part : value)
      }
    }
    return result
  }
}
