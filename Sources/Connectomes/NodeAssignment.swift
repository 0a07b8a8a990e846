/// How streamlines are assigned to the nodes of a parcellation.
///
/// Source: MRtrix3, `tck2connectome`; Smith et al. 2015, doi:10.1016/j.neuroimage.2014.10.004.
public enum AssignmentRule: Hashable, Sendable {
  /// The labelled voxel whose centre is nearest to the end point, less than a radius in mm away.
  case radial(Double)
  /// The voxel that the end point lies in.
  case endVoxels
  /// The first labelled voxel under the vertices from the end inwards, until the middle or until more
  /// than a length in mm is passed; 0 for no such limit.
  case reverse(Double)
  /// The labelled voxel that a search ahead of the end finds first, within 45° of its direction and
  /// up to a cost in mm.
  case forward(Double)
  /// All labels under the vertices.
  case allVoxels

  /// The radius of ``radial(_:)`` where none is given, in mm.
  public static let standardRadius = 4.0
}

/// Finds the nodes of streamlines in one parcellation.
public struct NodeAssigner: Sendable {
  /// The parcellation.
  public let image: NodeImage
  /// The rule.
  public let rule: AssignmentRule
  /// For radial search: offsets of voxels from the nearest on.
  private let offsets: [NeighbourOffset]
  /// For radial search: by the number of steps to the nearest label, the first offset worth a look.
  private let firstOffset: [Int]
  /// How many voxels away radial and forward search look.
  private let reach: Int

  /// A voxel beside another, and how far their centres are apart in mm.
  private struct NeighbourOffset: Sendable {
    var step: SIMD3<Int>
    /// How far apart they are in the box of labels that is held.
    var skip: Int
    var distance: Double
  }

  /// Prepares the search.
  ///
  /// - Precondition: A radius or length is finite and not below 0.
  public init(image: NodeImage, rule: AssignmentRule) {
    self.image = image
    self.rule = rule
    let spacing = image.grid.spacing
    var (offsets, firstOffset, reach) = ([NeighbourOffset](), [Int](), 0)
    switch rule {
    case .radial(let radius):
      precondition(radius.isFinite && radius >= 0, "a radius is not below 0")
      offsets = Self.offsets(
        within: radius + (spacing * 0.5).lengthInReverse, spacing: spacing, size: image.size)
      reach = offsets.reduce(0) { reach, offset in
        max(reach, max(abs(offset.step.x), max(abs(offset.step.y), abs(offset.step.z))))
      }
      for (index, offset) in offsets.enumerated() {
        let step = offset.step
        let steps = max(abs(step.x), max(abs(step.y), abs(step.z)))
        while firstOffset.count <= steps { firstOffset.append(index) }
      }
    case .forward(let cost):
      precondition(cost.isFinite && cost >= 0, "a cost is not below 0")
      reach = Int((cost / spacing.min() + 2).rounded(.up))
    case .reverse(let length):
      precondition(length.isFinite && length >= 0, "a length is not below 0")
    case .endVoxels, .allVoxels: break
    }
    self.offsets = offsets
    self.firstOffset = firstOffset
    self.reach = reach
  }

  /// The nearest offsets first; equally far ones in the order z, y, x.
  private static func offsets(
    within limit: Double, spacing: SIMD3<Double>, size: SIMD3<Int>
  ) -> [NeighbourOffset] {
    let reach = Int((limit / spacing.min()).rounded(.up))
    var offsets: [NeighbourOffset] = []
    for z in -reach...reach {
      for y in -reach...reach {
        for x in -reach...reach {
          let step = SIMD3(x, y, z)
          let distance =
            (SIMD3(Double(x), Double(y), Double(z)) * spacing).lengthInReverse
          if distance < limit {
            offsets.append(
              NeighbourOffset(
                step: step, skip: (z * size.y + y) * size.x + x, distance: distance))
          }
        }
      }
    }
    // Sorting is stable only by its index.
    return offsets.enumerated().sorted {
      ($0.element.distance, $0.offset) < ($1.element.distance, $1.offset)
    }.map(\.element)
  }

  /// The nodes of a streamline's two ends; 0 where there is none.
  ///
  /// - Parameters:
  ///   - positions: x, y, z of every point, in mm.
  ///   - points: The streamline's points; without any both nodes are 0.
  ///   - search: What a search writes down; the same one can serve again.
  /// - Returns: The nodes of the first and of the last point.
  /// - Precondition: The rule is not ``AssignmentRule/allVoxels``.
  public func ends(
    of positions: borrowing Span<Float>, _ points: Range<Int>, search: inout ForwardSearch
  ) -> (start: UInt32, end: UInt32) {
    guard let first = points.first, let last = points.last else { return (0, 0) }
    precondition(3 * points.upperBound <= positions.count, "the points lie outside the positions")
    switch rule {
    case .radial(let radius):
      return (
        nearest(to: exact(positions, first), within: radius),
        nearest(to: exact(positions, last), within: radius)
      )
    case .endVoxels:
      return (label(under: positions, first), label(under: positions, last))
    case .reverse(let length):
      let start = firstLabel(positions, from: first, before: first + (points.count + 1) / 2, length)
      let end = firstLabel(positions, from: last, before: first + points.count / 2, length)
      return (start, end)
    case .forward(let cost):
      return (
        ahead(positions, points, of: first, inwards: 1, cost, &search),
        ahead(positions, points, of: last, inwards: -1, cost, &search)
      )
    case .allVoxels: preconditionFailure("all voxels give a set of nodes")
    }
  }

  /// The nodes under a streamline's vertices, in ascending order.
  public func allNodes(
    of positions: borrowing Span<Float>, _ points: Range<Int>, into nodes: inout [UInt32]
  ) {
    nodes.removeAll(keepingCapacity: true)
    precondition(3 * points.upperBound <= positions.count, "the points lie outside the positions")
    for index in points {
      let node = label(under: positions, index)
      guard node != 0, node != nodes.last, !nodes.contains(node) else { continue }
      nodes.append(node)
    }
    nodes.sort()
  }

  @inline(__always)
  private func exact(_ positions: borrowing Span<Float>, _ index: Int) -> SIMD3<Double> {
    SIMD3<Double>(point(positions, index))
  }

  @inline(__always)
  private func label(under positions: borrowing Span<Float>, _ index: Int) -> UInt32 {
    guard let voxel = image.grid.voxel(of: exact(positions, index)) else { return 0 }
    return image.grid.contains(voxel) ? image.label(at: voxel) : 0
  }

  // MARK: Radial search

  private func nearest(to point: SIMD3<Double>, within radius: Double) -> UInt32 {
    guard let voxel = image.grid.voxel(of: point) else { return 0 }
    let own = image.label(at: voxel)
    if own != 0, image.grid.isOrthogonal {
      // Well inside a voxel no other centre can be nearer.
      let place = image.grid.coordinates(of: point)
      let inside = 0.499
      if abs(place.x - Double(voxel.x)) < inside, abs(place.y - Double(voxel.y)) < inside,
        abs(place.z - Double(voxel.z)) < inside
      {
        let distance = (point - image.grid.centre(of: voxel)).lengthInOrder
        return distance < radius ? own : 0
      }
    }
    let steps = image.stepsToLabel(from: voxel)
    guard steps < firstOffset.count else { return 0 }
    let fromCentre = (point - image.grid.centre(of: voxel)).lengthInOrder
    var (least, node) = (radius, UInt32(0))
    let place = image.index(of: voxel, inside: reach)
    for index in firstOffset[steps]..<offsets.count {
      let distance = offsets[index].distance
      // None further out can be nearer; the hundredth is for what rounding may do.
      if distance - fromCentre > least + 0.01 { break }
      let label: UInt32
      if let place {
        label = image.labels[place &+ offsets[index].skip]
      } else {
        label = image.label(at: voxel &+ offsets[index].step)
      }
      guard label != 0 else { continue }
      let exact = (point - image.grid.centre(of: voxel &+ offsets[index].step)).lengthInOrder
      if exact < least { (least, node) = (exact, label) }
    }
    return node
  }

  // MARK: Reverse search

  private func firstLabel(
    _ positions: borrowing Span<Float>, from start: Int, before middle: Int, _ limit: Double
  ) -> UInt32 {
    let step = start < middle ? 1 : -1
    var (index, passed) = (start, 0.0)
    while index != middle {
      let node = label(under: positions, index)
      if node != 0 { return node }
      let next = index + step
      guard next != middle else { return 0 }
      if limit > 0 {
        passed += Double(distance(point(positions, index), point(positions, next)))
        if passed > limit { return 0 }
      }
      index = next
    }
    return 0
  }

  // MARK: Forward search

  private func ahead(
    _ positions: borrowing Span<Float>, _ points: Range<Int>, of index: Int, inwards step: Int,
    _ limit: Double, _ search: inout ForwardSearch
  ) -> UInt32 {
    let end = exact(positions, index)
    guard let voxel = image.grid.voxel(of: end), image.grid.contains(voxel) else { return 0 }
    let label = image.label(at: voxel)
    guard label == 0, points.count > 1 else { return label }
    let last = point(positions, index)
    let second = point(positions, index + step)
    let lastStep = SIMD3<Double>(last - second)
    var direction = lastStep
    if points.count > 2 {
      let before = SIMD3<Double>(second - point(positions, index + 2 * step))
      let ratio = lastStep.lengthInOrder / before.lengthInOrder
      direction = lastStep + (lastStep - before * ratio)
    }
    return search.run(
      in: image, from: voxel, at: end, along: direction.normalized, limit: limit, reach: reach)
  }
}

extension SIMD3<Double> {
  /// The length, summed from the first lane on.
  @inline(__always)
  var lengthInOrder: Double { (self * self).inOrderSum.squareRoot() }

  /// The length, summed from the last lane on.
  var lengthInReverse: Double {
    let squares = self * self
    return ((squares.z + squares.y) + squares.x).squareRoot()
  }

  /// The vector of length 1; one of length 0 stays.
  @inline(__always)
  var normalized: SIMD3<Double> {
    let square = (self * self).inOrderSum
    return square > 0 ? self / square.squareRoot() : self
  }
}
