import ScannerImages
import TestSupport
import Testing
import VolumeStore
import Voxels

struct ScannerImageWriterTests {
  private let folder = TemporaryFolder()
  private static let endings = ["nii", "nii.gz", "mif", "mif.gz"]
  private static let extent = VoxelExtent(z: 3, y: 4, x: 5)
  private static let oblique = try? ScannerImage(
    "\(volumes)/golden/scanner-images/two.nii"
  ).transform

  private static func volume<Scalar: VoxelScalar>(
    channels: Int, _ type: Scalar.Type
  ) -> Volume<Scalar> {
    let count = channels * extent.voxelCount
    return Volume(
      channels: channels, box: VoxelBox(extent: extent),
      values: (0..<count).map { Scalar(nearest: Int64($0 % 100)) })
  }

  @Test(arguments: endings, [1, 2])
  func `what is written is read back`(ending: String, channels: Int) throws {
    let transform = try #require(Self.oblique)
    let volume = Self.volume(channels: channels, Float.self)
    let path = folder("image.\(ending)")
    try ScannerImage.write(volume, to: path, transform: transform, replacing: false)
    let image = try ScannerImage(path)
    #expect(image.volumes == channels)
    #expect(image.header.notes == [])
    let read = try image.slab(volumes: 0..<channels, z: 0..<3)
    #expect(read == volume)
    for (one, other) in zip(image.transform.rows.joined(), transform.rows.joined()) {
      #expect(abs(one - other) < 1e-5)
    }
    #expect(folderContents(folder.path) == ["image.\(ending)"])
  }

  @Test(arguments: endings)
  func `labels keep their type`(ending: String) throws {
    let transform = try #require(Self.oblique)
    let labels = Self.volume(channels: 1, UInt32.self)
    try ScannerImage.write(
      labels, to: folder("labels.\(ending)"), transform: transform, replacing: false)
    let image = try ScannerImage(folder("labels.\(ending)"))
    #expect(image.header.valueType == .number(.uint32))
    let read = try image.labels()
    #expect(read == labels)
  }

  @Test(arguments: endings)
  func `slabs in any order make the whole`(ending: String) throws {
    let transform = try #require(Self.oblique)
    let whole = Self.volume(channels: 2, Float.self)
    let writer = try ScannerImageWriter(
      folder("image.\(ending)"),
      ScannerImageWriter.Description(
        extent: Self.extent, volumes: 2, transform: transform,
        gradients: [SIMD4(0, 0, 0, 0), SIMD4(1, 0, 0, 1000)]),
      replacing: false)
    for z in [2, 0, 1] {
      let box = VoxelBox(
        origin: VoxelPosition(z: z, y: 0, x: 0), extent: VoxelExtent(z: 1, y: 4, x: 5))
      var slab = Volume<Float>(channels: 2, box: box)
      for channel in 0..<2 {
        for y in 0..<4 {
          var row = slab.mutableRow(channel: channel, z: 0, y: y)
          for x in 0..<5 { row[x] = whole.row(channel: channel, z: z, y: y)[x] }
        }
      }
      try writer.write(slab)
    }
    try writer.finish()
    let image = try ScannerImage(folder("image.\(ending)"))
    let read = try image.slab(volumes: 0..<2, z: 0..<3)
    #expect(read == whole)
    if ending.hasPrefix("mif") {
      #expect(image.header.gradients == [SIMD4(0, 0, 0, 0), SIMD4(1, 0, 0, 1000)])
    }
  }

  @Test(arguments: [[-1.0, 1, 1], [1, -1, 1], [1, 1, -1], [-1, -1, -1], [-1, -1, 1]])
  func `reflections and half turns survive the quaternion`(signs: [Double]) throws {
    let rows: [[Double]] = [
      [2 * signs[0], 0, 0, 1], [0, 2 * signs[1], 0, 2], [0, 0, 2 * signs[2], 3],
    ]
    let transform = ScannerTransform(rows: rows)
    let path = folder("image.nii")
    try ScannerImage.write(
      Self.volume(channels: 1, UInt8.self), to: path, transform: transform, replacing: true)
    // Without the affine method, the quaternions count.
    var bytes = contents(of: path)
    (bytes[254], bytes[255]) = (0, 0)
    overwrite(path, with: bytes)
    let read = try ScannerImage(path).transform
    for (one, other) in zip(read.rows.joined(), rows.joined()) {
      #expect(abs(one - other) < 1e-6)
    }
  }

  @Test(arguments: endings)
  func `an image that is there is not replaced unless that is wanted`(ending: String) throws {
    let transform = try #require(Self.oblique)
    let path = folder("image.\(ending)")
    let volume = Self.volume(channels: 1, Float.self)
    try ScannerImage.write(volume, to: path, transform: transform, replacing: false)
    let error = volumeError {
      try ScannerImage.write(volume, to: path, transform: transform, replacing: false)
    }
    #expect(error?.code == .alreadyExists)
    try ScannerImage.write(volume, to: path, transform: transform, replacing: true)
  }

  @Test func `an image that is not finished leaves nothing`() throws {
    let transform = try #require(Self.oblique)
    for ending in Self.endings {
      _ = try ScannerImageWriter(
        folder("image.\(ending)"),
        ScannerImageWriter.Description(extent: Self.extent, transform: transform),
        replacing: false)
    }
    #expect(folderContents(folder.path) == [])
  }

  @Test func `other endings are refused`() throws {
    let transform = try #require(Self.oblique)
    let error = volumeError {
      try ScannerImage.write(
        Self.volume(channels: 1, Float.self), to: folder("image.png"), transform: transform,
        replacing: false)
    }
    #expect(error?.code == .unsupportedFeature)
  }
}
