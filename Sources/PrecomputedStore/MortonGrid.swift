package import Voxels

/// The numbers of a grid's chunks: compressed Morton codes, which leave out bits that are zero for
/// every chunk.
///
/// Source: "Compressed morton code",
/// <https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/volume.md>
package struct MortonGrid: Sendable {
  private enum Axis { case x, y, z }

  /// Chunks along each axis.
  package let counts: VoxelExtent
  /// The axis that each bit of a code comes from, lowest bit first; the bits of an axis are in
  /// order.
  private let axes: [Axis]

  /// The bits of a code.
  package var bitCount: Int { axes.count }

  /// Creates the numbering of a grid of chunks.
  package init(counts: VoxelExtent) {
    self.counts = counts
    var axes: [Axis] = []
    for bit in 0..<Int.bitWidth - 1 {
      let power = 1 << bit
      if power < counts.x { axes.append(.x) }
      if power < counts.y { axes.append(.y) }
      if power < counts.z { axes.append(.z) }
    }
    self.axes = axes
  }

  /// The code of the chunk at a place of the grid.
  package func code(z: Int, y: Int, x: Int) -> UInt64 {
    var (x, y, z) = (x, y, z)
    var code: UInt64 = 0
    for (bit, axis) in axes.enumerated() {
      switch axis {
      case .x:
        code |= UInt64(x & 1) << UInt64(bit)
        x >>= 1
      case .y:
        code |= UInt64(y & 1) << UInt64(bit)
        y >>= 1
      case .z:
        code |= UInt64(z & 1) << UInt64(bit)
        z >>= 1
      }
    }
    return code
  }

  /// The place that a code numbers; nil where it lies outside the grid.
  package func place(of code: UInt64) -> VoxelPosition? {
    guard axes.count >= 64 || code >> UInt64(axes.count) == 0 else { return nil }
    var place = VoxelPosition.zero
    var (x, y, z) = (0, 0, 0)
    for (bit, axis) in axes.enumerated() {
      let one = Int(code >> UInt64(bit) & 1)
      switch axis {
      case .x:
        place.x |= one << x
        x += 1
      case .y:
        place.y |= one << y
        y += 1
      case .z:
        place.z |= one << z
        z += 1
      }
    }
    return VoxelBox(extent: counts).contains(place) ? place : nil
  }

  /// The box of chunks, a power of two along each axis, whose codes differ in the low bits only.
  ///
  /// Codes take the bits of each axis from its lowest on, so that chunks with the same higher bits
  /// of the code have the same higher bits along each axis: always a box, whatever the grid.
  package func box(lowBits: Int) -> VoxelExtent {
    var extent = VoxelExtent(cube: 1)
    for axis in axes.prefix(lowBits) {
      switch axis {
      case .x: extent.x *= 2
      case .y: extent.y *= 2
      case .z: extent.z *= 2
      }
    }
    return extent
  }
}
