import Diffusion
import LinearAlgebra
public import Voxels

/// The principal direction of tensors that are interpolated between voxels.
///
/// Tensors are fitted once for each voxel, and their six values interpolated linearly: one point costs
/// eight tensors, however many volumes the image has.
///
/// Source: Basser et al. 2000, Magn Reson Med 44:625.
public struct TensorDirections: DirectionGetter {
  /// The grid that directions come from.
  public let grid: TrackingGrid
  private let cutoff: Float
  /// xx, yy, zz, xy, xz, yz of each voxel; the seventh lane is 1 where there is a tensor.
  private let tensors: [SIMD8<Float>]

  /// Takes tensors, (6, z, y, x) as xx, yy, zz, xy, xz, yz in scanner axes; zero where there is none.
  ///
  /// - Parameters:
  ///   - tensors: The tensors.
  ///   - grid: Their grid.
  ///   - cutoff: The least fractional anisotropy that has a direction.
  /// - Precondition: The tensors have the grid's size.
  public init(_ tensors: borrowing Volume<Float>, grid: TrackingGrid, cutoff: Float) {
    precondition(
      tensors.channels == 6 && tensors.extent == grid.extent, "six values for each of the voxels")
    self.grid = grid
    self.cutoff = cutoff
    let count = grid.extent.voxelCount
    var interleaved = [SIMD8<Float>](repeating: .zero, count: count)
    let values = tensors.span
    for channel in 0..<6 {
      let source = values.extracting(channel * count..<(channel + 1) * count)
      for voxel in 0..<count { interleaved[voxel][channel] = source[voxel] }
    }
    for voxel in 0..<count {
      let tensor = interleaved[voxel]
      let square = (tensor * tensor).sum()
      if square > 0, square.isFinite {
        interleaved[voxel][6] = 1
      } else {
        interleaved[voxel] = .zero
      }
    }
    self.tensors = interleaved
  }

  /// The direction at a point.
  public func direction(
    at point: SIMD3<Float>, after previous: SIMD3<Float>?, using memory: inout TrackingMemory
  ) -> SIMD3<Float>? {
    guard let corners = grid.corners(at: point), tensors[corners.nearest][6] != 0 else {
      return nil
    }
    var tensor = SIMD8<Float>.zero
    for corner in 0..<8 {
      tensor += tensors[corners.voxels[corner]] * corners.weights[corner]
    }
    return principalDirection(of: tensor, cutoff: cutoff)?.along(previous)
  }
}

/// The principal direction of a tensor (xx, yy, zz, xy, xz, yz in the first lanes); nil where its
/// anisotropy is below a cutoff.
@inline(__always)
func principalDirection(of tensor: SIMD8<Float>, cutoff: Float) -> SIMD3<Float>? {
  let diagonal = SIMD3<Double>(Double(tensor[0]), Double(tensor[1]), Double(tensor[2]))
  let offDiagonal = SIMD3<Double>(Double(tensor[3]), Double(tensor[4]), Double(tensor[5]))
  let anisotropy = DiffusionTensor(diagonal: diagonal, offDiagonal: offDiagonal)
    .fractionalAnisotropy
  guard anisotropy >= Double(cutoff) else { return nil }
  let direction = SymmetricMatrix3(diagonal: diagonal, offDiagonal: offDiagonal)
    .principalEigenvector()
  return SIMD3<Float>(direction)
}
