public import Voxels

/// A stored affinity that is none: NaN or outside [0, 1].
public struct ImpossibleAffinity: Error, Hashable, Sendable {
  /// The channel.
  public let channel: Int
  /// The voxel.
  public let position: VoxelPosition
  /// What is stored there.
  public let value: Float

  /// Finds the first value in (channel, z, y, x) order that is no affinity; bytes all are.
  ///
  /// - Complexity: O(*n*) for floats, O(1) for bytes.
  @specialized(where Affinity == UInt8)
  @specialized(where Affinity == Float)
  public init?<Affinity: AffinityScalar>(in affinities: borrowing Volume<Affinity>) {
    guard Affinity.dataType != .uint8 else { return nil }
    let (none, all) = (Affinity.largest(atMost: 0), Affinity.smallest(atLeast: 1))
    let extent = affinities.extent
    for channel in 0..<affinities.channels {
      for z in 0..<extent.z {
        for y in 0..<extent.y {
          let row = affinities.row(channel: channel, z: z, y: y)
          for x in row.indices where !(row[x] >= none && row[x] <= all) {
            self.channel = channel
            position = affinities.box.origin + VoxelExtent(z: z, y: y, x: x)
            value = (row[x] as? Float) ?? .nan
            return
          }
        }
      }
    }
    return nil
  }
}
