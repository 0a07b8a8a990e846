import Codecs
public import VolumeStore
public import Voxels

/// One level of a precomputed volume: chunks of voxels in files of their own, or in shards.
///
/// Chunks at the far sides hold only voxels of the volume. Any number of threads and processes may
/// read, and write different storage units.
///
/// Source: <https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/volume.md>
public struct PrecomputedLevel: VolumeWriter {
  /// The level's folder.
  public var path: String { store.root }
  /// The level's size, type and place; of a level opened to write, the storage unit is what a write
  /// covers, otherwise a chunk.
  public let metadata: VolumeMetadata
  /// The block that is decoded at once.
  public var chunkExtent: VoxelExtent { scale.chunk }
  /// How chunks become bytes.
  public var encoding: PrecomputedEncoding { scale.encoding }
  /// Whether chunks lie in shards.
  public var isSharded: Bool { scale.sharding != nil }
  /// The level's folder within the volume's.
  public var key: String { scale.key }
  /// The position of the first voxel in the dataset's grid of this resolution.
  public var voxelOffset: VoxelPosition { scale.voxelOffset }

  let scale: PrecomputedScale
  package let store: FileStore
  let cache: ChunkCache?
  let minishards: MinishardCache
  let morton: MortonGrid
  /// How chunks are compressed that are written.
  let compression: PrecomputedCompression
  /// Whether every chunk is there, so that one that is not is damage and not background.
  let isComplete: Bool

  init(
    _ scale: PrecomputedScale, of info: PrecomputedInfo, in folder: FileStore, cache: ChunkCache?,
    minishards: MinishardCache, compression: PrecomputedCompression, isForWriting: Bool
  ) throws(VolumeError) {
    self.scale = scale
    self.cache = cache
    self.minishards = minishards
    self.compression = compression
    store = FileStore(root: folder.path(of: scale.key))
    morton = MortonGrid(counts: scale.grid)
    let hasManifest = try store.exists(ChunkManifest.key)
    isComplete = hasManifest && !isForWriting
    let chunk = scale.chunk.clipped(to: scale.extent)
    let unit = isForWriting ? Self.writeUnit(scale, morton) ?? chunk : chunk
    metadata = VolumeMetadata(
      extent: scale.extent, channels: info.channels, axes: info.channels == 1 ? .zyx : .czyx,
      dataType: info.dataType, voxelSize: scale.voxelSize, offset: scale.offset,
      storageUnit: unit)
  }

  /// The block of one file; nil where the files hold no boxes of the volume.
  static func writeUnit(_ scale: PrecomputedScale, _ morton: MortonGrid) -> VoxelExtent? {
    guard let sharding = scale.sharding else { return scale.chunk }
    let low = sharding.preshiftBits + sharding.minishardBits
    // Where the shard's number leaves out high bits, a shard holds several boxes.
    guard sharding.hash == .identity, low + sharding.shardBits >= morton.bitCount else {
      return nil
    }
    let box = morton.box(lowBits: low).clipped(to: scale.grid)
    return VoxelExtent(
      z: box.z * scale.chunk.z, y: box.y * scale.chunk.y, x: box.x * scale.chunk.x)
  }

  // MARK: The grid of chunks

  var chunkGrid: ChunkGrid { ChunkGrid(chunk: scale.chunk, channels: metadata.channels) }

  /// The whole level.
  var whole: ChunkRegion { ChunkRegion(box: metadata.box, channels: 0..<metadata.channels) }

  /// What a chunk covers of the volume.
  func region(of index: ChunkIndex) -> ChunkRegion {
    chunkGrid.region(of: index).intersection(whole)
  }

  /// The name of a chunk's own file: the voxels it covers.
  func chunkKey(_ index: ChunkIndex) -> String {
    let box = region(of: index).box
    let first = scale.voxelOffset
    func range(_ start: Int, _ end: Int, _ first: Int) -> String {
      "\(first + start)-\(first + end)"
    }
    return range(box.origin.x, box.end.x, first.x) + "_"
      + range(box.origin.y, box.end.y, first.y) + "_"
      + range(box.origin.z, box.end.z, first.z)
  }

  func code(of index: ChunkIndex) -> UInt64 { morton.code(z: index.z, y: index.y, x: index.x) }

  /// The number of values in a region.
  func valueCount(_ region: ChunkRegion) -> Int {
    region.channels.count * region.box.extent.voxelCount
  }

  static var rewriteRemedy: String { "write the chunk again from its source" }
}

/// How the bytes of a chunk are compressed in its file.
public enum PrecomputedCompression: Hashable, Sendable {
  /// As they are; of chunks with files of their own, what any web server can serve.
  case none
  /// By gzip; files of their own are named `.gz`, as CloudVolume names them.
  case gzip(level: Int)

  /// The level used where a volume says that chunks are compressed, and not how.
  var level: Int {
    if case .gzip(let level) = self { level } else { 4 }
  }
}
