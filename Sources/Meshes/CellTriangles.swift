/// The triangles that separate the corners of a cell that lie inside an object from the others.
///
/// A cell is a cube between the centres of eight voxels; corner *i* lies at x = bit 0, y = bit 1,
/// z = bit 2 of *i*. Every edge of the cube that joins an inside corner with an outside one is
/// crossed once, in its middle. On each face the crossings are joined so that inside corners that
/// meet only diagonally stay apart; the rule looks at the face alone, so two cells that share a
/// face agree on it, and surfaces close. The closed lines around a cell are cut into triangles
/// none of whose inner edges lies in a face, so that no edge is shared by more than two triangles.
///
/// Source: Lorensen & Cline 1987, doi:10.1145/37402.37422, with the table derived from that rule.
struct CellTriangles: Sendable {
  /// Where each configuration's triangles start in ``edges``, counted in triangles; 257 values.
  let starts: [UInt16]
  /// Three edge numbers, 0 to 11, for each triangle, seen counterclockwise from outside.
  let edges: [UInt8]

  /// The table of every configuration: bit *i* of its number says that corner *i* lies inside.
  static let table = CellTriangles()

  private init() {
    var starts: [UInt16] = [0]
    var edges: [UInt8] = []
    for inside in 0..<256 {
      for loop in Self.loops(around: inside) { edges += Self.triangles(filling: loop) }
      starts.append(UInt16(edges.count / 3))
    }
    self.starts = starts
    self.edges = edges
  }

  /// An edge's direction, 0 along x, 1 along y, 2 along z, and its corner nearest to the origin.
  static func edge(_ number: Int) -> (axis: Int, corner: Int) {
    let (axis, place) = number.quotientAndRemainder(dividingBy: 4)
    let (low, high) = (place & 1, place >> 1)
    return (axis, low << ((axis + 1) % 3) | high << ((axis + 2) % 3))
  }

  /// The number of the edge between two neighbouring corners.
  private static func edge(from first: Int, to second: Int) -> UInt8 {
    let axis = (first ^ second).trailingZeroBitCount
    let corner = first & second
    let (low, high) = (corner >> ((axis + 1) % 3) & 1, corner >> ((axis + 2) % 3) & 1)
    return UInt8(axis * 4 + high * 2 + low)
  }

  /// The four corners of each face, seen counterclockwise from outside the cell.
  private static let faces: [[Int]] = (0..<3).flatMap { axis -> [[Int]] in
    let (one, other) = (1 << ((axis + 1) % 3), 1 << ((axis + 2) % 3))
    let low = [0, one, one | other, other]
    return [low.reversed(), low.map { $0 | 1 << axis }]
  }

  /// The closed lines of crossings around a cell, each with the inside on its right.
  private static func loops(around inside: Int) -> [[UInt8]] {
    var next = [UInt8?](repeating: nil, count: 12)
    for face in faces {
      for place in 0..<4 where inside >> face[place] & 1 == 1 {
        let after = (place + 1) % 4
        guard inside >> face[after] & 1 == 0 else { continue }
        var first = place
        while inside >> face[(first + 3) % 4] & 1 == 1 { first = (first + 3) % 4 }
        let leaving = edge(from: face[place], to: face[after])
        next[Int(leaving)] = edge(from: face[(first + 3) % 4], to: face[first])
      }
    }
    var loops: [[UInt8]] = []
    for start in next.indices {
      var loop: [UInt8] = []
      var place = start
      while let following = next[place] {
        loop.append(UInt8(place))
        next[place] = nil
        place = Int(following)
      }
      if !loop.isEmpty { loops.append(loop) }
    }
    return loops
  }

  /// Whether two edges lie in one face.
  private static func shareFace(_ first: UInt8, _ second: UInt8) -> Bool {
    let one = corners(of: first)
    let other = corners(of: second)
    return faces.contains { face in (one + other).allSatisfy(face.contains) }
  }

  private static func corners(of number: UInt8) -> [Int] {
    let (axis, corner) = edge(Int(number))
    return [corner, corner | 1 << axis]
  }

  /// Cuts a closed line into triangles by the fewest inner edges that lie in a face: none.
  private static func triangles(filling loop: [UInt8]) -> [UInt8] {
    var cuts: [[(cost: Int, corners: [UInt8])]] = Array(
      repeating: Array(repeating: (0, []), count: loop.count), count: loop.count)
    for width in 2..<loop.count {
      for first in 0..<loop.count - width {
        let last = first + width
        cuts[first][last].cost = .max
        for middle in first + 1..<last {
          var cost = cuts[first][middle].cost + cuts[middle][last].cost
          if middle > first + 1, shareFace(loop[first], loop[middle]) { cost += 1 }
          if last > middle + 1, shareFace(loop[middle], loop[last]) { cost += 1 }
          guard cost < cuts[first][last].cost else { continue }
          cuts[first][last] = (
            cost,
            cuts[first][middle].corners + cuts[middle][last].corners
              + [loop[last], loop[middle], loop[first]]
          )
        }
      }
    }
    precondition(cuts[0][loop.count - 1].cost == 0, "every loop has such a cut")
    return cuts[0][loop.count - 1].corners
  }
}
