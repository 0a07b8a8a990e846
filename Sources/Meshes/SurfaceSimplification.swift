extension SurfaceMesh {
  /// A surface of fewer triangles that stays close to this one.
  ///
  /// Edges are contracted, those that change least first. Seam vertices and open borders keep
  /// their places and edges, so that pieces simplified apart still join; a closed surface stays
  /// closed, its topology as it was.
  ///
  /// - Parameter error: The bound in the vertices' unit: where two vertices become one, its root
  ///   mean square distance to the planes of the triangles that either stood for is no larger.
  /// - Returns: The surface; seam vertices are first, as here.
  /// - Complexity: O(*n* log *n*) in the triangles.
  public func simplified(within error: Double) -> SurfaceMesh {
    precondition(error >= 0, "an error is not negative")
    guard error > 0, triangles.count > 4 else { return self }
    var simplification = SurfaceSimplification(of: self, bound: error * error)
    while simplification.contractIndependentEdges() {}
    return simplification.result
  }
}

/// Contracts edges of a mesh in rounds; in each, those that do not touch one another.
private struct SurfaceSimplification {
  private let bound: Double
  private let seamCount: Int
  private var points: [Vector]
  private var quadrics: [Quadric]
  /// Vertices that keep their places.
  private var isFixed: [Bool]
  /// Three vertices for each triangle.
  private var corners: [UInt32]
  /// For each vertex, where its triangles start in ``around``, and one more.
  private var starts: [UInt32] = []
  private var around: [UInt32] = []
  /// Vertices whose surroundings changed in this round.
  private var isTouched: [Bool]
  /// Vertices seen while neighbours are compared, by the number of the comparison.
  private var marks: [Int]
  private var mark = 0

  private struct Candidate {
    var first: UInt32, second: UInt32
    var target: Vector
    var cost: Double
  }

  init(of mesh: SurfaceMesh, bound: Double) {
    self.bound = bound
    seamCount = mesh.seamCount
    points = mesh.vertices.map { Vector($0) }
    let count = points.count
    quadrics = Array(repeating: Quadric(), count: count)
    isFixed = (0..<count).map { $0 < mesh.seamCount }
    isTouched = Array(repeating: false, count: count)
    marks = Array(repeating: 0, count: count)
    corners = []
    corners.reserveCapacity(mesh.triangles.count * 3)
    for triangle in mesh.triangles {
      corners.append(triangle.first)
      corners.append(triangle.second)
      corners.append(triangle.third)
    }
    for triangle in mesh.triangles.indices {
      let places = vertices(of: triangle)
      let first = points[places.0]
      let quadric = Quadric(
        through: first,
        normal: (points[places.1] - first).cross(points[places.2] - first))
      quadrics[places.0] += quadric
      quadrics[places.1] += quadric
      quadrics[places.2] += quadric
    }
    collectSurroundings()
    fixBorders()
  }

  private func vertices(of triangle: Int) -> (Int, Int, Int) {
    let start = triangle &* 3
    return (Int(corners[start]), Int(corners[start &+ 1]), Int(corners[start &+ 2]))
  }

  /// Lists the triangles around each vertex.
  private mutating func collectSurroundings() {
    starts = Array(repeating: 0, count: points.count + 1)
    for corner in corners { starts[Int(corner) + 1] += 1 }
    for index in 1..<starts.count { starts[index] += starts[index - 1] }
    around = Array(repeating: 0, count: corners.count)
    var next = starts
    for (place, corner) in corners.enumerated() {
      around[Int(next[Int(corner)])] = UInt32(place / 3)
      next[Int(corner)] += 1
    }
  }

  private func surroundings(of vertex: Int) -> Range<Int> {
    Int(starts[vertex])..<Int(starts[vertex + 1])
  }

  /// Keeps the vertices of edges with a triangle on one side only in their places.
  private mutating func fixBorders() {
    for vertex in points.indices {
      var sum: UInt64 = 0
      // Each neighbour of a vertex inside a surface is once before it and once behind it.
      for place in surroundings(of: vertex) {
        let corners = vertices(of: Int(around[place]))
        let (before, behind) = neighbours(of: vertex, in: corners)
        sum = sum &+ scrambled(before) &- scrambled(behind)
      }
      if sum != 0 { isFixed[vertex] = true }
    }
  }

  private func scrambled(_ vertex: Int) -> UInt64 {
    (UInt64(truncatingIfNeeded: vertex) &+ 1) &* 0x9e37_79b9_7f4a_7c15
  }

  private func neighbours(of vertex: Int, in corners: (Int, Int, Int)) -> (Int, Int) {
    if corners.0 == vertex { return (corners.2, corners.1) }
    return corners.1 == vertex ? (corners.0, corners.2) : (corners.1, corners.0)
  }

  /// Contracts edges once over the mesh.
  ///
  /// - Returns: Whether another round may find more.
  mutating func contractIndependentEdges() -> Bool {
    var candidates: [Candidate] = []
    candidates.reserveCapacity(corners.count / 2)
    for place in corners.indices {
      let (triangle, corner) = place.quotientAndRemainder(dividingBy: 3)
      let (first, second) = (corners[place], corners[corner == 2 ? triangle * 3 : place + 1])
      guard first < second else { continue }
      if let candidate = candidate(first, second) { candidates.append(candidate) }
    }
    let order = candidates.indices.sorted { one, other in
      let (left, right) = (candidates[one].cost, candidates[other].cost)
      return left < right || (left == right && one < other)
    }
    for vertex in isTouched.indices { isTouched[vertex] = false }
    var count = 0
    for index in order {
      let candidate = candidates[index]
      if contract(candidate) { count += 1 }
    }
    guard count > 0 else { return false }
    removeFlatTriangles()
    collectSurroundings()
    return count * 200 > corners.count / 3
  }

  /// The contraction of an edge; nil where it may not be, or changes too much.
  private func candidate(_ first: UInt32, _ second: UInt32) -> Candidate? {
    let (one, other) = (Int(first), Int(second))
    guard !isFixed[one] || !isFixed[other] else { return nil }
    let (left, right) = (quadrics[one], quadrics[other])
    func cost(_ point: Vector) -> Double {
      max(left.meanError(at: point), right.meanError(at: point))
    }
    var best: (target: Vector, cost: Double)
    if isFixed[one] || isFixed[other] {
      let target = points[isFixed[one] ? one : other]
      best = (target, cost(target))
    } else {
      let middle = points[one].middle(to: points[other])
      best = (middle, cost(middle))
      let reach = (points[one] - points[other]).length
      if let least = (left + right).leastPoint, (least - middle).length <= 2 * reach {
        let error = cost(least)
        if error < best.cost { best = (least, error) }
      }
      for end in [points[one], points[other]] {
        let error = cost(end)
        if error < best.cost { best = (end, error) }
      }
    }
    guard best.cost <= bound else { return nil }
    return Candidate(first: first, second: second, target: best.target, cost: best.cost)
  }

  /// Contracts an edge where its surroundings are as they were and allow it.
  private mutating func contract(_ candidate: Candidate) -> Bool {
    let isFirstKept = !isFixed[Int(candidate.second)]
    let kept = Int(isFirstKept ? candidate.first : candidate.second)
    let gone = Int(isFirstKept ? candidate.second : candidate.first)
    guard !isTouched[kept], !isTouched[gone], keepsTopology(kept, gone),
      keepsSides(of: kept, without: gone, at: candidate.target),
      keepsSides(of: gone, without: kept, at: candidate.target)
    else { return false }
    for vertex in [kept, gone] {
      for place in surroundings(of: vertex) {
        let corners = vertices(of: Int(around[place]))
        isTouched[corners.0] = true
        isTouched[corners.1] = true
        isTouched[corners.2] = true
      }
    }
    for place in surroundings(of: gone) {
      let start = Int(around[place]) * 3
      for corner in start..<start + 3 where corners[corner] == UInt32(gone) {
        corners[corner] = UInt32(kept)
      }
    }
    points[kept] = candidate.target
    quadrics[kept] += quadrics[gone]
    return true
  }

  /// Whether the surface stays what it is, seams included, when one vertex joins another.
  private mutating func keepsTopology(_ kept: Int, _ gone: Int) -> Bool {
    mark += 1
    let own = mark
    for place in surroundings(of: kept) {
      let corners = vertices(of: Int(around[place]))
      marks[corners.0] = own
      marks[corners.1] = own
      marks[corners.2] = own
    }
    // The vertices opposite the edge are the only ones that may neighbour both ends.
    var (shared, opposite) = (0, 0)
    mark += 1
    let seen = mark
    for place in surroundings(of: gone) {
      let corners = vertices(of: Int(around[place]))
      let isShared = corners.0 == kept || corners.1 == kept || corners.2 == kept
      if isShared { opposite += 1 }
      for vertex in [corners.0, corners.1, corners.2] where vertex != gone && vertex != kept {
        if marks[vertex] == own {
          marks[vertex] = seen
          shared += 1
        } else if marks[vertex] != seen, isFixed[kept], isFixed[vertex] {
          // A new edge between two seam vertices might lie in the neighbour's piece as well.
          return false
        }
      }
    }
    // What is left has three neighbours at least, or it would be folded flat.
    return opposite == 2 && shared == 2
      && surroundings(of: kept).count + surroundings(of: gone).count >= 7
  }

  /// Whether no triangle around a vertex, but those at another, turns over when it moves.
  private func keepsSides(of vertex: Int, without other: Int, at target: Vector) -> Bool {
    for place in surroundings(of: vertex) {
      let corners = vertices(of: Int(around[place]))
      guard corners.0 != other, corners.1 != other, corners.2 != other else { continue }
      let (before, behind) = neighbours(of: vertex, in: corners)
      let side = points[before] - points[behind]
      let old = (points[behind] - points[vertex]).cross(side)
      let new = (points[behind] - target).cross(side)
      let (oldLength, newLength) = (old.length, new.length)
      guard old.dot(new) > 0.2 * oldLength * newLength, newLength > 1e-9 * side.dot(side) else {
        return false
      }
    }
    return true
  }

  /// Drops triangles that contractions left without an area.
  private mutating func removeFlatTriangles() {
    var target = 0
    for triangle in 0..<corners.count / 3 {
      let places = vertices(of: triangle)
      guard places.0 != places.1, places.1 != places.2, places.2 != places.0 else { continue }
      for corner in 0..<3 { corners[target + corner] = corners[triangle * 3 + corner] }
      target += 3
    }
    corners.removeLast(corners.count - target)
  }

  /// The mesh as it is now, without vertices that no triangle has.
  var result: SurfaceMesh {
    var places = [UInt32](repeating: .max, count: points.count)
    var vertices: [SurfacePoint] = []
    var seams = 0
    for vertex in points.indices where !surroundings(of: vertex).isEmpty {
      if vertex < seamCount { seams += 1 }
      places[vertex] = UInt32(vertices.count)
      vertices.append(points[vertex].point)
    }
    let triangles = stride(from: 0, to: corners.count, by: 3).map { start in
      SurfaceTriangle(
        places[Int(corners[start])], places[Int(corners[start + 1])],
        places[Int(corners[start + 2])])
    }
    return SurfaceMesh(vertices: vertices, triangles: triangles, seamCount: seams)
  }
}
