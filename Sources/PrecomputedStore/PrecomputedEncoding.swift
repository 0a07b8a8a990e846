import Codecs
import VolumeStore
public import Voxels

/// How the voxels of a chunk become bytes.
///
/// Source: <https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/volume.md>
public enum PrecomputedEncoding: Hashable, Sendable {
  /// The values themselves, little-endian, x fastest, then y, z and channel.
  case raw
  /// A JPEG image of all rows below one another; of uint8 values, lossy.
  case jpeg(quality: Int)
  /// Tables of labels and indices into them, block by block; of uint32 and uint64 labels.
  case compressedSegmentation(block: VoxelExtent)

  /// `compressed_segmentation` in blocks of 8 × 8 × 8 voxels, as every tool writes it.
  public static let labels = PrecomputedEncoding.compressedSegmentation(block: VoxelExtent(cube: 8))

  /// The encoding's name in `info`.
  public var name: String {
    switch self {
    case .raw: "raw"
    case .jpeg: "jpeg"
    case .compressedSegmentation: "compressed_segmentation"
    }
  }

  /// Whether values do not come back as they were.
  public var isLossy: Bool {
    if case .jpeg = self { true } else { false }
  }

  /// The quality written where none is given, and the one assumed where `info` says none.
  static let standardQuality = 85
  /// The most voxels of a block of labels.
  static let maximalBlockVoxels = 1 << 24

  init(_ scale: JSONObject, in document: PrecomputedDocument) throws(VolumeError) {
    switch scale["encoding"] {
    case .string("raw"): self = .raw
    case .string("jpeg"):
      let quality = try scale["jpeg_quality"].map { (value) throws(VolumeError) in
        try document.integer(value, "jpeg_quality", in: 0...100)
      }
      self = .jpeg(quality: quality ?? Self.standardQuality)
    case .string("compressed_segmentation"):
      let name = "compressed_segmentation_block_size"
      let block = try document.extent(scale[name], name)
      guard let count = block.checkedVoxelCount, count <= Self.maximalBlockVoxels else {
        throw document.tooLarge(
          "a block of labels is too large", found: block.sizesDescription,
          expected: "at most \(Self.maximalBlockVoxels) voxels")
      }
      self = .compressedSegmentation(block: block)
    case .string(let name):
      throw document.unsupported(
        "the encoding is not supported", found: name,
        expected: "raw, jpeg or compressed_segmentation",
        remedy: "copy the volume into another encoding first, for instance with "
          + "`igneous image xfer --encoding`")
    case let other:
      throw document.malformed("encoding is wrong", found: other, expected: "a name")
    }
  }

  /// Checks that values of a type can be encoded so.
  func check(
    _ dataType: DataType, channels: Int, in document: PrecomputedDocument
  ) throws(VolumeError) {
    switch self {
    case .raw: break
    case .jpeg:
      guard dataType == .uint8, channels == 1 || channels == 3 else {
        throw document.malformed(
          "jpeg cannot hold the values",
          found: .string("\(channels) × \(dataType.rawValue)"), expected: "1 or 3 × uint8")
      }
    case .compressedSegmentation:
      guard dataType == .uint32 || dataType == .uint64 else {
        throw document.malformed(
          "compressed_segmentation cannot hold the values", found: .string(dataType.rawValue),
          expected: "uint32 or uint64")
      }
    }
  }

  /// The most bytes that a chunk can need, with room for another encoder's worse ones.
  func limit(values count: Int, channels: Int, extent: VoxelExtent, valueByteCount: Int) -> Int {
    switch self {
    case .raw: return count * valueByteCount
    case .jpeg: return count * 4 + 65536
    case .compressedSegmentation(let block):
      let blocks = extent.blockCounts(block)
      let voxels = block.voxelCount
      let factors = [blocks.z, blocks.y, blocks.x, channels, voxels * (4 + valueByteCount) + 8]
      return min(checkedProduct(factors) ?? .max, 1 << 36) + 65536 + channels * 4
    }
  }
}

extension VoxelExtent {
  /// How many blocks cover the extent along each axis.
  func blockCounts(_ block: VoxelExtent) -> VoxelExtent {
    VoxelExtent(
      z: (z - 1) / block.z + 1, y: (y - 1) / block.y + 1, x: (x - 1) / block.x + 1)
  }
}
