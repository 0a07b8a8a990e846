import LinearAlgebra
public import Voxels

/// Looks for reversed or exchanged components of gradient directions.
///
/// Reversing or exchanging components of every direction turns the fitted tensors in the same way.
/// In the right frame, the principal directions of neighbours lie along the line between them more
/// often than in any other; how often is summed up for the 24 frames that differ.
///
/// Source: Schilling et al. 2019, Magn Reson Imaging 58:82 (the fibre coherence index).
public struct GradientCheck: Sendable {
  /// A change of the components along the image's axes.
  public struct Change: Hashable, Sendable {
    /// The axis that each new component is taken from.
    public var order: [Int]
    /// Whether each new component is reversed; reversing all is no change.
    public var isReversed: [Bool]

    /// No change.
    public static let none = Change(order: [0, 1, 2], isReversed: [false, false, false])

    /// All that differ.
    public static let all: [Change] = {
      let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
      let signs = [
        [false, false, false], [true, false, false], [false, true, false], [false, false, true],
      ]
      return orders.flatMap { order in signs.map { Change(order: order, isReversed: $0) } }
    }()

    /// How a person would say it, such as `-x y z`.
    public var name: String {
      (0..<3).map { (isReversed[$0] ? "-" : "") + ["x", "y", "z"][order[$0]] }
        .joined(separator: " ")
    }

    /// The changed direction.
    func apply(_ v: SIMD3<Double>) -> SIMD3<Double> {
      var changed = SIMD3<Double>.zero
      for axis in 0..<3 { changed[axis] = isReversed[axis] ? -v[order[axis]] : v[order[axis]] }
      return changed
    }
  }

  /// The changes, the one with the largest coherence first.
  public let ranking: [(change: Change, coherence: Double)]
  /// The voxels that took part.
  public let voxelCount: Int

  /// The least anisotropy of a voxel that takes part.
  private static let leastAnisotropy = 0.2
  /// The cosine of the angle to the line between neighbours, at least.
  private static let leastCosine = 0.9

  /// Ranks changes by the coherence of tensors.
  ///
  /// - Parameters:
  ///   - tensors: (6, z, y, x): xx, yy, zz, xy, xz, yz in mm²/s, in scanner axes.
  ///   - transform: From voxel indices to scanner coordinates.
  public init(tensors: borrowing Volume<Float>, transform: ScannerTransform) {
    let (extent, count) = (tensors.extent, tensors.extent.voxelCount)
    let axes = transform.unitAxes
    var directions = [SIMD3<Double>](repeating: .zero, count: count)
    var anisotropies = [Double](repeating: 0, count: count)
    let source = tensors.span
    var used = 0
    for voxel in 0..<count {
      let tensor = DiffusionTensor(source, voxel: voxel, of: count)
      let anisotropy = tensor.fractionalAnisotropy
      guard anisotropy >= GradientCheck.leastAnisotropy, anisotropy <= 1 else { continue }
      let v = tensor.eigenvectors().first
      directions[voxel] = SIMD3((v * axes.0).sum(), (v * axes.1).sum(), (v * axes.2).sum())
      anisotropies[voxel] = anisotropy
      used += 1
    }
    voxelCount = used
    let spacing = transform.spacing
    var sums = [Double](repeating: 0, count: Change.all.count)
    for (place, change) in Change.all.enumerated() {
      sums[place] = GradientCheck.coherence(
        directions.map(change.apply), anisotropies, extent, spacing)
    }
    ranking = zip(Change.all, sums).map { (change: $0, coherence: $1) }
      .sorted { $0.coherence > $1.coherence }
  }

  private static func coherence(
    _ directions: [SIMD3<Double>], _ anisotropies: [Double], _ extent: VoxelExtent,
    _ spacing: SIMD3<Double>
  ) -> Double {
    var sum = 0.0
    // Half of the 26 neighbours: each pair once.
    for dz in 0...1 {
      for dy in (dz == 0 ? 0 : -1)...1 {
        for dx in (dz == 0 && dy == 0 ? 1 : -1)...1 {
          var line = SIMD3(Double(dx), Double(dy), Double(dz)) * spacing
          line /= (line * line).sum().squareRoot()
          let shift = (dz * extent.y + dy) * extent.x + dx
          for z in 0..<extent.z - dz {
            for y in max(0, -dy)..<max(max(0, -dy), extent.y - max(0, dy)) {
              for x in max(0, -dx)..<max(max(0, -dx), extent.x - max(0, dx)) {
                let voxel = (z * extent.y + y) * extent.x + x
                guard anisotropies[voxel] > 0, anisotropies[voxel + shift] > 0,
                  abs((directions[voxel] * line).sum()) > leastCosine,
                  abs((directions[voxel + shift] * line).sum()) > leastCosine
                else { continue }
                sum += anisotropies[voxel] + anisotropies[voxel + shift]
              }
            }
          }
        }
      }
    }
    return sum
  }
}

extension ScannerTransform {
  /// The directions of the voxel axes, of length 1.
  fileprivate var unitAxes: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>) {
    let lengths = spacing
    func unit(_ v: SIMD4<Double>, _ length: Double) -> SIMD3<Double> {
      SIMD3(v.x, v.y, v.z) / length
    }
    return (unit(x, lengths.x), unit(y, lengths.y), unit(z, lengths.z))
  }
}
