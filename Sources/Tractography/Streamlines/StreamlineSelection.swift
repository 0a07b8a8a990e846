import Connectomes

/// Which streamlines are kept, and which parts of them.
///
/// Source: MRtrix3, `tckedit`.
public struct StreamlineSelection: Sendable {
  /// Regions that all have to be entered.
  public var included: [SelectionRegion] = []
  /// Regions that all have to be entered in this order; a vertex in several counts for the first.
  public var includedInOrder: [SelectionRegion] = []
  /// Regions none of which may be entered.
  public var excluded: [SelectionRegion] = []
  /// Regions outside which vertices are left out, which cuts streamlines into pieces.
  public var masks: [SelectionRegion] = []
  /// Whether only the first and the last vertex are looked at, masks apart.
  public var testsEndsOnly = false
  /// Whether what fails is kept, and of that the vertices outside the masks.
  public var isInverse = false
  /// The lengths in mm that are kept, both bounds included.
  public var lengths: ClosedRange<Float> = 0...Float.infinity
  /// The weights that are kept, both bounds included.
  public var weights: ClosedRange<Float> = 0...Float.infinity

  /// Keeps everything.
  public init() {}

  /// The pieces of a streamline that are kept: all of it in one where no mask cuts it; none where
  /// the streamline is left out.
  ///
  /// - Parameters:
  ///   - positions: x, y, z of every point, in scanner mm.
  ///   - points: The streamline's points.
  ///   - weight: Its weight.
  ///   - pieces: Ranges of points are put here in place of what there is; pieces made by masks have
  ///     two points at least.
  /// - Complexity: O(points × regions).
  public func pieces(
    of positions: borrowing Span<Float>, _ points: Range<Int>, weight: Float = 1,
    into pieces: inout [Range<Int>]
  ) {
    pieces.removeAll(keepingCapacity: true)
    precondition(3 * points.upperBound <= positions.count, "the points lie outside the positions")
    guard isKept(positions, points, weight) else { return }
    guard !masks.isEmpty else {
      pieces.append(points)
      return
    }
    var first = points.lowerBound
    for index in points {
      let place = point(positions, index)
      if masks.contains(where: { $0.contains(place) }) == isInverse {
        if index - first >= 2 { pieces.append(first..<index) }
        first = index + 1
      }
    }
    if points.upperBound - first >= 2 { pieces.append(first..<points.upperBound) }
  }

  private var hasRegions: Bool {
    !included.isEmpty || !includedInOrder.isEmpty || !excluded.isEmpty
  }

  private func isKept(
    _ positions: borrowing Span<Float>, _ points: Range<Int>, _ weight: Float
  ) -> Bool {
    let fails: Bool
    // A streamline without points has no length.
    let length = points.isEmpty ? Float.nan : streamlineLength(positions, points)
    if !(lengths.contains(length) && weights.contains(weight)) {
      fails = true
    } else if hasRegions {
      fails = !passes(positions, points)
    } else {
      // Where masks alone are given, their inverse is taken of every streamline.
      fails = isInverse
    }
    return fails == isInverse
  }

  /// Whether all regions are entered that have to be, and none that must not.
  private func passes(_ positions: borrowing Span<Float>, _ points: Range<Int>) -> Bool {
    var isVisited = [Bool](repeating: false, count: included.count)
    var (next, isInOrder) = (0, true)
    for index in points {
      if testsEndsOnly, index != points.lowerBound, index != points.upperBound - 1 { continue }
      let place = point(positions, index)
      for region in included.indices where !isVisited[region] {
        isVisited[region] = included[region].contains(place)
      }
      if isInOrder, let entered = includedInOrder.firstIndex(where: { $0.contains(place) }) {
        if entered == next {
          next += 1
        } else if entered != next - 1 {
          isInOrder = false
        }
      }
      if excluded.contains(where: { $0.contains(place) }) { return false }
    }
    return isInOrder && next == includedInOrder.count && isVisited.allSatisfy { $0 }
  }
}
