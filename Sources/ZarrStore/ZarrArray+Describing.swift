import VolumeStore
import Codecs

extension ZarrArray {
  /// The names of the codecs that a chunk's values go through, outermost last; a sharded array's
  /// chunks are those within its shards.
  public var codecNames: [String] {
    (zarr.sharding?.chain ?? zarr.chain).codecs.map { type(of: $0).name }
  }
}
