public import LinearAlgebra

/// A diffusion tensor, in mm²/s.
///
/// Values that are not physical, such as negative eigenvalues, are kept: an anisotropy can then be
/// above 1.
public struct DiffusionTensor: Hashable, Sendable {
  /// xx, yy and zz.
  public var diagonal: SIMD3<Double>
  /// xy, xz and yz.
  public var offDiagonal: SIMD3<Double>

  /// Creates a tensor.
  @inlinable
  public init(diagonal: SIMD3<Double>, offDiagonal: SIMD3<Double>) {
    self.diagonal = diagonal
    self.offDiagonal = offDiagonal
  }

  /// The tensor of these eigenvalues and eigenvectors.
  public init(_ eigen: SymmetricMatrix3.Eigenvectors) {
    diagonal = .zero
    offDiagonal = .zero
    for (value, v) in [
      (eigen.values.x, eigen.first), (eigen.values.y, eigen.second), (eigen.values.z, eigen.third),
    ] {
      diagonal += value * v * v
      offDiagonal += value * SIMD3(v.x * v.y, v.x * v.z, v.y * v.z)
    }
  }

  /// The sum of squares of all nine values.
  @inlinable
  public var squaredNorm: Double {
    (diagonal * diagonal).sum() + 2 * (offDiagonal * offDiagonal).sum()
  }

  /// The mean diffusivity in mm²/s.
  @inlinable
  public var meanDiffusivity: Double { (diagonal.x + diagonal.y + diagonal.z) / 3 }

  /// The fractional anisotropy: 0 for a sphere, 1 for a line; 0 for a tensor of zeros.
  ///
  /// Source: Basser & Pierpaoli 1996, J Magn Reson B 111:209.
  @inlinable
  public var fractionalAnisotropy: Double {
    let mean = meanDiffusivity
    let norm = squaredNorm
    guard norm != 0 else { return 0 }
    let deviation = diagonal - mean
    let anisotropic = (deviation * deviation).sum() + 2 * (offDiagonal * offDiagonal).sum()
    return (1.5 * anisotropic / norm).squareRoot()
  }

  /// The mode of anisotropy: −1 for a plane, 1 for a line; 0 for a sphere.
  ///
  /// Source: Ennis & Kindlmann 2006, Magn Reson Med 55:136.
  public var mode: Double {
    let a = diagonal - meanDiffusivity
    let o = offDiagonal
    let norm = ((a * a).sum() + 2 * (o * o).sum()).squareRoot()
    guard norm > 0 else { return 0 }
    let determinant =
      a.x * (a.y * a.z - o.z * o.z) - o.x * (o.x * a.z - o.z * o.y)
      + o.y * (o.x * o.z - a.y * o.y)
    return 3 * 6.0.squareRoot() * determinant / (norm * norm * norm)
  }

  /// The eigenvalues, the largest first, and their vectors.
  public func eigenvectors() -> SymmetricMatrix3.Eigenvectors {
    SymmetricMatrix3(diagonal: diagonal, offDiagonal: offDiagonal).eigenvectors()
  }

  /// The tensor with eigenvalues raised to a least one.
  public func clipped(to least: Double) -> DiffusionTensor {
    var eigen = eigenvectors()
    guard eigen.values.z < least else { return self }
    eigen.values = pointwiseMax(eigen.values, SIMD3(repeating: least))
    return DiffusionTensor(eigen)
  }

  /// The diffusivity along a unit vector, in mm²/s.
  @inlinable
  public func diffusivity(along g: SIMD3<Double>) -> Double {
    (diagonal * g * g).sum()
      + 2 * (offDiagonal * SIMD3(g.x * g.y, g.x * g.z, g.y * g.z)).sum()
  }

  /// The tensor's components along other axes at right angles, each a unit vector.
  public func components(
    along x: SIMD3<Double>, _ y: SIMD3<Double>, _ z: SIMD3<Double>
  ) -> DiffusionTensor {
    func product(_ one: SIMD3<Double>, _ other: SIMD3<Double>) -> Double {
      (diagonal * one * other).sum()
        + offDiagonal.x * (one.x * other.y + one.y * other.x)
        + offDiagonal.y * (one.x * other.z + one.z * other.x)
        + offDiagonal.z * (one.y * other.z + one.z * other.y)
    }
    return DiffusionTensor(
      diagonal: SIMD3(product(x, x), product(y, y), product(z, z)),
      offDiagonal: SIMD3(product(x, y), product(x, z), product(y, z)))
  }
}

/// The order of a tensor's six values in a file.
public enum TensorOrder: String, CaseIterable, Sendable {
  /// xx, yy, zz, xy, xz, yz.
  case mrtrix
  /// xx, xy, xz, yy, yz, zz.
  case fsl
  /// xx, xy, yy, xz, yz, zz.
  case dipy

  /// The places of xx, yy, zz, xy, xz, yz.
  var places: [Int] {
    switch self {
    case .mrtrix: [0, 1, 2, 3, 4, 5]
    case .fsl: [0, 3, 5, 1, 2, 4]
    case .dipy: [0, 2, 5, 1, 3, 4]
    }
  }

  /// A tensor's values in this order.
  public func values(_ tensor: DiffusionTensor) -> [Double] {
    let (d, o) = (tensor.diagonal, tensor.offDiagonal)
    var values = [Double](repeating: 0, count: 6)
    for (place, value) in zip(places, [d.x, d.y, d.z, o.x, o.y, o.z]) { values[place] = value }
    return values
  }

  /// The tensor of values in this order.
  ///
  /// - Precondition: There are six.
  public func tensor(_ values: [Double]) -> DiffusionTensor {
    precondition(values.count == 6, "a tensor has six values")
    let sorted = places.map { values[$0] }
    return DiffusionTensor(
      diagonal: SIMD3(sorted[0], sorted[1], sorted[2]),
      offDiagonal: SIMD3(sorted[3], sorted[4], sorted[5]))
  }
}
