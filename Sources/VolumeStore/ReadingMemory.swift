import Voxels

/// What reading a volume takes in memory.
public struct ReadingMemory: Hashable, Sendable {
  /// Bytes held as long as the volume is open, whatever is read: caches, indices.
  public var held: Int
  /// Bytes for each voxel of a region while it is read, the values returned among them.
  public var perVoxel: Int
  /// Bytes for each read at a time, whatever its size: a chunk on its way through the codecs.
  public var perRead: Int

  /// The most that is counted, far from overflow when such numbers are added and multiplied.
  private static let largest = 1 << 50

  /// Creates an account; numbers beyond any memory count as 2⁵⁰.
  public init(held: Int = 0, perVoxel: Int, perRead: Int = 0) {
    precondition(held >= 0 && perVoxel >= 0 && perRead >= 0, "memory is not negative")
    self.held = min(held, Self.largest)
    self.perVoxel = min(perVoxel, Self.largest)
    self.perRead = min(perRead, Self.largest)
  }

  /// The account of a reader that decodes one block at a time, with what it was decoded from.
  ///
  /// - Parameters:
  ///   - block: The lengths of what is decoded at once, channels among them.
  ///   - metadata: The volume's description.
  package init(decoding block: [Int], of metadata: VolumeMetadata) {
    let bytes = checkedProduct(block + [2 * metadata.dataType.byteCount]) ?? Self.largest
    self.init(perVoxel: metadata.channels * metadata.dataType.byteCount, perRead: bytes)
  }
}

extension VolumeReader {
  /// One storage unit of all channels, decoded and encoded, for each read.
  public var readingMemory: ReadingMemory {
    let unit = metadata.storageUnit
    return ReadingMemory(decoding: [metadata.channels, unit.z, unit.y, unit.x], of: metadata)
  }
}
