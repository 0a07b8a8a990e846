import Glibc
import TestSupport
import Testing
import SectionFormats
import VolumeStore
import Voxels

/// Stacks that are damaged, hostile or of a kind that is refused: see `tools/golden/tiff.py`.
@Suite struct TIFFStackBadInputTests {
  static let folder = "\(volumes)/bad/tiff"

  /// Opens a stack and reads its ends, as a hostile file may be sound until then.
  private static func read(_ name: String) -> VolumeError? {
    volumeError {
      let stack = try TIFFStack("\(folder)/\(name)")
      func read<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
        let extent = stack.metadata.extent
        let part = VoxelExtent(z: 1, y: min(extent.y, 100), x: min(extent.x, 100))
        for z in 0..<extent.z {
          for start in [
            VoxelPosition(z: z, y: 0, x: 0),
            VoxelPosition(z: z, y: extent.y - part.y, x: extent.x - part.x),
          ] {
            _ = try stack.read(VoxelBox(origin: start, extent: part), as: type)
          }
        }
      }
      try read(stack.metadata.dataType.scalarType)
    }
  }

  @Test(arguments: folderContents(folder))
  func `every bad stack gives an error that names the file and what to do`(_ name: String) throws {
    let error = try #require(Self.read(name), "\(name) was read without an error")
    #expect(error.path.hasPrefix("\(Self.folder)/\(name)"), "\(error)")
    let remedy = try #require(error.remedy, "\(error)")
    #expect(!remedy.isEmpty)
    #expect(error.message.first?.isUppercase == false && error.message.last != ".", "\(error)")
  }

  @Test func `the corpus is all there`() {
    #expect(folderContents(Self.folder).count >= 40)
  }

  @Test func `a gap in the numbers names the missing files`() {
    let error = Self.read("missing-sections")
    #expect(error?.code == .malformedMetadata)
    #expect(error?.message == "3 sections are missing")
    #expect(
      error?.found == "no section_0004.tif, section_0007.tif, section_0008.tif",
      "\(String(describing: error))")
  }

  @Test(arguments: [
    ("mixed-sizes", "2.tif", "29 × 30 pixels (y × x)", "29 × 35"),
    ("mixed-depths", "2.tif", "16-bit unsigned integers", "8-bit unsigned integers"),
    ("mixed-formats", "3.tif", "32-bit floating-point numbers", "32-bit unsigned integers"),
  ])
  func `the first odd section is named with what it has and what the others have`(
    folder: String, file: String, found: String, expected: String
  ) {
    let error = Self.read(folder)
    #expect(error?.path == "\(Self.folder)/\(folder)/\(file)")
    #expect(error?.found == found)
    #expect(error?.expected == expected)
  }

  @Test(arguments: [
    ("rgb.tif", VolumeError.Code.unsupportedFeature), ("planar.tif", .unsupportedFeature),
    ("palette.tif", .unsupportedFeature), ("lzma.tif", .unsupportedFeature),
    ("imagej-wrong-count.tif", .malformedMetadata),
    ("imagej-one-page.tif", .malformedMetadata), ("width-2-31.tif", .limitExceeded),
    ("imagej-one-page-deflate.tif", .unsupportedFeature), ("ome-entities.tif", .malformedMetadata),
    ("ome-file-missing.tif", .notFound), ("ome-other-folder.tif", .malformedMetadata),
    ("ome-size-large.tif", .limitExceeded), ("ome-binary-only.tif", .unsupportedFeature),
    ("cyclic-pages.tif", .malformedMetadata),
    ("truncated-section", .corruptChunk), ("damaged-strip.tif", .corruptChunk),
    ("strip-offset-beyond.tif", .corruptChunk), ("empty-folder", .notFound),
  ])
  func `the kind of fault is told`(name: String, code: VolumeError.Code) {
    let error = Self.read(name)
    #expect(error?.code == code, "\(String(describing: error))")
  }

  @Test func `an uncompressed section that changes or goes while it is read is refused`() throws {
    let folder = TemporaryFolder()
    let path = folder("section.tif")
    let sound = contents(of: "\(TIFFStackGoldenTests.folder)/imagej-one-header-be.tif")
    overwrite(path, with: sound)
    let stack = try TIFFStack(path)
    func read<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      _ = try stack.read(stack.metadata.box, as: type)
    }
    try read(stack.metadata.dataType.scalarType)
    overwrite(path, with: Array(sound.dropLast()))
    let cut = volumeError { try read(stack.metadata.dataType.scalarType) }
    #expect(cut?.code == .corruptChunk)
    #expect(cut?.path == path)
    unlink(path)
    #expect(
      volumeError { try read(stack.metadata.dataType.scalarType) }?.code == .notFound)
  }

  @Test func `what is not there is not found`() {
    #expect(volumeError { _ = try TIFFStack("\(Self.folder)/none.tif") }?.code == .notFound)
    #expect(volumeError { _ = try TIFFStack("\(Self.folder)/none_*.tif") }?.code == .notFound)
    #expect(volumeError { _ = try TIFFStack("\(Self.folder)/none_%04d.tif") }?.code == .notFound)
  }
}
