public import VolumeStore
import Codecs

extension ZarrArray {
  /// One chunk for each read; of a sharded array, one of those within its shards.
  public var readingMemory: ReadingMemory {
    ReadingMemory(decoding: zarr.decodedShape, of: metadata)
  }

  /// The names of the codecs that a chunk's values go through, outermost last; a sharded array's
  /// chunks are those within its shards.
  public var codecNames: [String] {
    (zarr.sharding?.chain ?? zarr.chain).codecs.map { type(of: $0).name }
  }
}
