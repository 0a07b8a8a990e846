package import Voxels

/// The Euclidean distance of every voxel of numbered parts to the nearest voxel that is not of its
/// part.
///
/// Voxels that are not in the volume count neither as inside nor as outside. Distances are exact
/// but for rounding.
///
/// Source: Felzenszwalb & Huttenlocher 2012, Theory of Computing 8, 415–428 (lower envelopes of
/// parabolas), within runs of one number along each axis.
package struct DistanceField: Sendable {
  /// Squared distances, y slowest, then z and x.
  private let squares: Volume<Float>

  /// Measures the distances.
  ///
  /// - Parameters:
  ///   - numbers: (1, z, y, x); 0 is no part.
  ///   - spacing: The size of a voxel.
  ///   - threads: The most threads; the result does not depend on it.
  /// - Complexity: O(*n*) for *n* voxels.
  package init(of numbers: Volume<UInt32>, spacing: VoxelSize, threads: Int) {
    let extent = numbers.extent
    var planes = Volume<Float>(box: VoxelBox(extent: extent))
    planes.updatePlanesConcurrently(threads: threads) { z, plane in
      for y in 0..<extent.y {
        Self.measure(along: numbers.row(z: z, y: y), spacing.x, into: &plane, at: y * extent.x)
      }
      Self.lower(&plane, rowCount: extent.y, width: extent.x, spacing.y, numbers) { y in (z, y) }
    }
    let turned = VoxelExtent(z: extent.y, y: extent.z, x: extent.x)
    let sections = planes
    var result = Volume<Float>(box: VoxelBox(extent: turned), threads: threads) { y, z, row in
      let source = sections.row(z: z, y: y)
      for x in 0..<min(row.count, source.count) { row[x] = source[x] }
    }
    result.updatePlanesConcurrently(threads: threads) { y, plane in
      Self.lower(&plane, rowCount: extent.z, width: extent.x, spacing.z, numbers) { z in (z, y) }
    }
    squares = result
  }

  /// The distances of a row of voxels; infinite where the volume holds nothing else.
  package func distances(z: Int, y: Int, x: Range<Int>) -> [Float] {
    let row = squares.row(z: y, y: z)
    return x.map { row[$0].squareRoot() }
  }

  /// Squared distances along a row.
  private static func measure(
    along numbers: Span<UInt32>, _ spacing: Double, into plane: inout MutableSpan<Float>,
    at base: Int
  ) {
    let count = numbers.count
    let spacing = Float(spacing)
    var start = 0
    while start < count {
      let number = numbers[start]
      var end = start
      while end < count, numbers[end] == number { end &+= 1 }
      if number != 0 {
        for x in start..<end {
          let before = start > 0 ? x &- start &+ 1 : .max
          let after = end < count ? end &- x : .max
          let steps = min(before, after)
          let length = steps == .max ? Float.infinity : Float(steps) * spacing
          plane[base &+ x] = length * length
        }
      }
      start = end
    }
  }

  /// The columns treated at once, so that whole cache lines are read.
  private static let columnCount = 16

  /// Lowers squared distances to what they are by way of the other rows of a plane.
  private static func lower(
    _ plane: inout MutableSpan<Float>, rowCount: Int, width: Int, _ spacing: Double,
    _ numbers: borrowing Volume<UInt32>, place: (Int) -> (z: Int, y: Int)
  ) {
    guard rowCount > 1 else { return }
    var envelope = ParabolaEnvelope(count: rowCount, spacing: spacing)
    var values = [Float](repeating: 0, count: columnCount * rowCount)
    var parts = [UInt32](repeating: 0, count: columnCount * rowCount)
    for start in stride(from: 0, to: width, by: columnCount) {
      let columns = min(columnCount, width - start)
      for row in 0..<rowCount {
        let (z, y) = place(row)
        let source = numbers.row(z: z, y: y)
        for column in 0..<columns {
          values[column &* rowCount &+ row] = plane[row &* width &+ start &+ column]
          parts[column &* rowCount &+ row] = source[start &+ column]
        }
      }
      for column in 0..<columns {
        envelope.lower(&values, parts, from: column * rowCount, count: rowCount)
      }
      for row in 0..<rowCount {
        for column in 0..<columns {
          plane[row &* width &+ start &+ column] = values[column &* rowCount &+ row]
        }
      }
    }
  }
}

/// The lower envelope of parabolas of one width.
private struct ParabolaEnvelope {
  /// The squared distance of neighbours.
  private let unit: Double
  /// The places of the parabolas on the envelope.
  private var places: [Int]
  /// Their least values, in squared steps.
  private var heights: [Double]
  /// Where each begins to be the lowest.
  private var starts: [Double]

  init(count: Int, spacing: Double) {
    unit = spacing * spacing
    places = Array(repeating: 0, count: count + 2)
    heights = Array(repeating: 0, count: count + 2)
    starts = Array(repeating: 0, count: count + 2)
  }

  /// Lowers the values of a column, run by run of the same part.
  mutating func lower(_ values: inout [Float], _ parts: [UInt32], from base: Int, count: Int) {
    var start = 0
    while start < count {
      let part = parts[base &+ start]
      var end = start
      while end < count, parts[base &+ end] == part { end &+= 1 }
      if part != 0 {
        let size = end - start
        if size == 1 {
          // One step to either side, unless both are outside the volume.
          if count > 1 { values[base &+ start] = min(values[base &+ start], Float(unit)) }
        } else {
          lower(&values, base &+ start, size, isOpenBefore: start > 0, isOpenAfter: end < count)
        }
      }
      start = end
    }
  }

  private mutating func lower(
    _ values: inout [Float], _ base: Int, _ count: Int, isOpenBefore: Bool, isOpenAfter: Bool
  ) {
    let scale = 1 / unit
    var last = -1
    if isOpenBefore { add(-1, 0, &last) }
    for index in 0..<count {
      let value = values[base &+ index]
      if value < .infinity { add(index, Double(value) * scale, &last) }
    }
    if isOpenAfter { add(count, 0, &last) }
    guard last >= 0 else { return }
    var current = 0
    for index in 0..<count {
      let place = Double(index)
      while current < last, starts[current &+ 1] < place { current &+= 1 }
      let step = place - Double(places[current])
      values[base &+ index] = Float((step * step + heights[current]) * unit)
    }
  }

  /// Adds a parabola to the right of all others.
  private mutating func add(_ place: Int, _ height: Double, _ last: inout Int) {
    let position = Double(place)
    let sum = height + position * position
    while last >= 0 {
      let other = Double(places[last])
      let crossing = (sum - heights[last] - other * other) / (2 * (position - other))
      if crossing > starts[last] {
        last &+= 1
        (places[last], heights[last], starts[last]) = (place, height, crossing)
        return
      }
      last &-= 1
    }
    last = 0
    (places[0], heights[0], starts[0]) = (place, height, -.infinity)
  }
}
