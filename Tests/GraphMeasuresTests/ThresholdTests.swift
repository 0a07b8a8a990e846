import Connectomes
import GraphMeasures
import Testing

@Suite struct ThresholdTests {
  private let matrix = ConnectomeMatrix(
    count: 4, values: [9, 1, 2, 3, 1, 0, 3, 0, 2, 3, 0, 5, 3, 0, 5, 0], isSymmetric: true)

  private func edges(_ threshold: GraphThreshold, of matrices: [ConnectomeMatrix]) throws
    -> [[Double]]
  {
    try threshold.applied(to: matrices).map { matrix in
      (0..<4).flatMap { row in (row + 1..<max(row + 1, 4)).map { matrix[row, $0] } }
    }
  }

  @Test func `a weight keeps connections at least as strong, and the diagonal`() throws {
    #expect(try edges(.weight(3), of: [matrix]) == [[0, 0, 3, 3, 0, 5]])
    #expect(try GraphThreshold.weight(3).applied(to: [matrix])[0][0, 0] == 9)
  }

  @Test func `a density keeps the strongest, of equals the first`() throws {
    #expect(try edges(.density(2 / 6.0), of: [matrix]) == [[0, 0, 3, 0, 0, 5]])
    #expect(try edges(.density(1), of: [matrix]) == [[1, 2, 3, 3, 0, 5]])
    let kept = try GraphThreshold.density(0.5).applied(to: [matrix])[0]
    #expect(try Graph(kept) == Graph(kept.symmetrized()) && Graph(kept).edgeCount == 3)
    let directed = try GraphThreshold.density(0.25).applied(to: [matrix], isDirected: true)[0]
    #expect(try Graph(directed, isDirected: true).edgeCount == 3)
  }

  @Test func `a consensus keeps what enough of a group has`() throws {
    var second = matrix
    for (row, column) in [(0, 1), (1, 0), (2, 3), (3, 2)] { second[row, column] = 0 }
    #expect(
      try edges(.consensus(1), of: [matrix, second]) == [[0, 2, 3, 3, 0, 0], [0, 2, 3, 3, 0, 0]])
    #expect(
      try edges(.consensus(0.5), of: [matrix, second]) == [
        [1, 2, 3, 3, 0, 5], [0, 2, 3, 3, 0, 0],
      ])
    #expect(throws: GraphError.self) { try edges(.consensus(0.5), of: [matrix]) }
  }
}
