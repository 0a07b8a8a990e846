public import Connectomes

/// Two groups of matrices of the same nodes, and how each connection differs between them.
///
/// Connections are those of the upper triangle, without the diagonal.
public struct GroupComparison: Sendable {
  /// In which direction a difference counts.
  public enum Tail: String, Hashable, Sendable, CaseIterable {
    /// In either.
    case both
    /// Only where the first group has less.
    case less
    /// Only where the first group has more.
    case greater
  }

  /// The number of nodes.
  public let nodeCount: Int
  /// The nodes of each connection, the first below the second.
  public let rows: [Int], columns: [Int]
  /// How many matrices each group has.
  public let firstCount: Int, secondCount: Int
  /// Whether the matrices of both groups belong together, the first with the first and so on.
  public let isPaired: Bool
  /// Each connection's mean in either group.
  public let firstMeans: [Double], secondMeans: [Double]
  /// Subjects of both groups, or differences of pairs: each subject's connections, centred unless
  /// they are differences.
  let subjects: [[Double]]
  /// Each connection's sum of squares over ``subjects``.
  let squares: [Double]

  /// Takes up two groups.
  ///
  /// - Parameters:
  ///   - first: The matrices of one group; their upper triangles count.
  ///   - second: Those of the other.
  ///   - isPaired: Whether the matrices belong together in pairs.
  /// - Throws: ``GraphError`` with `mismatch` where sizes differ or there are too few, with
  ///   `notFinite` where a value is no number.
  public init(
    _ first: [ConnectomeMatrix], _ second: [ConnectomeMatrix], isPaired: Bool = false
  ) throws(GraphError) {
    guard first.count > 1, second.count > 1 else {
      throw GraphError(
        .mismatch, "each group needs two matrices or more",
        found: "\(first.count) and \(second.count)")
    }
    guard !isPaired || first.count == second.count else {
      throw GraphError(
        .mismatch, "paired groups are equally large", found: "\(first.count) and \(second.count)")
    }
    let count = first[0].count
    guard (first + second).allSatisfy({ $0.count == count }) else {
      throw GraphError(.mismatch, "matrices of different sizes cannot be compared")
    }
    var (rows, columns): ([Int], [Int]) = ([], [])
    for row in 0..<count {
      for column in row + 1..<max(row + 1, count) {
        rows.append(row)
        columns.append(column)
      }
    }
    var values: [[Double]] = []
    for matrix in first + second {
      let full = matrix.symmetrized()
      var edges: [Double] = []
      edges.reserveCapacity(rows.count)
      for place in rows.indices {
        let value = full[rows[place], columns[place]]
        guard value.isFinite else {
          throw GraphError(.notFinite, row: rows[place], column: columns[place], value)
        }
        edges.append(value)
      }
      values.append(edges)
    }
    self.rows = rows
    self.columns = columns
    nodeCount = count
    firstCount = first.count
    secondCount = second.count
    self.isPaired = isPaired
    firstMeans = Self.means(of: values[..<first.count])
    secondMeans = Self.means(of: values[first.count...])
    let centred: [[Double]]
    if isPaired {
      centred = (0..<first.count).map { pair in
        zip(values[pair], values[first.count + pair]).map { $0 - $1 }
      }
    } else {
      let means = Self.means(of: values[...])
      centred = values.map { zip($0, means).map { $0 - $1 } }
    }
    subjects = centred
    squares = rows.indices.map { place in centred.reduce(0) { $0 + $1[place] * $1[place] } }
  }

  private static func means(of subjects: ArraySlice<[Double]>) -> [Double] {
    guard let first = subjects.first else { return [] }
    var sums = [Double](repeating: 0, count: first.count)
    for subject in subjects {
      for place in sums.indices { sums[place] += subject[place] }
    }
    return sums.map { $0 / Double(subjects.count) }
  }

  /// The degrees of freedom of t.
  public var degreesOfFreedom: Int { isPaired ? firstCount - 1 : firstCount + secondCount - 2 }

  /// Each connection's t: above 0 where the first group has more, with both groups' variances
  /// pooled, or of the pairs' differences; 0 where a connection does not vary within groups.
  public var statistics: [Double] {
    statistics(of: isPaired ? [] : Array(0..<firstCount))
  }

  /// The chance of each connection's t, in both directions; not a number where it does not vary.
  public var chances: [Double] {
    let degrees = Double(degreesOfFreedom)
    return zip(statistics, squares).map { t, square in
      t == 0 && square == 0 ? .nan : StudentT.bothTails(t, degrees: degrees)
    }
  }

  /// The t of a relabelling.
  ///
  /// - Parameter chosen: The subjects in the first group, or the pairs that are turned round.
  /// - Returns: A t for each connection.
  func statistics(of chosen: [Int]) -> [Double] {
    var sums = [Double](repeating: 0, count: rows.count)
    if isPaired {
      var signs = [Double](repeating: 1, count: subjects.count)
      for pair in chosen { signs[pair] = -1 }
      for (subject, sign) in zip(subjects, signs) {
        for place in sums.indices { sums[place] += sign * subject[place] }
      }
      let count = Double(subjects.count)
      for place in sums.indices {
        let within = squares[place] - sums[place] * sums[place] / count
        sums[place] = Self.quotient(
          sums[place] / count, within / (count - 1) / count, squares[place])
      }
      return sums
    }
    for subject in chosen {
      let values = subjects[subject]
      for place in sums.indices { sums[place] += values[place] }
    }
    // All values together sum to 0, so that the second group's sum is the first's turned round.
    let (first, second) = (Double(firstCount), Double(secondCount))
    let scale = (1 / first + 1 / second) / (first + second - 2)
    for place in sums.indices {
      let sum = sums[place]
      let within = squares[place] - sum * sum / first - sum * sum / second
      sums[place] = Self.quotient(sum / first + sum / second, within * scale, squares[place])
    }
    return sums
  }

  /// A difference by the root of its variance; 0 where the variance is rounding alone.
  private static func quotient(_ difference: Double, _ variance: Double, _ square: Double) -> Double
  {
    variance > 1e-13 * square ? difference / variance.squareRoot() : 0
  }
}
