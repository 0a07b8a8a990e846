public import Codecs
public import VolumeStore
public import Voxels

/// How the chunks of a precomputed volume are put into files.
public enum PrecomputedStorage: Hashable, Sendable {
  /// A file for each chunk.
  case files(PrecomputedCompression)
  /// Shards: files of many chunks, each at most of a number of bytes before encoding. A shard is
  /// written at once.
  case shards(byteLimit: Int, PrecomputedCompression)

  /// Shards of at most 64 MiB before encoding, compressed.
  public static let shards = PrecomputedStorage.shards(byteLimit: 64 << 20, .gzip(level: 4))

  var compression: PrecomputedCompression {
    switch self {
    case .files(let compression), .shards(_, let compression): compression
    }
  }
}

/// What a new precomputed volume is to be.
public struct PrecomputedSpecification: Sendable {
  /// What the voxels mean.
  public var kind: PrecomputedKind
  /// The levels, finest first.
  public var levels: [PyramidLevel]
  /// The number of values per voxel.
  public var channels: Int
  /// The type of the values to be written; see ``storedDataType(path:)``.
  public var dataType: DataType
  /// The size of a chunk.
  public var chunk: VoxelExtent
  /// How chunks become bytes.
  public var encoding: PrecomputedEncoding
  /// How chunks are put into files.
  public var storage: PrecomputedStorage
  /// The project's own attributes: provenance and the like.
  public var attributes: JSONObject

  /// Creates a specification; without an encoding, images are stored as they are and labels as
  /// `compressed_segmentation`.
  public init(
    kind: PrecomputedKind, levels: [PyramidLevel], channels: Int = 1, dataType: DataType,
    chunk: VoxelExtent = VoxelExtent(cube: 64), encoding: PrecomputedEncoding? = nil,
    storage: PrecomputedStorage = .shards, attributes: JSONObject = [:]
  ) {
    self.kind = kind
    self.levels = levels
    self.channels = channels
    self.dataType = dataType
    self.chunk = chunk
    self.encoding = encoding ?? (kind == .segmentation ? .labels : .raw)
    self.storage = storage
    self.attributes = attributes
  }

  /// The type that values are stored as: of labels, the narrowest that the encoding has and that
  /// holds all but negative ones, which are refused when they are written.
  ///
  /// - Parameter path: The volume's folder, for messages.
  /// - Returns: The type.
  /// - Throws: ``VolumeError`` with `unsupportedFeature` where there is none.
  public func storedDataType(path: String) throws(VolumeError) -> DataType {
    func unsupported(_ message: String, _ expected: String, _ remedy: String) -> VolumeError {
      VolumeError(
        .unsupportedFeature, path: path, message, found: "\(channels) × \(dataType.rawValue)",
        expected: expected, remedy: remedy)
    }
    if kind == .segmentation {
      guard dataType.isInteger, channels == 1 else {
        throw unsupported(
          "the values are no labels", "one integer a voxel", "store them as an image")
      }
    }
    switch encoding {
    case .compressedSegmentation:
      guard dataType.isInteger else {
        throw unsupported(
          "compressed_segmentation cannot hold the values", "integers", "store them raw")
      }
      return dataType.byteCount == 8 ? .uint64 : .uint32
    case .jpeg:
      guard kind == .image else {
        throw unsupported(
          "jpeg does not keep labels", "an image",
          "store them as compressed_segmentation or raw")
      }
      guard dataType == .uint8, channels == 1 || channels == 3 else {
        throw unsupported(
          "jpeg cannot hold the values", "1 or 3 × uint8", "store them raw, or convert them first")
      }
      return dataType
    case .raw:
      if dataType == .int64, kind == .segmentation { return .uint64 }
      guard PrecomputedInfo.stored.contains(dataType) else {
        throw unsupported(
          "the format has no such type",
          PrecomputedInfo.stored.map { $0.rawValue }.joined(separator: ", "),
          "convert the values first, for instance to float32")
      }
      return dataType
    }
  }

  /// The volume's `info`.
  func info(path: String) throws(VolumeError) -> PrecomputedInfo {
    precondition(!levels.isEmpty && channels > 0, "a volume has a level and a channel")
    let type = try storedDataType(path: path)
    var info = PrecomputedInfo(kind: kind, dataType: type, channels: channels, scales: [])
    info.attributes = attributes
    info.compression = storage.compression
    for level in levels {
      precondition(level.voxelSize.isValid, "voxel sizes are finite and above zero")
      let size = level.voxelSize.converted(to: .nanometer)
      let factor = level.voxelSize.unit.nanometers
      let name = [size.x, size.y, size.z].map { length in
        Int(exactly: length).map { String($0) } ?? String(length)
      }.joined(separator: "_")
      var scale = PrecomputedScale(
        key: name, extent: level.extent, voxelSize: size,
        offset: PhysicalPosition(
          z: level.offset.z * factor, y: level.offset.y * factor, x: level.offset.x * factor),
        chunk: chunk, encoding: encoding)
      if case .shards(let byteLimit, _) = storage {
        scale.sharding = sharding(scale, type, byteLimit: byteLimit)
      }
      info.scales.append(scale)
    }
    return info
  }

  /// Shards that are boxes of chunks, as large as the limit allows.
  private func sharding(
    _ scale: PrecomputedScale, _ type: DataType, byteLimit: Int
  ) -> PrecomputedSharding {
    let morton = MortonGrid(counts: scale.grid)
    let chunk = scale.chunk.clipped(to: scale.extent)
    let chunkBytes = checkedProduct([chunk.voxelCount, channels, type.byteCount]) ?? .max
    var low = 0
    while low < morton.bitCount, chunkBytes <= byteLimit >> (low + 1) { low += 1 }
    // An index of some hundred chunks is read at once, and is not large.
    let preshift = min(low, 9)
    return PrecomputedSharding(
      preshiftBits: preshift, minishardBits: low - preshift, shardBits: morton.bitCount - low,
      dataIsCompressed: storage.compression != .none && !encoding.isLossy)
  }
}
