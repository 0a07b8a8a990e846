import Connectomes

/// Finds the voxels that streamlines pass.
///
/// Source: MRtrix3, `tckmap`; precise mapping: Smith et al. 2013, "SIFT",
/// doi:10.1016/j.neuroimage.2012.11.049.
public struct StreamlineMapper: Sendable {
  /// What of a streamline is mapped.
  public enum Extent: Hashable, Sendable {
    /// The voxels of its points, so many times as many as the file has, each voxel once.
    case points(upsampling: Int)
    /// The length within each voxel, found on a cubic through so many times as many points.
    case lengths(upsampling: Int)
    /// The voxels of its ends.
    case ends
  }

  /// A voxel that a streamline passes.
  public struct Visit: Sendable {
    /// The index of the voxel, x fastest, in the order of the grid's axes.
    public var voxel: Int32
    /// What the streamline counts there: 1, the length in mm, or the number of ends.
    public var amount: Double
    /// The sum of the sizes of the directions, along the scanner's axes.
    public var direction: SIMD3<Double>
  }

  /// Where the voxels lie.
  public let grid: MappingGrid
  /// What is mapped.
  public let extent: Extent
  /// Whether directions are found too.
  public let isDirectional: Bool

  /// Creates a mapper.
  ///
  /// - Parameters:
  ///   - grid: The voxels.
  ///   - extent: What is mapped.
  ///   - isDirectional: Whether ``Visit/direction`` is asked for.
  public init(grid: MappingGrid, extent: Extent, isDirectional: Bool = false) {
    self.grid = grid
    self.extent = extent
    self.isDirectional = isDirectional
  }

  /// How many times as many points keep steps below a third of a voxel; a tenth for lengths.
  ///
  /// - Parameters:
  ///   - step: The length of the streamlines' steps in mm, as their file states it; nil for none.
  ///   - grid: The voxels.
  ///   - forLengths: Whether lengths are mapped.
  /// - Returns: 1 or more; 1 without a step.
  public static func upsampling(
    step: Float?, grid: MappingGrid, forLengths: Bool = false
  ) -> Int {
    guard let step, step.isFinite, step > 0 else { return 1 }
    let ratio: Float = forLengths ? 0.1 : 0.333
    let factor = (Double(step) / (grid.leastSpacing * Double(ratio))).rounded(.up)
    return max(1, Int(min(factor, 1000)))
  }

  /// The voxels of the grid that a streamline passes, each once.
  ///
  /// - Parameters:
  ///   - positions: x, y, z of every point, in scanner mm.
  ///   - points: The streamline's points.
  ///   - trace: What the voxels are put into, in place of what there is.
  /// - Complexity: O(points).
  public func map(
    _ positions: borrowing Span<Float>, _ points: Range<Int>, into trace: inout StreamlineTrace
  ) {
    precondition(3 * points.upperBound <= positions.count, "the points lie outside the positions")
    trace.clear()
    guard !points.isEmpty else { return }
    switch extent {
    case .ends: mapEnds(positions, points, &trace)
    case .points(let factor):
      withPoints(positions, points, factor, &trace) { positions, points, trace in
        if isDirectional {
          mapDirections(positions, points, &trace)
        } else {
          mapPoints(positions, points, &trace)
        }
      }
    case .lengths(let factor):
      withPoints(positions, points, factor, &trace) { positions, points, trace in
        mapLengths(positions, points, &trace)
      }
    }
  }

  private func withPoints(
    _ positions: borrowing Span<Float>, _ points: Range<Int>, _ factor: Int,
    _ trace: inout StreamlineTrace,
    _ body: (borrowing Span<Float>, Range<Int>, inout StreamlineTrace) -> Void
  ) {
    guard factor > 1, points.count > 1 else { return body(positions, points, &trace) }
    // The line is moved out, so that it can be read while the trace grows.
    var line = trace.line
    trace.line = ResampledLine()
    StreamlineResampling.upsample(factor).resample(positions, points, into: &line)
    body(line.positions.span, 0..<line.count, &trace)
    trace.line = line
  }

  private func mapPoints(
    _ positions: borrowing Span<Float>, _ points: Range<Int>, _ trace: inout StreamlineTrace
  ) {
    for index in points {
      guard let voxel = grid.voxel(of: point(positions, index)), let place = grid.index(of: voxel)
      else { continue }
      trace.add(place, 0, SIMD3())
    }
    trace.countOnce()
  }

  private func mapDirections(
    _ positions: borrowing Span<Float>, _ points: Range<Int>, _ trace: inout StreamlineTrace
  ) {
    for index in points {
      guard let voxel = grid.voxel(of: point(positions, index)), let place = grid.index(of: voxel)
      else { continue }
      let before = point(positions, max(index - 1, points.lowerBound))
      let after = point(positions, min(index + 1, points.upperBound - 1))
      guard let direction = unit(after - before) else { continue }
      trace.add(place, 1, direction)
    }
    trace.countOnce()
  }

  private func mapEnds(
    _ positions: borrowing Span<Float>, _ points: Range<Int>, _ trace: inout StreamlineTrace
  ) {
    let (first, last) = (points.lowerBound, points.upperBound - 1)
    let ends = first == last ? [(first, first)] : [(first, first + 1), (last, last - 1)]
    for (end, neighbour) in ends {
      guard let voxel = grid.voxel(of: point(positions, end)), let place = grid.index(of: voxel)
      else { continue }
      let direction = unit(point(positions, end) - point(positions, neighbour)) ?? SIMD3()
      trace.add(place, 1, direction)
    }
  }

  /// The sizes of a direction's components; nil where there is no direction.
  @inline(__always)
  private func unit(_ step: SIMD3<Float>) -> SIMD3<Double>? {
    let vector = SIMD3<Double>(step)
    let square = vector.x * vector.x + vector.y * vector.y + vector.z * vector.z
    guard square > 0, square.isFinite else { return nil }
    let direction = vector / square.squareRoot()
    return SIMD3(abs(direction.x), abs(direction.y), abs(direction.z))
  }

  /// Follows the line from voxel to voxel; where it leaves one is found by halves.
  private func mapLengths(
    _ positions: borrowing Span<Float>, _ points: Range<Int>, _ trace: inout StreamlineTrace
  ) {
    guard points.count > 1 else { return }
    let (first, last) = (points.lowerBound, points.upperBound - 1)
    let edge = 0.005 * grid.leastSpacing
    let accuracy = edge * edge
    guard var next = grid.voxel(of: point(positions, first)) else { return }
    var (index, exit, part) = (first, point(positions, first), 0.0)
    var isOver = false
    repeat {
      let (entry, voxel) = (exit, next)
      var (previous, length) = (entry, 0.0)
      while index <= last {
        let place = point(positions, index)
        guard let here = grid.voxel(of: place) else { return }
        next = here
        guard here == voxel else { break }
        length += Double(distance(previous, place))
        previous = place
        index += 1
        part = 0
      }
      if index > last {
        exit = point(positions, last)
        isOver = true
      } else {
        let (start, end) = (point(positions, index - 1), point(positions, index))
        let before =
          index == first + 1 ? start * 2 - end : point(positions, index - 2)
        let after = index == last ? end * 2 - start : point(positions, index + 1)
        var (low, high, near, far) = (part, 1.0, previous, end)
        while squaredDistance(near, far) > accuracy {
          part = 0.5 * (low + high)
          guard part > low, part < high else { break }
          let place = HermiteSpline(at: Float(part)).point(before, start, end, after)
          guard let here = grid.voxel(of: place) else { return }
          if here == voxel {
            (low, near) = (part, place)
          } else {
            (high, far, next) = (part, place, here)
          }
        }
        exit = far
      }
      length += Double(distance(previous, exit))
      if let direction = unit(exit - entry), let place = grid.index(of: voxel) {
        trace.add(place, length, direction)
      }
    } while !isOver
  }

  @inline(__always)
  private func squaredDistance(_ first: SIMD3<Float>, _ second: SIMD3<Float>) -> Double {
    let step = first - second
    return Double(step.x * step.x + (step.y * step.y + step.z * step.z))
  }
}

/// The voxels that one streamline passes.
public struct StreamlineTrace: Sendable {
  /// The voxels, each once, in the order in which they are entered first.
  public private(set) var visits: [StreamlineMapper.Visit] = []
  var line = ResampledLine()
  /// A hash table of indices of visits; -1 where there is none.
  private var slots = [Int32](repeating: -1, count: 64)
  private var usedSlots: [Int] = []

  /// An empty trace.
  public init() {}

  mutating func clear() {
    for slot in usedSlots { slots[slot] = -1 }
    usedSlots.removeAll(keepingCapacity: true)
    visits.removeAll(keepingCapacity: true)
  }

  /// Lets every voxel count once, and its directions as one of length 1.
  mutating func countOnce() {
    for index in visits.indices {
      visits[index].amount = 1
      let vector = visits[index].direction
      let square = vector.x * vector.x + vector.y * vector.y + vector.z * vector.z
      if square > 0 { visits[index].direction = vector / square.squareRoot() }
    }
  }

  /// Adds to a voxel.
  @inline(__always)
  mutating func add(_ voxel: Int32, _ amount: Double, _ direction: SIMD3<Double>) {
    var index = visits.count - 1
    if index < 0 || visits[index].voxel != voxel {
      let slot = slot(of: voxel)
      guard slots[slot] >= 0 else {
        slots[slot] = Int32(visits.count)
        usedSlots.append(slot)
        visits.append(
          StreamlineMapper.Visit(voxel: voxel, amount: amount, direction: direction))
        if 2 * visits.count > slots.count { grow() }
        return
      }
      index = Int(slots[slot])
    }
    visits[index].amount += amount
    visits[index].direction += direction
  }

  /// The slot of a voxel, or the free one where it belongs.
  @inline(__always)
  private func slot(of voxel: Int32) -> Int {
    let mask = slots.count &- 1
    var slot = Int(truncatingIfNeeded: UInt32(bitPattern: voxel) &* 0x9E37_79B1 >> 8) & mask
    while slots[slot] >= 0, visits[Int(slots[slot])].voxel != voxel { slot = (slot &+ 1) & mask }
    return slot
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: 2 * slots.count)
    usedSlots.removeAll(keepingCapacity: true)
    for index in visits.indices {
      let slot = slot(of: visits[index].voxel)
      slots[slot] = Int32(index)
      usedSlots.append(slot)
    }
  }
}
