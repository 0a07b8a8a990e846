public import VolumeStore
import Codecs
import Voxels

extension ZarrArray {
  /// One chunk for each read, once more where its axes are to be reordered and in N5; of a
  /// sharded array, one of those within its shards.
  public var readingMemory: ReadingMemory {
    var memory = ReadingMemory(decoding: zarr.decodedShape, of: metadata)
    // A block of N5 that is cut at the far side is decoded apart.
    if geometry.reordering != nil || zarr.format == .n5 {
      memory = ReadingMemory(
        held: memory.held, perVoxel: memory.perVoxel, perRead: memory.perRead + decodedByteCount)
    }
    return memory
  }

  /// The names of the codecs that a chunk's values go through, outermost last; a sharded array's
  /// chunks are those within its shards.
  public var codecNames: [String] {
    (zarr.sharding?.chain ?? zarr.chain).codecs.map { type(of: $0).name }
  }

  /// What was assumed of an array that does not name its axes.
  func notes(stated: VolumeAxes?) -> [String] {
    guard stated == nil, zarr.dimensionNames?.contains(where: { $0 != nil }) != true else {
      return []
    }
    return ["the array does not name its axes: they are taken as \(metadata.axes)"]
  }
}

/// Where an array's voxels lie, as the image around it says.
struct VoxelPlace {
  var voxelSize: VoxelSize?
  var offset: PhysicalPosition
}

extension ZarrMetadata {
  /// The description of a new array.
  init<Scalar: VoxelScalar>(
    shape: VolumeShape, fill: Scalar, layout: ChunkLayout, format: StoreFormat = .zarr3,
    codecs: [any BytesCodec]? = nil, attributes: JSONObject = [:]
  ) {
    precondition(shape.axes.isCanonical, "new arrays have their axes in the order t, c, z, y, x")
    precondition(layout.shard == nil || format == .zarr3, "\(format.rawValue) has no shards")
    var chain = CodecChain(codecs: codecs ?? format.usualCodecs(for: Scalar.dataType))
    chain.isBigEndian = format == .n5 && Scalar.dataType.byteCount > 1
    let chunkShape = layout.shape(of: layout.storageUnit, in: shape)
    let sharding = layout.shard.map { _ in
      Sharding(
        innerShape: layout.shape(of: layout.chunk, in: shape), shardShape: chunkShape, chain: chain)
    }
    self.init(
      shape: shape.lengths, dataType: Scalar.dataType, chunkShape: chunkShape,
      fill: FillValue(fill), chain: chain, sharding: sharding,
      dimensionNames: shape.axes.order.map { $0.rawValue }, attributes: attributes)
    self.format = format
    keyEncoding.hasPrefix = format == .zarr3
    keyEncoding.isReversed = format == .n5
  }

  /// The description of a new array filled with zero.
  init(
    shape: VolumeShape, dataType: DataType, layout: ChunkLayout, format: StoreFormat,
    attributes: JSONObject
  ) {
    func make<Scalar: VoxelScalar>(_ type: Scalar.Type) -> ZarrMetadata {
      ZarrMetadata(
        shape: shape, fill: Scalar.zero, layout: layout, format: format, attributes: attributes)
    }
    self = make(dataType.scalarType)
  }
}

extension ChunkLayout {
  /// The lengths of a block along the axes of a volume: one time point, and one section of a
  /// volume without a z axis.
  fileprivate func shape(of block: VoxelExtent, in shape: VolumeShape) -> [Int] {
    precondition(
      block.z > 0 && block.y > 0 && block.x > 0 && channels ?? 1 > 0,
      "a chunk has at least one voxel")
    precondition(
      block.z % chunk.z == 0 && block.y % chunk.y == 0 && block.x % chunk.x == 0,
      "a shard is a whole number of chunks")
    let cut = VoxelExtent(z: shape.axes.contains(.z) ? block.z : 1, y: block.y, x: block.x)
    return VolumeShape(
      axes: shape.axes, extent: cut, channels: min(channels ?? shape.channels, shape.channels)
    ).lengths
  }
}
