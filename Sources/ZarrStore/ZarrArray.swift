public import VolumeStore
public import Codecs
public import Voxels

/// How an array is divided into stored files.
public struct ChunkLayout: Hashable, Sendable {
  /// The block that is compressed, and decompressed, at once.
  public var chunk: VoxelExtent
  /// The block stored in one file, a whole number of chunks; nil stores each chunk in its own file.
  public var shard: VoxelExtent?
  /// The channels in one chunk; nil keeps all of a voxel's channels together.
  public var channels: Int?

  /// Creates a layout.
  public init(chunk: VoxelExtent, shard: VoxelExtent? = nil, channels: Int? = nil) {
    self.chunk = chunk
    self.shard = shard
    self.channels = channels
  }

  /// The block stored in one file.
  public var storageUnit: VoxelExtent { shard ?? chunk }
}

/// A Zarr v3 array of (z, y, x) or (channel, z, y, x) values in a folder.
///
/// Each chunk, or shard, is one file that is replaced whole. Chunks whose every value is the fill
/// value are not stored. Any number of threads and processes may read, and write different chunks.
///
/// Source: <https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html>
public struct ZarrArray: VolumeWriter {
  /// The array's folder.
  public var path: String { store.root }
  /// The array's size, type and place.
  public let metadata: VolumeMetadata
  /// What the user put into the array's `zarr.json`.
  public var attributes: JSONObject { zarr.attributes }

  let zarr: ZarrMetadata
  package let store: FileStore
  let cache: ChunkCache?

  static let metadataKey = "zarr.json"

  init(
    zarr: ZarrMetadata, store: FileStore, voxelSize: VoxelSize?, offset: PhysicalPosition,
    cache: ChunkCache?
  ) throws(VolumeError) {
    self.zarr = zarr
    self.store = store
    self.cache = cache
    let document = ZarrDocument(path: store.path(of: Self.metadataKey), limits: .standard)
    guard zarr.rank == 3 || zarr.rank == 4 else {
      throw document.unsupported(
        "only arrays of rank 3 and 4 are volumes", found: "rank \(zarr.rank)",
        expected: "(z, y, x) or (c, z, y, x)",
        remedy: "write the wanted part as an array of rank 3 or 4")
    }
    if let names = zarr.dimensionNames {
      let expected = Array(["c", "z", "y", "x"].suffix(zarr.rank))
      for (found, wanted) in zip(names, expected)
      where found != nil && found?.lowercased() != wanted {
        // A channel axis may go by a longer name.
        if wanted == "c", found?.lowercased().hasPrefix("c") == true { continue }
        throw document.unsupported(
          "the order of axes is not supported",
          found: names.map { $0 ?? "null" }.joined(separator: ", "),
          expected: expected.joined(separator: ", "),
          remedy: "write the array again with its axes in that order")
      }
    }
    let shape = zarr.shape.suffix(3)
    let chunk = zarr.chunkShape.suffix(3)
    metadata = VolumeMetadata(
      extent: VoxelExtent(lengths: shape), channels: zarr.rank == 4 ? zarr.shape[0] : 1,
      axes: zarr.rank == 4 ? .czyx : .zyx, dataType: zarr.dataType, voxelSize: voxelSize,
      offset: offset, storageUnit: VoxelExtent(lengths: chunk))
  }

  /// Opens an array to read.
  ///
  /// - Parameters:
  ///   - path: The array's folder.
  ///   - voxelSize: What the image around the array says of it.
  ///   - offset: Where the centre of the first voxel lies.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  ///   - limits: The most its description may ask for.
  /// - Returns: The open array.
  /// - Throws: ``VolumeError`` with `notFound`, `malformedMetadata`, `unsupportedFeature` or
  ///   `limitExceeded`.
  public static func open(
    at path: String, voxelSize: VoxelSize? = nil, offset: PhysicalPosition = .zero,
    cache: ChunkCache? = nil, limits: Limits = .standard
  ) throws(VolumeError) -> ZarrArray {
    let store = FileStore(root: path)
    let text = try store.readMetadata(limits: limits)
    let zarr = try ZarrMetadata(
      parsing: text, path: store.path(of: metadataKey), limits: limits)
    return try ZarrArray(
      zarr: zarr, store: store, voxelSize: voxelSize, offset: offset, cache: cache)
  }

  /// Creates an array without any chunk.
  ///
  /// - Parameters:
  ///   - path: The folder to make.
  ///   - extent: The size in voxels.
  ///   - channels: The values per voxel; nil makes an array without a channel axis.
  ///   - fill: The value of voxels that are not stored, in the array's type.
  ///   - layout: How the array is divided into files.
  ///   - codecs: The bytes → bytes codecs, from the values outwards.
  ///   - voxelSize: The physical size of one voxel; kept by the image group, not by the array.
  ///   - offset: Where the centre of the first voxel lies; likewise.
  ///   - attributes: What the user puts into `zarr.json`.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  /// - Returns: The array, open for writing.
  /// - Throws: ``VolumeError`` with `alreadyExists` where there is an array, `inputOutput`.
  public static func create<Scalar: VoxelScalar>(
    at path: String, extent: VoxelExtent, channels: Int? = nil, fill: Scalar, layout: ChunkLayout,
    codecs: [any BytesCodec] = [ZstdCodec(level: 3, checksum: true), CRC32CCodec()],
    voxelSize: VoxelSize? = nil, offset: PhysicalPosition = .zero, attributes: JSONObject = [:],
    cache: ChunkCache? = nil
  ) throws(VolumeError) -> ZarrArray {
    let zarr = describe(
      extent: extent, channels: channels, fill: fill, layout: layout, codecs: codecs,
      attributes: attributes)
    let store = FileStore(root: path)
    guard try !store.exists(metadataKey) else {
      throw VolumeError(
        .alreadyExists, path: path, "there is an array already",
        remedy: "choose another output or replace this one (--force)")
    }
    let text = try zarr.encoded(path: store.path(of: metadataKey))
    // What we write, we can read: the limits hold here too.
    _ = try ZarrMetadata(parsing: text, path: store.path(of: metadataKey), limits: .standard)
    try store.write(text.span.bytes, to: metadataKey)
    return try ZarrArray(
      zarr: zarr, store: store, voxelSize: voxelSize, offset: offset, cache: cache)
  }

  /// Creates an array, filled with zero, of a type known at run time only.
  ///
  /// - Throws: ``VolumeError`` as ``create(at:extent:channels:fill:layout:codecs:voxelSize:offset:attributes:cache:)``.
  public static func create(
    at path: String, extent: VoxelExtent, channels: Int? = nil, dataType: DataType,
    layout: ChunkLayout,
    codecs: [any BytesCodec] = [ZstdCodec(level: 3, checksum: true), CRC32CCodec()],
    voxelSize: VoxelSize? = nil, offset: PhysicalPosition = .zero, attributes: JSONObject = [:],
    cache: ChunkCache? = nil
  ) throws(VolumeError) -> ZarrArray {
    func create<Scalar: VoxelScalar>(_ type: Scalar.Type) throws(VolumeError) -> ZarrArray {
      try ZarrArray.create(
        at: path, extent: extent, channels: channels, fill: Scalar.zero, layout: layout,
        codecs: codecs, voxelSize: voxelSize, offset: offset, attributes: attributes, cache: cache)
    }
    return try create(dataType.scalarType)
  }

  /// The metadata of a new array.
  private static func describe<Scalar: VoxelScalar>(
    extent: VoxelExtent, channels: Int?, fill: Scalar, layout: ChunkLayout,
    codecs: [any BytesCodec], attributes: JSONObject
  ) -> ZarrMetadata {
    let lengths = [extent.z, extent.y, extent.x]
    let unit = layout.storageUnit
    precondition(
      (lengths + [unit.z, unit.y, unit.x, layout.chunk.z, layout.chunk.y, layout.chunk.x])
        .allSatisfy { $0 > 0 } && channels ?? 1 > 0 && layout.channels ?? 1 > 0,
      "an array and its chunks have at least one voxel")
    precondition(
      unit.z % layout.chunk.z == 0 && unit.y % layout.chunk.y == 0 && unit.x % layout.chunk.x == 0,
      "a shard is a whole number of chunks")
    let channelChunk = channels.map { [min(layout.channels ?? $0, $0)] } ?? []
    let chunkShape = channelChunk + [unit.z, unit.y, unit.x]
    let innerShape = channelChunk + [layout.chunk.z, layout.chunk.y, layout.chunk.x]
    let chain = CodecChain(codecs: codecs)
    return ZarrMetadata(
      shape: (channels.map { [$0] } ?? []) + lengths, dataType: Scalar.dataType,
      chunkShape: chunkShape, fill: FillValue(fill), chain: chain,
      sharding: layout.shard.map { _ in
        Sharding(innerShape: innerShape, shardShape: chunkShape, chain: chain)
      },
      dimensionNames: (channels == nil ? [] : ["c"]) + ["z", "y", "x"], attributes: attributes)
  }

  static func describe(
    extent: VoxelExtent, channels: Int?, dataType: DataType, layout: ChunkLayout
  ) -> ZarrMetadata {
    func describe<Scalar: VoxelScalar>(_ type: Scalar.Type) -> ZarrMetadata {
      ZarrArray.describe(
        extent: extent, channels: channels, fill: Scalar.zero, layout: layout,
        codecs: CodecChain.standard.codecs, attributes: [:])
    }
    return describe(dataType.scalarType)
  }

  /// The block that is decoded at once: a chunk, or an inner chunk of a shard.
  public var chunkExtent: VoxelExtent { VoxelExtent(lengths: zarr.decodedShape.suffix(3)) }

  func requireType<Scalar: VoxelScalar>(_ type: Scalar.Type) throws(VolumeError) {
    guard Scalar.dataType == metadata.dataType else {
      throw VolumeError(
        .dataTypeMismatch, path: path, "the array is of another type",
        found: metadata.dataType.rawValue, expected: Scalar.dataType.rawValue)
    }
  }
}

extension FileStore {
  /// Reads `zarr.json`, or says what is there instead.
  func readMetadata(limits: Limits) throws(VolumeError) -> [UInt8] {
    if let text = try read(ZarrArray.metadataKey, limit: limits.maximalMetadataBytes) {
      return text
    }
    for key in [".zarray", ".zgroup", ".zattrs"] where try exists(key) {
      throw VolumeError(
        .unsupportedFeature, path: root, "Zarr v2 is not supported", found: key,
        expected: ZarrArray.metadataKey,
        remedy: "convert the store to Zarr v3, for instance with `zarr migrate v3`")
    }
    throw VolumeError(
      .notFound, path: root, "there is no Zarr store", expected: "a folder with a zarr.json",
      remedy: "check the path")
  }
}
