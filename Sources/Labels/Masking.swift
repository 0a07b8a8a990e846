public import Voxels

/// Sets the voxels of a block outside a mask to a value.
///
/// - Parameters:
///   - volume: (channel, z, y, x) values; those where the mask is 0 change, in all channels.
///   - mask: (1, z, y, x), 0 outside, over the same box or one of a coarser grid that covers it.
///   - factors: The voxels of the volume that one of the mask covers along each axis.
///   - value: What the voxels outside become.
/// - Complexity: O(*n*) in the values.
@specialized(where Scalar == UInt8)
@specialized(where Scalar == UInt16)
@specialized(where Scalar == UInt32)
@specialized(where Scalar == UInt64)
@specialized(where Scalar == Float)
public func clear<Scalar: VoxelScalar>(
  _ volume: inout Volume<Scalar>, outside mask: borrowing Volume<UInt8>,
  factors: VoxelExtent = VoxelExtent(cube: 1), to value: Scalar
) {
  precondition(mask.channels == 1, "a mask has one channel")
  let (origin, extent) = (volume.box.origin, volume.extent)
  for z in 0..<extent.z {
    let plane = (origin.z + z) / factors.z - mask.box.origin.z
    for y in 0..<extent.y {
      let marks = mask.row(z: plane, y: (origin.y + y) / factors.y - mask.box.origin.y)
      for channel in 0..<volume.channels {
        var row = volume.mutableRow(channel: channel, z: z, y: y)
        if factors.x == 1 {
          let own = marks.extracting(droppingFirst: origin.x - mask.box.origin.x)
          for x in row.indices where own[x] == 0 { row[x] = value }
        } else {
          for x in row.indices
          where marks[(origin.x + x) / factors.x - mask.box.origin.x] == 0 { row[x] = value }
        }
      }
    }
  }
}
