import VolumeStore
import Voxels

/// Chooses how a new volume is divided into chunks.
enum ChunkShape {
  /// Voxels of a chunk where nothing else decides: 64³.
  private static let targetVoxelCount = 1 << 18

  /// The chunk of a new volume: the preferred one, or the standard one where none is, as far as
  /// blocks of the shape the user asks for are whole chunks.
  static func chunk(
    for size: VoxelSize, block: VoxelExtent?, preferred: VoxelExtent? = nil
  ) -> VoxelExtent {
    let chunk = preferred ?? standard(for: size)
    return block.map { fitting(block: $0, standard: chunk) } ?? chunk
  }

  /// A chunk of about 64³ voxels, powers of two along each axis, near a cube in physical space.
  private static func standard(for size: VoxelSize) -> VoxelExtent {
    var extent = VoxelExtent(cube: 16)
    while extent.voxelCount < targetVoxelCount {
      let lengths = [
        Double(extent.z) * size.z, Double(extent.y) * size.y, Double(extent.x) * size.x,
      ]
      // The physically shortest axis grows; x before y before z, since rows run along x.
      if lengths[2] <= lengths[1], lengths[2] <= lengths[0] {
        extent.x *= 2
      } else if lengths[1] <= lengths[0] {
        extent.y *= 2
      } else {
        extent.z *= 2
      }
    }
    return extent
  }

  /// The chunk to use where the user asks for blocks of a certain shape: blocks are whole chunks,
  /// so along an axis that the standard chunk does not divide, the chunk is the largest part of the
  /// block that is no longer than twice the standard.
  private static func fitting(block: VoxelExtent, standard: VoxelExtent) -> VoxelExtent {
    VoxelExtent(
      z: part(of: block.z, standard: standard.z), y: part(of: block.y, standard: standard.y),
      x: part(of: block.x, standard: standard.x))
  }

  private static func part(of length: Int, standard: Int) -> Int {
    if length % standard == 0 { return standard }
    let divisors = (1...min(length, 2 * standard)).filter { length % $0 == 0 }
    // A block without a useful divisor is one chunk.
    guard let largest = divisors.last, largest * 4 >= standard else { return length }
    return largest
  }
}
