import LinearAlgebra
import TestSupport
import Testing

struct PrincipalEigenvectorTests {
  @Test func `the closed form finds the eigenvector that Jacobi rotations find`() {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<2000 {
      func value() -> Double { Double.random(in: -1...1, using: &random) }
      let matrix = SymmetricMatrix3(
        diagonal: [value(), value(), value()], offDiagonal: [value(), value(), value()])
      let expected = matrix.eigenvectors()
      // Nearly equal eigenvalues leave the direction open.
      guard expected.values.x - expected.values.y > 1e-3 else { continue }
      let found = matrix.principalEigenvector()
      #expect(abs(abs((found * expected.first).sum()) - 1) < 1e-9, "\(matrix)")
    }
  }

  @Test func `equal eigenvalues and diagonal matrices have eigenvectors of length 1`() {
    let matrices: [(SIMD3<Double>, SIMD3<Double>)] = [
      ([1, 1, 1], .zero), (.zero, .zero), ([2, 2, 1], .zero), ([1, 2, 2], .zero),
      ([1, 5, 1], .zero), ([1e-3, 3e-4, 3e-4], .zero), ([1, 1, 1], [1e-13, 0, 0]),
    ]
    for (diagonal, offDiagonal) in matrices {
      let matrix = SymmetricMatrix3(diagonal: diagonal, offDiagonal: offDiagonal)
      let v = matrix.principalEigenvector()
      #expect(abs((v * v).sum() - 1) < 1e-12)
      #expect(abs((diagonal * v * v).sum() - diagonal.max()) < 1e-9)
    }
  }
}
