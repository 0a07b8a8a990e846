extension Volume {
  /// The part of the block inside a box, which must lie within the block.
  ///
  /// - Complexity: O(*n*) in the voxels copied; no copy when the box is the whole block.
  @inlinable
  public func cropped(to part: VoxelBox) -> Volume {
    precondition(!part.isEmpty && box.contains(part), "the crop lies outside the volume")
    guard part != box else { return self }
    var result = Volume(channels: channels, box: part)
    result.copy(from: self)
    return result
  }

  /// Copies every voxel that another block shares with this one.
  @inlinable
  public mutating func copy(from source: borrowing Volume) {
    precondition(channels == source.channels, "the volumes have different channels")
    let shared = box.intersection(source.box)
    guard !shared.isEmpty else { return }
    let to = shared.origin - box.origin
    let from = shared.origin - source.box.origin
    for channel in 0..<channels {
      for z in 0..<shared.extent.z {
        for y in 0..<shared.extent.y {
          let target = rowRange(channel: channel, z: to.z + z, y: to.y + y).lowerBound + to.x
          let origin =
            source.rowRange(channel: channel, z: from.z + z, y: from.y + y).lowerBound + from.x
          copyRow(
            source.storage.span.extracting(origin..<origin + shared.extent.x), to: target)
        }
      }
    }
  }

  /// One channel of the block as a block of its own.
  @inlinable
  public func channel(_ channel: Int) -> Volume {
    precondition(channel >= 0 && channel < channels, "the volume has no such channel")
    let count = box.extent.voxelCount
    return Volume(box: box, values: Array(storage[channel * count..<(channel + 1) * count]))
  }
}
