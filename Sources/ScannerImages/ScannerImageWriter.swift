import Codecs
import Synchronization
public import VolumeStore
public import Voxels

/// Writes an image slab by slab; the file gets its name once it is complete.
///
/// Memory does not depend on the image's size: a packed file is first written unpacked beside it
/// and packed at the end.
public final class ScannerImageWriter: Sendable {
  /// What an image is to be.
  public struct Description: Sendable {
    /// The number of voxels along each spatial axis.
    public var extent: VoxelExtent
    /// The number of volumes; nil for an image of three axes.
    public var volumes: Int?
    /// The type of the stored numbers.
    public var dataType: DataType
    /// From voxel indices (x, y, z) to scanner coordinates in mm.
    public var transform: ScannerTransform
    /// The gradient table, one row (x, y, z in scanner axes, b in s/mm²) a volume; MIF files hold
    /// it.
    public var gradients: [SIMD4<Double>]?
    /// A line of text about the image: at most 79 bytes of it in a NIfTI file.
    public var note: String

    /// Describes an image.
    public init(
      extent: VoxelExtent, volumes: Int? = nil, dataType: DataType = .float32,
      transform: ScannerTransform, gradients: [SIMD4<Double>]? = nil, note: String = ""
    ) {
      self.extent = extent
      self.volumes = volumes
      self.dataType = dataType
      self.transform = transform
      self.gradients = gradients
      self.note = note
    }
  }

  /// The file's path.
  public let path: String
  private let description: Description
  private let header: [UInt8]
  private let isPacked: Bool
  private let isReplacing: Bool
  private let file: Mutex<NewFile>

  /// The most bytes that are packed in one piece.
  private static let wholeByteCount = 1 << 29
  private static let level = 4

  /// Creates a file.
  ///
  /// - Parameters:
  ///   - path: A name ending in `.nii`, `.nii.gz`, `.mif` or `.mif.gz`.
  ///   - description: What it is to hold.
  ///   - isReplacing: Whether a file that is there may be replaced.
  /// - Throws: ``VolumeError`` with `alreadyExists`, `inputOutput`, or `unsupportedFeature` where
  ///   the ending is another.
  public init(
    _ path: String, _ description: Description, replacing isReplacing: Bool
  ) throws(VolumeError) {
    precondition(
      description.extent.voxelCount > 0 && (description.volumes ?? 1) > 0,
      "an image has at least one voxel")
    let name = path.lowercased()
    let header: [UInt8]
    if name.hasSuffix(".nii") || name.hasSuffix(".nii.gz") {
      header = NIfTIHeader(of: description).encoded()
    } else if name.hasSuffix(".mif") || name.hasSuffix(".mif.gz") {
      header = description.mifHeader
    } else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the name's ending is that of no format that is written",
        expected: ".nii, .nii.gz, .mif or .mif.gz", remedy: "choose a name with such an ending")
    }
    self.path = path
    self.description = description
    self.isReplacing = isReplacing
    isPacked = name.hasSuffix(".gz")
    if isPacked {
      // The name is claimed before any work is done, as for a file that is not packed.
      _ = try PendingFile(path: path, replacing: isReplacing)
    }
    let created = try ScannerImageWriter.createFile(
      isPacked ? "\(path).unpacked" : path, replacing: isPacked || isReplacing, header)
    self.header = header
    file = Mutex(created)
  }

  private static func createFile(
    _ path: String, replacing isReplacing: Bool, _ header: [UInt8]
  ) throws(VolumeError) -> NewFile {
    let file = try NewFile(path: path, replacing: isReplacing)
    try file.write(header.rawSpan, at: 0)
    return file
  }

  /// Writes whole sections of every volume.
  ///
  /// - Parameter slab: (volume, z, y, x), rows and sections whole.
  /// - Throws: ``VolumeError`` with `inputOutput`.
  public func write<Scalar: VoxelScalar>(_ slab: borrowing Volume<Scalar>) throws(VolumeError) {
    let (box, extent) = (slab.box, description.extent)
    precondition(
      Scalar.dataType == description.dataType && slab.channels == description.volumes ?? 1
        && box.origin.y == 0 && box.origin.x == 0 && box.extent.y == extent.y
        && box.extent.x == extent.x && box.end.z <= extent.z,
      "the slab is made of whole sections of this image")
    let width = Scalar.dataType.byteCount
    let count = box.extent.voxelCount * width
    let bytes = slab.rawSpan
    try file.withLock { file throws(VolumeError) in
      for volume in 0..<slab.channels {
        let place = (volume * extent.z + box.origin.z) * extent.y * extent.x * width
        try file.write(
          bytes.extracting(volume * count..<(volume + 1) * count), at: header.count + place)
      }
    }
  }

  /// Makes the file durable and gives it its name.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  public func finish() throws(VolumeError) {
    let count =
      header.count + description.extent.voxelCount * (description.volumes ?? 1)
      * description.dataType.byteCount
    guard isPacked else {
      return try file.withLock { file throws(VolumeError) in try file.commit() }
    }
    try count <= ScannerImageWriter.wholeByteCount
      ? packWhole(count: count) : packInPieces(count: count)
  }

  private func unpacked(at offset: Int, count: Int) throws(VolumeError) -> [UInt8] {
    try file.withLock { file throws(VolumeError) in try file.read(at: offset, count: count) }
  }

  private func packWhole(count: Int) throws(VolumeError) {
    let bytes = try unpacked(at: 0, count: count)
    let member: [UInt8]
    do throws(CodecError) {
      member = try WholeDeflate.encode(bytes.rawSpan, level: ScannerImageWriter.level, .gzip)
    } catch {
      throw VolumeError(.inputOutput, path: path, "cannot be compressed", cause: error)
    }
    var packed = try NewFile(path: path, replacing: isReplacing)
    try packed.write(member.rawSpan, at: 0)
    try packed.commit()
  }

  private func packInPieces(count: Int) throws(VolumeError) {
    var packed = try NewFile(path: path, replacing: isReplacing)
    var stream = try begin()
    var piece = DeflateStream.memberHeader
    var end = 0
    for start in stride(from: 0, to: count, by: 1 << 24) {
      let bytes = try unpacked(at: start, count: min(1 << 24, count - start))
      stream.write(bytes.rawSpan) { piece.append(copying: $0) }
      try packed.write(piece.rawSpan, at: end)
      end += piece.count
      piece.removeAll(keepingCapacity: true)
    }
    stream.finish(isLast: true) { piece.append(copying: $0) }
    piece += stream.trailer.bytes
    try packed.write(piece.rawSpan, at: end)
    try packed.commit()
  }

  private func begin() throws(VolumeError) -> DeflateStream {
    do throws(CodecError) {
      return try DeflateStream(level: ScannerImageWriter.level)
    } catch {
      throw VolumeError(.inputOutput, path: path, "cannot be compressed", cause: error)
    }
  }
}

extension ScannerImage {
  /// Writes a whole image.
  ///
  /// - Parameters:
  ///   - volume: (z, y, x), or (volume, z, y, x) where it has channels.
  ///   - path: A name ending in `.nii`, `.nii.gz`, `.mif` or `.mif.gz`.
  ///   - transform: From voxel indices (x, y, z) to scanner coordinates in mm.
  ///   - isReplacing: Whether a file that is there may be replaced.
  /// - Throws: ``VolumeError``.
  public static func write<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>, to path: String, transform: ScannerTransform,
    replacing isReplacing: Bool
  ) throws(VolumeError) {
    let writer = try ScannerImageWriter(
      path,
      ScannerImageWriter.Description(
        extent: volume.extent, volumes: volume.channels > 1 ? volume.channels : nil,
        dataType: Scalar.dataType, transform: transform),
      replacing: isReplacing)
    try writer.write(volume)
    try writer.finish()
  }
}
