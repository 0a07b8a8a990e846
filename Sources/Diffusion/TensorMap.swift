public import LinearAlgebra
import Synchronization
public import Voxels

/// A number, or several, that a tensor comes to.
public enum TensorMap: String, CaseIterable, Sendable {
  /// The fractional anisotropy, from 0 to 1 where no eigenvalue is negative.
  case fa
  /// The mean diffusivity in mm²/s.
  case md
  /// The axial diffusivity in mm²/s: the largest eigenvalue.
  case ad
  /// The radial diffusivity in mm²/s: the mean of the other two.
  case rd
  /// The mode of anisotropy, from −1 (plane) to 1 (line).
  case mode
  /// Westin's linear share: (λ₁ − λ₂) / (λ₁ + λ₂ + λ₃).
  case cl
  /// Westin's planar share: 2 (λ₂ − λ₃) / (λ₁ + λ₂ + λ₃).
  case cp
  /// Westin's spherical share: 3 λ₃ / (λ₁ + λ₂ + λ₃).
  case cs
  /// The eigenvalues in mm²/s, the largest in size first.
  case eigenvalues
  /// The unit eigenvector of the eigenvalue that is largest in size.
  case v1
  /// The unit eigenvector of the second eigenvalue.
  case v2
  /// The unit eigenvector of the eigenvalue that is smallest in size.
  case v3

  /// The values a voxel.
  public var channels: Int {
    switch self {
    case .eigenvalues, .v1, .v2, .v3: 3
    case .fa, .md, .ad, .rd, .mode, .cl, .cp, .cs: 1
    }
  }

  private var needsEigenvectors: Bool {
    switch self {
    case .fa, .md, .mode: false
    case .ad, .rd, .cl, .cp, .cs, .eigenvalues, .v1, .v2, .v3: true
    }
  }

  /// The values of a tensor.
  ///
  /// - Parameters:
  ///   - tensor: The tensor.
  ///   - eigen: Its eigenvectors, the largest eigenvalue first.
  /// - Returns: The values; those beyond the map's channels are zero.
  public func values(
    _ tensor: DiffusionTensor, _ eigen: SymmetricMatrix3.Eigenvectors
  ) -> SIMD3<Double> {
    let l = eigen.values
    func share(_ part: Double) -> SIMD3<Double> {
      let trace = l.x + l.y + l.z
      return SIMD3(trace == 0 ? 0 : part / trace, 0, 0)
    }
    return switch self {
    case .fa: SIMD3(tensor.fractionalAnisotropy, 0, 0)
    case .md: SIMD3(tensor.meanDiffusivity, 0, 0)
    case .ad: SIMD3(l.x, 0, 0)
    case .rd: SIMD3((l.y + l.z) / 2, 0, 0)
    case .mode: SIMD3(tensor.mode, 0, 0)
    case .cl: share(l.x - l.y)
    case .cp: share(2 * (l.y - l.z))
    case .cs: share(3 * l.z)
    case .eigenvalues: eigen.sortedBySize.values
    case .v1: eigen.sortedBySize.first
    case .v2: eigen.sortedBySize.second
    case .v3: eigen.sortedBySize.third
    }
  }

  /// The maps of a slab of tensors.
  ///
  /// Values are those of the tensors as they are given, in single precision; a voxel whose tensor is
  /// zero is zero in every map.
  ///
  /// - Parameters:
  ///   - maps: The maps wanted.
  ///   - tensors: (6, z, y, x): xx, yy, zz, xy, xz, yz in mm²/s.
  ///   - threads: The most threads.
  /// - Returns: For each map, (value, z, y, x).
  public static func volumes(
    _ maps: [TensorMap], of tensors: borrowing Volume<Float>, threads: Int
  ) -> [Volume<Float>] {
    precondition(tensors.channels == 6, "a tensor has six values")
    let (box, plane) = (tensors.box, tensors.extent.y * tensors.extent.x)
    let voxelCount = box.extent.voxelCount
    let places = maps.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.channels) }
    let needsEigenvectors = maps.contains(where: \.needsEigenvectors)
    let none = SymmetricMatrix3.Eigenvectors(
      values: .zero, first: .zero, second: .zero, third: .zero)
    let planes = Mutex([[Float]](repeating: [], count: box.extent.z))
    let source = tensors.span
    concurrentForEach(0..<box.extent.z, threads: threads) { z in
      var values = [Float](repeating: 0, count: (places.last ?? 0) * plane)
      for index in 0..<plane {
        let voxel = z * plane + index
        let tensor = DiffusionTensor(source, voxel: voxel, of: voxelCount)
        if tensor.squaredNorm == 0 { continue }
        let eigen = needsEigenvectors ? tensor.eigenvectors() : none
        for (map, place) in zip(maps, places) {
          let numbers = map.values(tensor, eigen)
          for channel in 0..<map.channels {
            values[(place + channel) * plane + index] = Float(numbers[channel])
          }
        }
      }
      planes.withLock { $0[z] = values }
    }
    let done = planes.withLock { $0 }
    return zip(maps, places).map { map, place in
      var all: [Float] = []
      all.reserveCapacity(map.channels * voxelCount)
      for channel in place..<place + map.channels {
        for values in done { all += values[channel * plane..<(channel + 1) * plane] }
      }
      return Volume(channels: map.channels, box: box, values: all)
    }
  }
}

extension SymmetricMatrix3.Eigenvectors {
  /// The same with the eigenvalue of the largest size first; the order differs only where one is
  /// negative.
  public var sortedBySize: SymmetricMatrix3.Eigenvectors {
    guard values.z < 0 else { return self }
    let pairs = [(values.x, first), (values.y, second), (values.z, third)]
      .sorted { abs($0.0) > abs($1.0) }
    return SymmetricMatrix3.Eigenvectors(
      values: SIMD3(pairs[0].0, pairs[1].0, pairs[2].0), first: pairs[0].1, second: pairs[1].1,
      third: pairs[2].1)
  }
}

extension DiffusionTensor {
  /// The tensor of a voxel among (6, voxel) values.
  @inline(__always)
  init(_ values: Span<Float>, voxel: Int, of count: Int) {
    self.init(
      diagonal: SIMD3(
        Double(values[voxel]), Double(values[count + voxel]), Double(values[2 * count + voxel])),
      offDiagonal: SIMD3(
        Double(values[3 * count + voxel]), Double(values[4 * count + voxel]),
        Double(values[5 * count + voxel])))
  }
}
