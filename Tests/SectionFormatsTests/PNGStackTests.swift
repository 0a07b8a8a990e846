import SectionFormats
import TestSupport
import Testing
import VolumeStore
import Voxels

/// PNG sections that pillow wrote or read: see `tools/golden/png.py`.
@Suite struct PNGStackTests {
  static let folder = "\(volumes)/golden/pillow-13.0.0"

  @Test(arguments: [
    "grey8", "grey16", "interlaced8", "interlaced16", "palette8", "alpha8", "alpha16", "text",
  ])
  func `grey values, palette places and interlaced images are read exactly`(name: String) throws {
    let stack = try PNGStack("\(Self.folder)/\(name)")
    #expect(stack.metadata.extent == goldenExtent)
    #expect(stack.metadata.dataType == (name.hasSuffix("16") ? .uint16 : .uint8))
    #expect(stack.notes.contains { $0.contains("palette") } == name.hasPrefix("palette"))
    #expect(stack.notes.contains { $0.contains("opacity") } == name.hasPrefix("alpha"))
    #expect(try readsGolden(stack))
  }

  @Test(arguments: [
    ("bits1", 2), ("interlaced1", 2), ("bits2", 4), ("bits4", 16), ("palette4", 16),
  ])
  func `values of few bits are read as they are stored`(name: String, modulus: UInt8) throws {
    let stack = try PNGStack("\(Self.folder)/\(name)")
    for box in goldenBoxes {
      let golden = goldenVolume(box, UInt8.self)
      let values = (0..<golden.span.count).map { golden.span[$0] % modulus }
      #expect(try stack.read(box, as: UInt8.self) == Volume(box: box, values: values))
    }
    #expect(stack.notes.count == 1, "\(stack.notes)")
  }

  @Test(arguments: ["colours", "colours-alpha"])
  func `colours are labels where that is stated, and refused where not`(name: String) throws {
    let path = "\(Self.folder)/\(name)"
    let error = volumeError { _ = try PNGStack(path) }
    #expect(error?.code == .unsupportedFeature)
    #expect(error?.remedy?.contains("--rgb-labels") == true)
    var stated = StatedLayout()
    stated.hasColourLabels = true
    let stack = try PNGStack(path, stated: stated)
    let box = goldenBoxes[2]
    let volume = try stack.read(box, as: UInt32.self)
    let row = volume.row(z: 1, y: 4)
    for x in row.indices { #expect(row[x] == UInt32(1 << 16 | 11 << 8 | (x + 14))) }
  }

  @Test func `patterns, single files and axes work as with TIFF`() throws {
    #expect(try readsGolden(try PNGStack("\(Self.folder)/grey8/%d.png")))
    #expect(try readsGolden(try PNGStack("\(Self.folder)/grey8/*.png")))
    #expect(try PNGStack("\(Self.folder)/grey8/1.png").metadata.extent.z == 1)
    var stated = StatedLayout()
    stated.axes = VolumeAxes(parsing: "tyx")
    #expect(try PNGStack("\(Self.folder)/grey8", stated: stated).metadata.timePoints == 3)
  }

  @Test func `a folder of both kinds is read as TIFF and says so; a pattern chooses`() throws {
    let folder = TemporaryFolder()
    for name in ["1", "2"] {
      overwrite(folder("\(name).png"), with: contents(of: "\(Self.folder)/grey8/\(name).png"))
      overwrite(
        folder("\(name).tif"),
        with: contents(of: "\(TIFFStackGoldenTests.folder)/folder/slice_9.tif"))
    }
    #expect(try TIFFFormat.recognises(VolumeSource(folder.path)))
    let opened = try TIFFFormat.open(VolumeSource(folder.path))
    #expect(opened.notes.contains { $0.contains("2 PNG files, which are not") }, "\(opened.notes)")
    let pattern = VolumeSource(folder("*.png"))
    #expect(try !TIFFFormat.recognises(pattern))
    #expect(try PNGFormat.recognises(pattern))
    #expect(try PNGFormat.open(pattern).reader.metadata.extent.z == 2)
    #expect(try PNGFormat.recognises(VolumeSource("\(Self.folder)/grey8")))
  }
}

/// PNG files that are damaged, hostile or of a kind that is refused.
@Suite struct PNGStackBadInputTests {
  static let folder = "\(volumes)/bad/png"

  private static func read(_ name: String) -> VolumeError? {
    volumeError {
      let stack = try PNGStack("\(folder)/\(name)")
      func read<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
        for z in 0..<stack.metadata.extent.z {
          let box = VoxelBox(
            origin: VoxelPosition(z: z, y: 0, x: 0), extent: VoxelExtent(z: 1, y: 1, x: 1))
          _ = try stack.read(box, as: type)
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
  }

  @Test func `the corpus is all there`() {
    #expect(folderContents(Self.folder).count >= 25)
  }

  @Test(arguments: [
    ("damaged-data.png", VolumeError.Code.corruptChunk), ("truncated.png", .corruptChunk),
    ("damaged-header-checksum.png", .corruptChunk), ("damaged-text.png", .corruptChunk),
    ("damaged-section", .corruptChunk), ("both-2-24.png", .limitExceeded),
    ("text.png", .malformedMetadata), ("rgb.png", .unsupportedFeature),
    ("missing-section", .malformedMetadata), ("mixed-kinds", .malformedMetadata),
  ])
  func `the kind of fault is told`(name: String, code: VolumeError.Code) {
    let error = Self.read(name)
    #expect(error?.code == code, "\(String(describing: error))")
  }
}
