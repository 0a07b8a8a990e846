/// Pairs of rows and columns, each used once at most, of least cost.
///
/// What is made least is the sum of the pairs' costs and of `unmatchedCost` for each row without a
/// column: a matching of all rows as the Hungarian method finds it, with only the pairs that can
/// be matched looked at.
///
/// Source: Jonker & Volgenant 1987, doi:10.1007/BF02278710, with shortest paths in a sparse graph.
struct MinimumCostMatching {
  /// A pair that can be matched.
  struct Candidate {
    var column: Int
    var cost: Double
  }

  private let candidates: [[Candidate]]
  private let unmatchedCost: Double
  private var rowOfColumn: [Int?]
  /// The column of each row; nil where it has none.
  private(set) var columnOfRow: [Int?]
  // What each row and column can take off a cost: no pair's cost is below what both take off.
  private var rowPotential: [Double]
  private var columnPotential: [Double]
  // Of the search under way, for each column.
  private var distance: [Double]
  private var cameFrom: [Int]
  private var isDone: [Bool]

  /// Finds the matching.
  ///
  /// - Parameters:
  ///   - candidates: For each row, what it can be matched with, at costs from 0.
  ///   - columnCount: The number of columns.
  ///   - unmatchedCost: What a row without a column costs.
  /// - Complexity: O(*n m* log *m*) for *n* rows and *m* candidates that hang together.
  init(candidates: [[Candidate]], columnCount: Int, unmatchedCost: Double) {
    self.candidates = candidates
    self.unmatchedCost = unmatchedCost
    rowOfColumn = Array(repeating: nil, count: columnCount)
    columnOfRow = Array(repeating: nil, count: candidates.count)
    rowPotential = Array(repeating: 0, count: candidates.count)
    columnPotential = Array(repeating: 0, count: columnCount)
    distance = Array(repeating: .infinity, count: columnCount)
    cameFrom = Array(repeating: -1, count: columnCount)
    isDone = Array(repeating: false, count: columnCount)
    for row in candidates.indices { match(row) }
  }

  /// Where a chain of changes ends.
  private enum End {
    case column(Int)
    /// At a row that stays without a column.
    case row(Int)
  }

  /// Finds a place for a row, along the cheapest chain of changes to the rows before it.
  private mutating func match(_ start: Int) {
    var queue = ColumnQueue()
    var touched: [Int] = []
    var reached: [(row: Int, distance: Double)] = []
    var best = (distance: Double.infinity, end: End.row(start))
    func look(from row: Int, at offset: Double, _ matching: inout MinimumCostMatching) {
      reached.append((row, offset))
      let alone = offset + matching.unmatchedCost - matching.rowPotential[row]
      if alone < best.distance { best = (alone, .row(row)) }
      for candidate in matching.candidates[row] where !matching.isDone[candidate.column] {
        let column = candidate.column
        let length =
          offset + candidate.cost - matching.rowPotential[row] - matching.columnPotential[column]
        guard length < matching.distance[column] else { continue }
        if matching.distance[column] == .infinity { touched.append(column) }
        matching.distance[column] = length
        matching.cameFrom[column] = row
        queue.push(column, at: length)
      }
    }
    look(from: start, at: 0, &self)
    while let (column, length) = queue.pop() {
      guard length == distance[column], !isDone[column] else { continue }
      guard length < best.distance else { break }
      isDone[column] = true
      guard let row = rowOfColumn[column] else {
        best = (length, .column(column))
        break
      }
      look(from: row, at: length, &self)
    }
    for (row, offset) in reached where offset < best.distance {
      rowPotential[row] += best.distance - offset
    }
    for column in touched where isDone[column] && distance[column] < best.distance {
      columnPotential[column] -= best.distance - distance[column]
    }
    change(along: best.end, from: start)
    for column in touched {
      distance[column] = .infinity
      isDone[column] = false
    }
  }

  private mutating func change(along end: End, from start: Int) {
    var free: Int
    switch end {
    case .column(let column): free = column
    case .row(let row):
      guard row != start, let column = columnOfRow[row] else { return }
      columnOfRow[row] = nil
      free = column
    }
    while true {
      let row = cameFrom[free]
      let next = columnOfRow[row]
      columnOfRow[row] = free
      rowOfColumn[free] = row
      guard row != start, let next else { return }
      free = next
    }
  }
}

/// Columns by distance, the nearest first; of equal ones the first.
private struct ColumnQueue {
  private var heap: [(distance: Double, column: Int)] = []

  private static func precedes(
    _ first: (distance: Double, column: Int), _ second: (distance: Double, column: Int)
  ) -> Bool {
    first.distance == second.distance
      ? first.column < second.column : first.distance < second.distance
  }

  mutating func push(_ column: Int, at distance: Double) {
    heap.append((distance, column))
    var index = heap.count - 1
    while index > 0 {
      let parent = (index - 1) / 2
      guard Self.precedes(heap[index], heap[parent]) else { return }
      heap.swapAt(index, parent)
      index = parent
    }
  }

  mutating func pop() -> (column: Int, distance: Double)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      var index = 0
      while true {
        var least = index
        for child in [2 * index + 1, 2 * index + 2]
        where child < heap.count && Self.precedes(heap[child], heap[least]) {
          least = child
        }
        if least == index { break }
        heap.swapAt(index, least)
        index = least
      }
    }
    return (first.column, first.distance)
  }
}
