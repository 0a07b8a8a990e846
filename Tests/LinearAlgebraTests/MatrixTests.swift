import LinearAlgebra
import TestSupport
import Testing

struct MatrixTests {
  private static func random(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
    var generator = SeededGenerator(seed: seed)
    return Matrix(
      rows: rows, columns: columns,
      values: (0..<rows * columns).map { _ in Double.random(in: -1...1, using: &generator) })
  }

  private static func distance(_ one: Matrix, _ other: Matrix) -> Double {
    zip(one.values, other.values).map { abs($0 - $1) }.max() ?? 0
  }

  @Test func `a product of small matrices`() {
    let product =
      Matrix(rows: 2, columns: 3, values: [1, 2, 3, 4, 5, 6])
      * Matrix(rows: 3, columns: 1, values: [1, 10, 100])
    #expect(product.values == [321, 654])
  }

  @Test(arguments: [(7, 7), (65, 7), (7, 30), (40, 40)])
  func `a pseudo-inverse fulfils Penrose's equations`(rows: Int, columns: Int) throws {
    let a = Self.random(rows, columns, seed: 3)
    let inverse = try a.pseudoInverse()
    #expect(Self.distance(a * inverse * a, a) < 1e-12)
    #expect(Self.distance(inverse * a * inverse, inverse) < 1e-11)
    #expect(Self.distance((a * inverse).transposed, a * inverse) < 1e-12)
    #expect(Self.distance((inverse * a).transposed, inverse * a) < 1e-12)
  }

  @Test func `the rank of a matrix with columns that depend on others`() throws {
    let a = Self.random(30, 4, seed: 5) * Self.random(4, 9, seed: 6)
    #expect(try a.rank() == 4)
  }

  @Test func `least squares give back what made the right side`() throws {
    let (a, x) = (Self.random(50, 6, seed: 8), Self.random(6, 2, seed: 9))
    #expect(Self.distance(try a.leastSquares(a * x), x) < 1e-12)
  }

  @Test func `symmetric systems`() throws {
    let root = Self.random(6, 6, seed: 10)
    let (a, x) = (root * root.transposed, Self.random(6, 1, seed: 11))
    #expect(Self.distance(try a.solveSymmetric(a * x), x) < 1e-8)
    let indefinite = Matrix(rows: 2, columns: 2, values: [1, 2, 2, 1])
    #expect(throws: LinearAlgebraError.self) {
      try indefinite.solveSymmetric(Matrix(rows: 2, columns: 1))
    }
  }

  @Test func `values that are not finite are refused`() {
    let a = Matrix(rows: 1, columns: 2, values: [1, .nan])
    #expect(throws: LinearAlgebraError.self) { try a.pseudoInverse() }
  }

  @Test func `eigenvectors of three rows agree with LAPACK's`() throws {
    var generator = SeededGenerator(seed: 21)
    for _ in 0..<200 {
      let v = (0..<6).map { _ in Double.random(in: -1...1, using: &generator) }
      let small = SymmetricMatrix3(
        diagonal: SIMD3(v[0], v[1], v[2]), offDiagonal: SIMD3(v[3], v[4], v[5]))
      let eigen = small.eigenvectors()
      let (values, vectors) = try Matrix(
        rows: 3, columns: 3, values: [v[0], v[3], v[4], v[3], v[1], v[5], v[4], v[5], v[2]]
      ).symmetricEigenvectors()
      for (place, vector) in [eigen.first, eigen.second, eigen.third].enumerated() {
        #expect(abs(eigen.values[place] - values[2 - place]) < 1e-14)
        let column = SIMD3(
          vectors[0, 2 - place], vectors[1, 2 - place], vectors[2, 2 - place])
        #expect(abs(abs((column * vector).sum()) - 1) < 1e-10)
      }
    }
  }

  @Test func `equal eigenvalues have vectors at right angles`() {
    let eigen = SymmetricMatrix3(diagonal: SIMD3(2, 1, 2), offDiagonal: .zero).eigenvectors()
    #expect(eigen.values == SIMD3(2, 2, 1))
    #expect((eigen.first * eigen.second).sum() == 0)
    #expect((eigen.first * eigen.third).sum() == 0)
    let zero = SymmetricMatrix3(diagonal: .zero, offDiagonal: .zero).eigenvectors()
    #expect(zero.values == .zero)
  }
}
