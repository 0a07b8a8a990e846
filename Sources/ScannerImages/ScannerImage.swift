public import VolumeStore
public import Voxels

/// A scanner's image on disk: NIfTI, MIF or MGH, packed by gzip or not.
///
/// Only the header is read at first, and whether the file is long enough; values are read by volume
/// or by slab, always in (volume, z, y, x) order and scaled as the header says.
public final class ScannerImage: Sendable {
  /// The file's path.
  public let path: String
  /// What the file says of the image.
  public let header: ScannerImageHeader
  private let values: StoredValues
  private let pipe: PipedFile?

  /// Opens an image.
  ///
  /// - Parameter path: A file ending in `.nii`, `.nii.gz`, `.hdr`, `.img`, `.mif`, `.mif.gz`,
  ///   `.mih`, `.mgh` or `.mgz`; or `-` for the file whose name is the next line of the standard
  ///   input, as MRtrix's programs pass images to one another.
  /// - Throws: ``VolumeError``.
  public init(_ path: String) throws(VolumeError) {
    let pipe = path == "-" ? try PipedFile() : nil
    let file = pipe?.path ?? path
    self.path = file
    self.pipe = pipe
    let name = file.lowercased()
    guard try FileStatus(file) != nil else {
      throw VolumeError(
        .notFound, path: file, "no such file", remedy: "check the path, or put the file there")
    }
    func ends(_ endings: String...) -> Bool { endings.contains { name.hasSuffix($0) } }
    if ends(".nii", ".nii.gz", ".hdr", ".hdr.gz", ".img", ".img.gz") {
      (header, values) = try ScannerImageHeader.nifti(file)
    } else if ends(".mif", ".mif.gz", ".mih") {
      (header, values) = try ScannerImageHeader.mif(file)
    } else if ends(".mgh", ".mgz", ".mgh.gz") {
      (header, values) = try ScannerImageHeader.mgh(file)
    } else {
      throw VolumeError(
        .unsupportedFeature, path: file, "the name's ending is that of no image format",
        expected: ".nii, .nii.gz, .hdr, .img, .mif, .mif.gz, .mih, .mgh or .mgz",
        remedy: "convert the image, or give it its ending back")
    }
  }

  /// The number of voxels along each axis.
  public var extent: VoxelExtent { header.extent }
  /// The number of volumes.
  public var volumes: Int { header.volumes }
  /// From voxel indices (x, y, z) to scanner coordinates in mm.
  public var transform: ScannerTransform { header.transform }

  /// Reads one volume.
  ///
  /// - Returns: (z, y, x).
  /// - Throws: ``VolumeError``.
  public func volume(_ index: Int = 0) throws(VolumeError) -> Volume<Float> {
    try read(volumes: index..<index + 1, z: 0..<extent.z)
  }

  /// Reads sections of volumes in single precision.
  ///
  /// - Parameters:
  ///   - volumes: The volumes, which become the result's channels.
  ///   - z: The sections.
  /// - Returns: (volume, z, y, x).
  /// - Throws: ``VolumeError``.
  /// - Precondition: Neither range is empty or reaches outside the image.
  public func slab(volumes: Range<Int>, z: Range<Int>) throws(VolumeError) -> Volume<Float> {
    try read(volumes: volumes, z: z)
  }

  /// Reads sections of volumes in double precision.
  ///
  /// - Parameters:
  ///   - volumes: The volumes, which become the result's channels.
  ///   - z: The sections.
  /// - Returns: (volume, z, y, x).
  /// - Throws: ``VolumeError``.
  /// - Precondition: Neither range is empty or reaches outside the image.
  public func preciseSlab(
    volumes: Range<Int>, z: Range<Int>
  ) throws(VolumeError) -> Volume<Double> {
    try read(volumes: volumes, z: z)
  }

  private func read<Scalar: VoxelScalar & BinaryFloatingPoint>(
    volumes: Range<Int>, z: Range<Int>
  ) throws(VolumeError) -> Volume<Scalar> {
    precondition(
      !volumes.isEmpty && !z.isEmpty && volumes.lowerBound >= 0
        && volumes.upperBound <= self.volumes && z.lowerBound >= 0 && z.upperBound <= extent.z,
      "the region lies outside the image")
    let box = VoxelBox(
      origin: VoxelPosition(z: z.lowerBound, y: 0, x: 0),
      extent: VoxelExtent(z: z.count, y: extent.y, x: extent.x))
    var volume = Volume<Scalar>(channels: volumes.count, box: box)
    var target = volume.mutableSpan
    let space = [0..<extent.x, 0..<extent.y, z]
    let further = header.furtherLengths
    if further.count <= 1 {
      try values.read(space + (further.isEmpty ? [] : [volumes]), into: &target, at: 0)
      return volume
    }
    for (place, index) in volumes.enumerated() {
      var rest = index
      let single = further.map { length in
        defer { rest /= length }
        return rest % length..<rest % length + 1
      }
      try values.read(space + single, into: &target, at: place * box.extent.voxelCount)
    }
    return volume
  }
}
