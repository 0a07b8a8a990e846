import Codecs
import VolumeStore
import Voxels

/// One entry of `scales` in an `info`, checked: a level of the volume.
struct PrecomputedScale: Sendable {
  /// The folder of the level, relative to the volume's.
  var key: String
  var extent: VoxelExtent
  /// The position of the first voxel in the dataset's grid of this resolution.
  var voxelOffset: VoxelPosition
  var chunk: VoxelExtent
  /// In nanometres.
  var voxelSize: VoxelSize
  /// Where the centre of the first voxel lies, in nanometres.
  var offset: PhysicalPosition
  var encoding: PrecomputedEncoding
  var sharding: PrecomputedSharding?
  /// The chunk sizes named after the first.
  var otherChunkSizes = 0

  /// The number of chunks along each axis.
  var grid: VoxelExtent { extent.blockCounts(chunk) }

  /// Creates the description of a new level.
  init(
    key: String, extent: VoxelExtent, voxelSize: VoxelSize, offset: PhysicalPosition,
    chunk: VoxelExtent, encoding: PrecomputedEncoding
  ) {
    self.key = key
    self.extent = extent
    self.voxelSize = voxelSize
    self.offset = offset
    self.chunk = chunk
    self.encoding = encoding
    voxelOffset = Self.voxelOffset(ofCentre: offset, voxelSize)
  }

  init(
    _ scale: JSONObject, dataType: DataType, channels: Int, centre: JSONValue?,
    in document: PrecomputedDocument
  ) throws(VolumeError) {
    key = try Self.key(scale["key"], in: document)
    extent = try document.extent(scale["size"], "size")
    let reach = document.limits.maximalLength
    let start = try scale["voxel_offset"].map { (value) throws(VolumeError) in
      try document.triple(value, "voxel_offset", in: -reach...reach)
    }
    voxelOffset = VoxelPosition(z: start?.z ?? 0, y: start?.y ?? 0, x: start?.x ?? 0)
    guard let sizes = scale["chunk_sizes"]?.array, let first = sizes.first, sizes.count <= 64 else {
      throw document.malformed(
        "chunk_sizes is wrong", found: scale["chunk_sizes"], expected: "a list of sizes")
    }
    chunk = try document.extent(first, "a chunk size")
    otherChunkSizes = sizes.count - 1
    let lengths = (scale["resolution"]?.array ?? []).compactMap { $0.double }
    guard lengths.count == 3, scale["resolution"]?.array?.count == 3 else {
      throw document.malformed(
        "resolution is wrong", found: scale["resolution"], expected: "three lengths in nanometres")
    }
    voxelSize = VoxelSize(z: lengths[2], y: lengths[1], x: lengths[0], unit: .nanometer)
    guard voxelSize.isValid else {
      throw document.malformed(
        "resolution is out of range", found: scale["resolution"],
        expected: "finite lengths above zero, in nanometres")
    }
    encoding = try PrecomputedEncoding(scale, in: document)
    offset = Self.centre(of: voxelOffset, voxelSize)
    try encoding.check(dataType, channels: channels, in: document)
    try checkSize(dataType, channels, document)
    sharding = try scale["sharding"].map { (value) throws(VolumeError) in
      try PrecomputedSharding(value, in: document)
    }
    if let exact = exactCentre(centre) { offset = exact }
  }

  private func checkSize(
    _ dataType: DataType, _ channels: Int, _ document: PrecomputedDocument
  ) throws(VolumeError) {
    let bytes = [channels, dataType.byteCount]
    guard let all = checkedProduct([extent.z, extent.y, extent.x] + bytes), all < 1 << 62 else {
      throw document.tooLarge(
        "a scale has more voxels than can be counted", found: extent.sizesDescription,
        expected: "at most 2^62 bytes")
    }
    let one = chunk.clipped(to: extent)
    guard let count = checkedProduct([one.z, one.y, one.x] + bytes),
      count <= document.limits.maximalChunkBytes
    else {
      throw document.tooLarge(
        "a chunk is too large to decode", found: "\(one.sizesDescription) × \(channels)",
        expected: "at most \(document.limits.maximalChunkBytes) bytes")
    }
  }

  private static func key(
    _ json: JSONValue?, in document: PrecomputedDocument
  ) throws(VolumeError) -> String {
    guard let key = json?.string, !key.isEmpty, key.utf8.count <= 1024,
      key.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
    else {
      throw document.malformed("a scale's key is wrong", found: json, expected: "a relative path")
    }
    let parts = key.split(separator: "/", omittingEmptySubsequences: false)
    guard !key.hasPrefix("/"), !parts.contains("..") else {
      throw document.unsupported(
        "a scale's key leads out of the volume's folder", found: key,
        expected: "a path inside the folder",
        remedy: "move or link the scale's folder into the volume's and change the key")
    }
    return parts.filter { !$0.isEmpty && $0 != "." }.joined(separator: "/")
  }

  // MARK: Place

  /// The centre of a grid's voxel: half a voxel past its corner.
  static func centre(of voxel: VoxelPosition, _ size: VoxelSize) -> PhysicalPosition {
    PhysicalPosition(
      z: (Double(voxel.z) + 0.5) * size.z, y: (Double(voxel.y) + 0.5) * size.y,
      x: (Double(voxel.x) + 0.5) * size.x)
  }

  /// The voxel of a grid that holds a point.
  static func voxelOffset(ofCentre centre: PhysicalPosition, _ size: VoxelSize) -> VoxelPosition {
    func nearest(_ centre: Double, _ size: Double) -> Int {
      // A hair of room, so that 1 less a rounding error still counts as 1.
      let place = (centre / size + 1e-9).rounded(.down)
      return Int(exactly: max(-1e12, min(1e12, place))) ?? 0
    }
    return VoxelPosition(
      z: nearest(centre.z, size.z), y: nearest(centre.y, size.y), x: nearest(centre.x, size.x))
  }

  /// Whether `voxel_offset` alone gives the place.
  var isOnGrid: Bool { Self.centre(of: voxelOffset, voxelSize) == offset }

  /// The place that this package wrote beside `voxel_offset`, unless the scale was changed since.
  private func exactCentre(_ json: JSONValue?) -> PhysicalPosition? {
    let numbers = (json?.array ?? []).compactMap { $0.double }
    guard numbers.count == 3, numbers.allSatisfy({ $0.isFinite }) else { return nil }
    let centre = PhysicalPosition(z: numbers[2], y: numbers[1], x: numbers[0])
    let isNear =
      abs(centre.z - offset.z) <= voxelSize.z && abs(centre.y - offset.y) <= voxelSize.y
      && abs(centre.x - offset.x) <= voxelSize.x
    return isNear ? centre : nil
  }

  /// The entry of `scales`.
  var json: JSONObject {
    func list(_ z: Int, _ y: Int, _ x: Int) -> JSONValue {
      .array([x, y, z].map { .integer(Int64($0)) })
    }
    var members: JSONObject = [
      "key": .string(key),
      "size": list(extent.z, extent.y, extent.x),
      "voxel_offset": list(voxelOffset.z, voxelOffset.y, voxelOffset.x),
      "chunk_sizes": .array([list(chunk.z, chunk.y, chunk.x)]),
      "resolution": .array([voxelSize.x, voxelSize.y, voxelSize.z].map { .number($0) }),
      "encoding": .string(encoding.name),
    ]
    switch encoding {
    case .raw: break
    case .jpeg(let quality): members["jpeg_quality"] = .integer(Int64(quality))
    case .compressedSegmentation(let block):
      members["compressed_segmentation_block_size"] = list(block.z, block.y, block.x)
    }
    if let sharding { members["sharding"] = sharding.json }
    return members
  }
}

extension VoxelExtent {
  /// The extent, nowhere longer than another.
  func clipped(to other: VoxelExtent) -> VoxelExtent {
    VoxelExtent(z: min(z, other.z), y: min(y, other.y), x: min(x, other.x))
  }
}
