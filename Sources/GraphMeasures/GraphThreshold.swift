public import Connectomes

/// Which connections are kept before measuring.
public enum GraphThreshold: Hashable, Sendable {
  /// The strongest, as many as give this share of all possible ones; in (0, 1].
  case density(Double)
  /// Those at least this strong.
  case weight(Double)
  /// Those that at least this share of a group's graphs has; in (0, 1].
  case consensus(Double)

  /// The matrices with the connections that are kept; the others are 0.
  ///
  /// Diagonals stay as they are and are not counted. Of equally strong connections, those that come
  /// first by row and column are kept. Consensus chooses the same connections for all matrices.
  ///
  /// - Parameters:
  ///   - matrices: The matrices, all of the same size, symmetric unless `isDirected`.
  ///   - isDirected: Whether the two triangles are different connections.
  /// - Returns: As many matrices.
  /// - Throws: ``GraphError`` where a group is needed and there is none, or sizes differ.
  ///
  /// Source: van Wijk, Stam & Daffertshofer 2010, doi:10.1371/journal.pone.0013701 (density);
  /// de Reus & van den Heuvel 2013, doi:10.1016/j.neuroimage.2012.12.066 (consensus).
  public func applied(
    to matrices: [ConnectomeMatrix], isDirected: Bool = false
  ) throws(GraphError) -> [ConnectomeMatrix] {
    switch self {
    case .weight(let least):
      return matrices.map { matrix in
        Self.keeping(matrix) { row, column in matrix[row, column] >= least }
      }
    case .density(let share):
      return matrices.map { Self.strongest($0, share: share, isDirected: isDirected) }
    case .consensus(let share):
      guard matrices.count > 1 else {
        throw GraphError(
          .mismatch, "a consensus needs a group of matrices", found: "\(matrices.count)",
          remedy: "give the matrices of all subjects")
      }
      let count = matrices[0].count
      guard matrices.allSatisfy({ $0.count == count }) else {
        throw GraphError(.mismatch, "a consensus needs matrices of the same nodes")
      }
      let needed = share * Double(matrices.count) - 1e-9
      var present = [Int](repeating: 0, count: count * count)
      for matrix in matrices {
        for place in matrix.values.indices where matrix.values[place] != 0 { present[place] += 1 }
      }
      return matrices.map { matrix in
        Self.keeping(matrix) { row, column in Double(present[row * count + column]) >= needed }
      }
    }
  }

  private static func keeping(
    _ matrix: ConnectomeMatrix, where isKept: (Int, Int) -> Bool
  ) -> ConnectomeMatrix {
    var result = matrix
    for row in 0..<matrix.count {
      for column in 0..<matrix.count where row != column && !isKept(row, column) {
        result[row, column] = 0
      }
    }
    return result
  }

  private static func strongest(
    _ matrix: ConnectomeMatrix, share: Double, isDirected: Bool
  ) -> ConnectomeMatrix {
    let count = matrix.count
    var places: [(row: Int, column: Int)] = []
    for row in 0..<count {
      for column in 0..<count where isDirected ? row != column : row < column {
        if matrix[row, column] != 0 { places.append((row, column)) }
      }
    }
    let possible = Double(count * (count - 1)) / (isDirected ? 1 : 2)
    // As bctpy rounds: to even where halfway.
    let kept = Int((possible * share).rounded(.toNearestOrEven))
    guard places.count > kept else { return matrix }
    places.sort { first, second in
      let (a, b) = (matrix[first.row, first.column], matrix[second.row, second.column])
      return a != b ? a > b : (first.row, first.column) < (second.row, second.column)
    }
    var result = matrix
    for place in places[kept...] {
      result[place.row, place.column] = 0
      if !isDirected { result[place.column, place.row] = 0 }
    }
    return result
  }
}
