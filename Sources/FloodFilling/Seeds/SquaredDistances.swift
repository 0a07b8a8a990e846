import Voxels

/// The squared distance of every voxel to the nearest marked one, in voxels; the square of more than
/// the volume's diagonal where none is marked.
///
/// - Complexity: O(*n*).
///
/// Source: Meijster, Roerdink & Hesselink 2000, "A general algorithm for computing distance
/// transforms in linear time", doi:10.1007/0-306-47025-X_36.
func squaredDistances(to marks: borrowing Volume<UInt8>) -> [Int] {
  let extent = marks.extent
  let none = extent.z + extent.y + extent.x
  let marked = marks.span
  // Along x, to the nearest mark of the row.
  var squares = [Int](repeating: 0, count: marked.count)
  for start in stride(from: 0, to: marked.count, by: extent.x) {
    var distance = none
    for index in start..<start + extent.x {
      distance = marked[index] != 0 ? 0 : min(distance + 1, none)
      squares[index] = distance
    }
    distance = none
    for index in (start..<start + extent.x).reversed() {
      distance = marked[index] != 0 ? 0 : min(distance + 1, none)
      squares[index] = min(squares[index], distance)
    }
    for index in start..<start + extent.x { squares[index] *= squares[index] }
  }
  var envelope = LowerEnvelope(capacity: max(extent.z, extent.y))
  for z in 0..<extent.z {
    for x in 0..<extent.x {
      envelope.apply(
        to: &squares, from: z * extent.y * extent.x + x, step: extent.x, count: extent.y)
    }
  }
  for plane in 0..<extent.y * extent.x {
    envelope.apply(to: &squares, from: plane, step: extent.y * extent.x, count: extent.z)
  }
  return squares
}

/// The least of parabolas of equal width, along one line of a volume.
private struct LowerEnvelope {
  private var heights: [Int]
  /// The parabolas that are lowest somewhere, and where each begins to be.
  private var vertices: [Int]
  private var starts: [Int]

  init(capacity: Int) {
    heights = Array(repeating: 0, count: capacity)
    vertices = heights
    starts = heights
  }

  mutating func apply(to values: inout [Int], from first: Int, step: Int, count: Int) {
    var lines = values.mutableSpan
    for index in 0..<count { heights[index] = lines[first + index * step] }
    var last = 0
    vertices[0] = 0
    starts[0] = 0
    for vertex in 1..<max(count, 1) {
      while last >= 0 && height(vertices[last], starts[last]) > height(vertex, starts[last]) {
        last -= 1
      }
      if last < 0 {
        last = 0
        vertices[0] = vertex
        starts[0] = 0
      } else {
        let start = 1 + crossing(vertices[last], vertex)
        if start < count {
          last += 1
          vertices[last] = vertex
          starts[last] = start
        }
      }
    }
    for index in (0..<count).reversed() {
      lines[first + index * step] = height(vertices[last], index)
      if index == starts[last] { last -= 1 }
    }
  }

  private func height(_ vertex: Int, _ place: Int) -> Int {
    (place - vertex) * (place - vertex) + heights[vertex]
  }

  /// The last place at which the first of two parabolas is not above the second.
  private func crossing(_ first: Int, _ second: Int) -> Int {
    let rise = second * second - first * first + heights[second] - heights[first]
    let width = 2 * (second - first)
    return rise >= 0 ? rise / width : -((width - 1 - rise) / width)
  }
}
