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

/// An array of Zarr v3, Zarr v2 or N5 in a folder: two to five axes out of t, c, z, y, x.
///
/// However they are ordered, voxels are read as (channel, z, y, x); new arrays have their axes in
/// the order t, c, z, y, x.
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
  /// The store that the array is in.
  public var format: StoreFormat { zarr.format }
  /// What the user put into the array's description.
  public var attributes: JSONObject { zarr.attributes }

  let zarr: ZarrMetadata
  let geometry: ZarrGeometry
  package let store: FileStore
  let cache: ChunkCache?

  init(
    zarr: ZarrMetadata, store: FileStore, place: VoxelPlace, axes: VolumeAxes, cache: ChunkCache?
  ) {
    self.zarr = zarr
    self.store = store
    self.cache = cache
    geometry = ZarrGeometry(zarr, axes: axes)
    metadata = VolumeMetadata(
      extent: geometry.extent, channels: geometry.channels * geometry.timePoints,
      timePoints: geometry.timePoints, axes: axes, dataType: zarr.dataType,
      voxelSize: place.voxelSize, offset: place.offset, storageUnit: geometry.fileGrid.chunk)
  }

  /// Opens an array to read.
  ///
  /// - Parameters:
  ///   - path: The array's folder.
  ///   - voxelSize: What the image around the array says of it.
  ///   - offset: Where the centre of the first voxel lies.
  ///   - axes: The array's axes, slowest first; nil takes its dimension names, or without them the
  ///     usual axes of its rank: `yx`, `zyx`, `czyx`, `tczyx`.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  ///   - limits: The most its description may ask for.
  /// - Returns: The open array.
  /// - Throws: ``VolumeError`` with `notFound`, `malformedMetadata`, `unsupportedFeature` or
  ///   `limitExceeded`.
  public static func open(
    at path: String, voxelSize: VoxelSize? = nil, offset: PhysicalPosition = .zero,
    axes: VolumeAxes? = nil, cache: ChunkCache? = nil, limits: Limits = .standard
  ) throws(VolumeError) -> ZarrArray {
    let store = FileStore(root: path)
    let node = try StoreNode.required(store, limits: limits)
    let zarr = try ZarrMetadata(node)
    return ZarrArray(
      zarr: zarr, store: store, place: VoxelPlace(voxelSize: voxelSize, offset: offset),
      axes: try zarr.axes(stated: axes, in: node.document), cache: cache)
  }

  /// The same array at another place.
  func placed(_ place: VoxelPlace) -> ZarrArray {
    ZarrArray(zarr: zarr, store: store, place: place, axes: metadata.axes, cache: cache)
  }

  /// Creates an array without any chunk.
  ///
  /// - Parameters:
  ///   - path: The folder to make.
  ///   - shape: The axes, in the order t, c, z, y, x, and how long they are.
  ///   - fill: The value of voxels that are not stored, in the array's type.
  ///   - layout: How the array is divided into files.
  ///   - format: The store to make; Zarr v2 and N5 have no shards.
  ///   - codecs: The bytes → bytes codecs, from the values outwards; nil takes the usual ones of the
  ///     format, of which Zarr v2 and N5 have at most one.
  ///   - voxelSize: The physical size of one voxel; kept by the image group, not by the array.
  ///   - offset: Where the centre of the first voxel lies; likewise.
  ///   - attributes: What the user puts into the array's description.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  /// - Returns: The array, open for writing.
  /// - Throws: ``VolumeError`` with `alreadyExists` where there is an array, `inputOutput`.
  public static func create<Scalar: VoxelScalar>(
    at path: String, shape: VolumeShape, fill: Scalar, layout: ChunkLayout,
    format: StoreFormat = .zarr3, codecs: [any BytesCodec]? = nil,
    voxelSize: VoxelSize? = nil, offset: PhysicalPosition = .zero, attributes: JSONObject = [:],
    cache: ChunkCache? = nil
  ) throws(VolumeError) -> ZarrArray {
    let zarr = ZarrMetadata(
      shape: shape, fill: fill, layout: layout, format: format, codecs: codecs,
      attributes: attributes)
    let store = FileStore(root: path)
    guard try StoreNode.read(store, limits: .standard) == nil else {
      throw VolumeError(
        .alreadyExists, path: path, "there is an array already",
        remedy: "choose another output or replace this one (--force)")
    }
    let document = ZarrDocument(path: store.path(of: format.arrayKey), limits: .standard)
    let text = try zarr.encoded(path: document.path)
    // What we write, we can read: the limits hold here too.
    _ = try ZarrMetadata(
      StoreNode(
        format: format, kind: .array, root: try document.parseObject(text), attributes: attributes,
        document: document))
    if format == .zarr2 {
      let attributes = try zarr.encodedZarr2Attributes(path: document.path)
      try store.write(attributes.span.bytes, to: format.attributesKey)
    }
    try store.write(text.span.bytes, to: format.arrayKey)
    return ZarrArray(
      zarr: zarr, store: store, place: VoxelPlace(voxelSize: voxelSize, offset: offset),
      axes: shape.axes, cache: cache)
  }

  /// Creates an array of one time point without any chunk.
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
    codecs: [any BytesCodec]? = nil,
    voxelSize: VoxelSize? = nil, offset: PhysicalPosition = .zero, attributes: JSONObject = [:],
    cache: ChunkCache? = nil
  ) throws(VolumeError) -> ZarrArray {
    try create(
      at: path, shape: VolumeShape(extent: extent, channels: channels), fill: fill, layout: layout,
      codecs: codecs, voxelSize: voxelSize, offset: offset, attributes: attributes, cache: cache)
  }

  /// Creates an array, filled with zero, of a type known at run time only.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` where there is an array, `inputOutput`.
  public static func create(
    at path: String, shape: VolumeShape, dataType: DataType, layout: ChunkLayout,
    format: StoreFormat = .zarr3, codecs: [any BytesCodec]? = nil,
    voxelSize: VoxelSize? = nil, offset: PhysicalPosition = .zero, attributes: JSONObject = [:],
    cache: ChunkCache? = nil
  ) throws(VolumeError) -> ZarrArray {
    func create<Scalar: VoxelScalar>(_ type: Scalar.Type) throws(VolumeError) -> ZarrArray {
      try ZarrArray.create(
        at: path, shape: shape, fill: Scalar.zero, layout: layout, format: format,
        codecs: codecs, voxelSize: voxelSize, offset: offset, attributes: attributes, cache: cache)
    }
    return try create(dataType.scalarType)
  }

  /// Creates an array of one time point, filled with zero, of a type known at run time only.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` where there is an array, `inputOutput`.
  public static func create(
    at path: String, extent: VoxelExtent, channels: Int? = nil, dataType: DataType,
    layout: ChunkLayout,
    codecs: [any BytesCodec]? = nil,
    voxelSize: VoxelSize? = nil, offset: PhysicalPosition = .zero, attributes: JSONObject = [:],
    cache: ChunkCache? = nil
  ) throws(VolumeError) -> ZarrArray {
    try create(
      at: path, shape: VolumeShape(extent: extent, channels: channels), dataType: dataType,
      layout: layout, codecs: codecs, voxelSize: voxelSize, offset: offset,
      attributes: attributes, cache: cache)
  }

  /// The block that is decoded at once: a chunk, or an inner chunk of a shard.
  public var chunkExtent: VoxelExtent { geometry.decodedGrid.chunk }

  func requireType<Scalar: VoxelScalar>(_ type: Scalar.Type) throws(VolumeError) {
    guard Scalar.dataType == metadata.dataType else {
      throw VolumeError(
        .dataTypeMismatch, path: path, "the array is of another type",
        found: metadata.dataType.rawValue, expected: Scalar.dataType.rawValue)
    }
  }
}
