/// Some streamlines, one after the other.
///
/// Points are in scanner mm, x to the right, y to the front, z up. Between streamlines there may be
/// points that belong to none.
public struct StreamlineBatch: Sendable {
  /// The index of the first streamline in its file.
  public internal(set) var firstIndex = 0
  /// x, y, z of every point.
  public internal(set) var positions: [Float] = []
  /// The points of each streamline.
  public internal(set) var bounds: [Range<Int>] = []
  /// The columns of data with values for each streamline, streamline by streamline.
  public internal(set) var perStreamline: [[Float]] = []
  /// The columns of data with values for each point, as many points as there are positions.
  public internal(set) var perPoint: [[Float]] = []

  /// Creates an empty batch.
  public init() {}

  /// Creates a batch from its parts.
  ///
  /// - Parameters:
  ///   - positions: x, y, z of every point, in scanner mm.
  ///   - bounds: The points of each streamline.
  ///   - perStreamline: Columns of values for each streamline.
  ///   - perPoint: Columns of values for each point.
  /// - Precondition: The points lie within the positions.
  public init(
    positions: [Float], bounds: [Range<Int>], perStreamline: [[Float]] = [],
    perPoint: [[Float]] = []
  ) {
    precondition(positions.count % 3 == 0, "a point has three coordinates")
    precondition(
      bounds.allSatisfy { $0.lowerBound >= 0 && 3 * $0.upperBound <= positions.count },
      "a streamline's points lie outside the positions")
    self.positions = positions
    self.bounds = bounds
    self.perStreamline = perStreamline
    self.perPoint = perPoint
  }

  /// The number of streamlines.
  public var count: Int { bounds.count }

  /// The number of points of all streamlines.
  public var pointCount: Int { bounds.reduce(0) { $0 + $1.count } }

  /// The coordinates of one streamline's points.
  public func coordinates(of index: Int) -> ArraySlice<Float> {
    let points = bounds[index]
    return positions[3 * points.lowerBound..<3 * points.upperBound]
  }

  /// Forgets everything but the room.
  mutating func clear(firstIndex: Int, streamlineColumns: Int, pointColumns: Int) {
    self.firstIndex = firstIndex
    positions.removeAll(keepingCapacity: true)
    bounds.removeAll(keepingCapacity: true)
    perStreamline = Self.emptied(perStreamline, count: streamlineColumns)
    perPoint = Self.emptied(perPoint, count: pointColumns)
  }

  private static func emptied(_ columns: [[Float]], count: Int) -> [[Float]] {
    guard columns.count == count else { return [[Float]](repeating: [], count: count) }
    var columns = columns
    for index in columns.indices { columns[index].removeAll(keepingCapacity: true) }
    return columns
  }
}
