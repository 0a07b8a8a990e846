import Glibc
import TestSupport
import Testing
import SectionFormats
import VolumeStore
import Voxels

/// Whether a folder holds a partial file of a name and nothing else.
private func isPartial(_ names: [String], of name: String) -> Bool {
  names.count == 1 && names[0].hasPrefix(".\(name).") && names[0].hasSuffix(".partial")
}

@Suite struct TIFFStackWriterTests {
  private static func metadata(_ type: DataType, _ extent: VoxelExtent) -> VolumeMetadata {
    VolumeMetadata(
      extent: extent, dataType: type, voxelSize: VoxelSize(z: 40, y: 5, x: 4), storageUnit: extent)
  }

  @Test(arguments: DataType.allCases.filter { $0.byteCount <= 4 }, [true, false])
  func `what is written reads back, in pieces of any number of sections`(
    type: DataType, isImage: Bool
  ) throws {
    func check<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      let folder = TemporaryFolder()
      let extent = VoxelExtent(z: 5, y: 300, x: 270)
      let volume = randomVolume(type, box: VoxelBox(extent: extent), seed: 3)
      let writer = try TIFFStackWriter(
        folder("stack.tif"), metadata: Self.metadata(Scalar.dataType, extent),
        content: isImage ? .image : .labels)
      for (start, count) in [(0, 2), (2, 1), (3, 2)] {
        let part = VoxelBox(
          origin: VoxelPosition(z: start, y: 0, x: 0),
          extent: VoxelExtent(z: count, y: extent.y, x: extent.x))
        try writer.write(volume.cropped(to: part))
      }
      #expect(isPartial(folderContents(folder.path), of: "stack.tif"))
      try writer.finish()
      #expect(folderContents(folder.path) == ["stack.tif"])
      let stack = try TIFFStack(folder("stack.tif"))
      #expect(stack.metadata.voxelSize == VoxelSize(z: 40, y: 5, x: 4))
      #expect(try stack.read(stack.metadata.box, as: type) == volume)
    }
    try check(type.scalarType)
  }

  @Test func `an abandoned file leaves nothing, and what a killed writer left goes`() throws {
    let folder = TemporaryFolder()
    // Of another machine's process, long ago; the name of another output.
    for name in [
      ".stack.tif.1.0000000000000000.partial", ".a.stack.tif.1.0000000000000000.partial",
    ] {
      overwrite(folder(name), with: [1])
      var times = [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]
      #expect(utimes(folder(name), &times) == 0)
    }
    let extent = VoxelExtent(cube: 8)
    do {
      let writer = try TIFFStackWriter(
        folder("stack.tif"), metadata: Self.metadata(.uint8, extent), content: .image)
      try writer.write(Volume<UInt8>(box: VoxelBox(extent: VoxelExtent(z: 1, y: 8, x: 8))))
      let error = volumeError { try writer.finish() }
      #expect(error?.code == .misalignedWrite)
    }
    #expect(folderContents(folder.path) == [".a.stack.tif.1.0000000000000000.partial"])
  }

  @Test func `sections out of order and cut sections are refused`() throws {
    let folder = TemporaryFolder()
    let writer = try TIFFStackWriter(
      folder("stack.tif"), metadata: Self.metadata(.uint8, VoxelExtent(cube: 8)), content: .image)
    for box in [
      VoxelBox(origin: VoxelPosition(z: 1, y: 0, x: 0), extent: VoxelExtent(z: 1, y: 8, x: 8)),
      VoxelBox(extent: VoxelExtent(z: 1, y: 4, x: 8)),
    ] {
      let error = volumeError { try writer.write(Volume<UInt8>(box: box)) }
      #expect(error?.code == .misalignedWrite)
    }
  }

  @Test func `64-bit labels are stored in 32 bits, and refused where they need more`() throws {
    let folder = TemporaryFolder()
    let metadata = Self.metadata(.uint64, VoxelExtent(cube: 8))
    var volume = Volume<UInt64>(box: metadata.box, fill: UInt64(UInt32.max))
    let writer = try TIFFStackWriter(folder("labels.tif"), metadata: metadata, content: .labels)
    try writer.write(volume)
    try writer.finish()
    let stack = try TIFFStack(folder("labels.tif"))
    #expect(try stack.read(metadata.box, as: UInt32.self) == Volume(box: metadata.box, fill: .max))
    volume[VoxelPosition(z: 3, y: 7, x: 7)] = 1 << 32
    let other = try TIFFStackWriter(folder("wide.tif"), metadata: metadata, content: .labels)
    let error = volumeError { try other.write(volume) }
    #expect(error?.code == .unsupportedFeature)
    #expect(error?.remedy?.contains("HDF5") == true)
  }

  @Test(arguments: [DataType.int64, .float64])
  func `values that common readers refuse are refused`(type: DataType) {
    let folder = TemporaryFolder()
    let error = volumeError {
      _ = try TIFFStackWriter(
        folder("wide.tif"), metadata: Self.metadata(type, VoxelExtent(cube: 8)), content: .image)
    }
    #expect(error?.code == .unsupportedFeature)
    #expect(error?.remedy?.contains("HDF5") == true)
  }

  @Test func `a file that is there stays unless it is to be replaced`() throws {
    let folder = TemporaryFolder()
    overwrite(folder("stack.tif"), with: [1, 2, 3])
    let metadata = Self.metadata(.uint8, VoxelExtent(cube: 4))
    let error = volumeError {
      _ = try TIFFStackWriter(folder("stack.tif"), metadata: metadata, content: .image)
    }
    #expect(error?.code == .alreadyExists)
    #expect(contents(of: folder("stack.tif")) == [1, 2, 3])
    let writer = try TIFFStackWriter(
      folder("stack.tif"), metadata: metadata, content: .image, replacing: true)
    #expect(contents(of: folder("stack.tif")) == [1, 2, 3])
    try writer.write(Volume<UInt8>(box: metadata.box, fill: 7))
    try writer.finish()
    #expect(
      try TIFFStack(folder("stack.tif")).read(metadata.box, as: UInt8.self)
        == Volume(box: metadata.box, fill: 7))
  }
}
