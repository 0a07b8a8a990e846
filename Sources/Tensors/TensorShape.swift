public import Voxels

/// The size of a tensor along (n, c, z, y, x).
public struct TensorShape: Hashable, Sendable, CustomStringConvertible {
  /// The number of samples.
  public var n: Int
  /// The number of channels.
  public var c: Int
  /// The number of voxels along each axis, slowest first.
  public var z: Int, y: Int, x: Int

  /// Creates a shape.
  public init(n: Int = 1, c: Int, z: Int, y: Int, x: Int) {
    self.n = n
    self.c = c
    self.z = z
    self.y = y
    self.x = x
  }

  /// Creates the shape of one sample.
  public init(n: Int = 1, c: Int, extent: VoxelExtent) {
    self.init(n: n, c: c, z: extent.z, y: extent.y, x: extent.x)
  }

  /// The voxels of one sample.
  public var extent: VoxelExtent { VoxelExtent(z: z, y: y, x: x) }

  /// The lengths in the order (n, c, z, y, x).
  public var lengths: [Int] { [n, c, z, y, x] }

  /// The number of values, or nil where a length is below one or their bytes as floats overflow.
  public var checkedCount: Int? {
    guard lengths.allSatisfy({ $0 > 0 }) else { return nil }
    var count = 1
    for length in lengths {
      let (product, overflows) = count.multipliedReportingOverflow(by: length)
      if overflows { return nil }
      count = product
    }
    return count > Int.max / 16 ? nil : count
  }

  /// The shape as `(1, 3, 64, 64, 64)`.
  public var description: String {
    "(" + lengths.map { String($0) }.joined(separator: ", ") + ")"
  }
}
