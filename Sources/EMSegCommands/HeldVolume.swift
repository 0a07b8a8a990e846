import VolumeStore
import Voxels

/// A part of a volume in memory, read like the volume on disk.
struct HeldVolume<Held: VoxelScalar>: VolumeReader {
  let path: String
  let metadata: VolumeMetadata
  private let part: Volume<Held>

  /// Takes a part of a volume of one channel.
  ///
  /// - Parameters:
  ///   - part: The values; other voxels cannot be read.
  ///   - other: The volume whose voxels they stand for.
  init(_ part: Volume<Held>, of other: any VolumeReader) {
    precondition(
      part.channels == 1 && other.metadata.box.contains(part.box), "the part is of the volume")
    path = other.path
    metadata = VolumeMetadata(
      extent: other.metadata.extent, dataType: Held.dataType, voxelSize: other.metadata.voxelSize,
      offset: other.metadata.offset, storageUnit: other.metadata.storageUnit)
    self.part = part
  }

  /// What is read is copied from memory.
  var readingMemory: ReadingMemory { ReadingMemory(perVoxel: Held.dataType.byteCount) }

  func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    try metadata.checkRead(box, as: type, path: path)
    guard part.box.contains(box) else {
      throw VolumeError(.outOfBounds, path: path, "only a part of the volume is in memory")
    }
    return part.cropped(to: box).converted(to: Scalar.self)
  }
}
