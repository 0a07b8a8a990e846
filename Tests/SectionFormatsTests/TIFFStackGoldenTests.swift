import TestSupport
import Testing
import SectionFormats
import VolumeStore
import Voxels

/// Stacks that tifffile wrote: see `tools/golden/tiff.py`.
@Suite struct TIFFStackGoldenTests {
  static let folder = "\(volumes)/golden/tifffile-2026.3.3"

  /// The files named after what they hold: `uint16-be-none-strip.tif`.
  static let stacks = folderContents(folder).filter { name in
    DataType.allCases.contains { name.hasPrefix("\($0.rawValue)-") }
  }

  @Test(arguments: stacks)
  func `every type, byte order, codec and layout reads exactly`(_ name: String) throws {
    let stack = try TIFFStack("\(Self.folder)/\(name)")
    #expect(name.hasPrefix("\(stack.metadata.dataType.rawValue)-"))
    #expect(stack.metadata.extent == goldenExtent)
    #expect(try readsGolden(stack))
    #expect(stack.notes.contains { $0.contains("white") } == name.contains("miniswhite"))
  }

  @Test func `the golden set is all there`() {
    #expect(Self.stacks.count >= 90)
  }

  @Test(arguments: ["bilevel.tif", "bilevel-tile.tif", "bilevel-miniswhite.tif"])
  func `one-bit pixels read as zero and one`(_ name: String) throws {
    let stack = try TIFFStack("\(Self.folder)/\(name)")
    for box in goldenBoxes {
      let golden = goldenVolume(box, UInt8.self)
      let expected = Volume(box: box, values: (0..<golden.span.count).map { golden.span[$0] % 2 })
      #expect(try stack.read(box, as: UInt8.self) == expected)
    }
  }

  @Test func `a folder reads in the order of its numbers, past files that are no sections`() throws
  {
    let stack = try TIFFStack("\(Self.folder)/folder")
    #expect(stack.metadata.extent == goldenExtent)
    #expect(try readsGolden(stack))
  }

  @Test(arguments: ["folder/*.tif", "folder/slice_%d.tif", "folder/slice_%01d.tif", "folder/"])
  func `patterns find the same sections`(_ pattern: String) throws {
    #expect(try readsGolden(try TIFFStack("\(Self.folder)/\(pattern)")))
  }

  @Test func `listed files are sections in the order given`() throws {
    let files = [10, 8].map { "\(Self.folder)/folder/slice_\($0).tif" }
    let stack = try TIFFStack(files: files)
    let plane = VoxelExtent(z: 1, y: 29, x: 35)
    let second = try stack.read(
      VoxelBox(origin: VoxelPosition(z: 1, y: 0, x: 0), extent: plane), as: UInt8.self)
    #expect(second.row(z: 0, y: 0)[1] == goldenValue(0, 0, 1, UInt8.self))
  }

  @Test func `ImageJ and OME give the voxel size`() throws {
    let imageJ = try TIFFStack("\(Self.folder)/imagej.tif")
    #expect(imageJ.metadata.voxelSize == VoxelSize(z: 40, y: 5, x: 4))
    #expect(try readsGolden(imageJ))
    let ome = try TIFFStack("\(Self.folder)/ome.ome.tif")
    #expect(ome.metadata.voxelSize == VoxelSize(z: 40, y: 5, x: 4))
    #expect(try readsGolden(ome))
  }

  @Test func `pages of reduced resolution are left out and said so`() throws {
    let stack = try TIFFStack("\(Self.folder)/thumbnails.tif")
    #expect(try readsGolden(stack))
    #expect(stack.notes.contains { $0.contains("reduced") })
  }

  @Test func `JPEG is read as lossy`() throws {
    let stack = try TIFFStack("\(Self.folder)/jpeg.tif")
    #expect(stack.isLossy)
    let volume = try stack.read(stack.metadata.box, as: UInt8.self)
    for y in 0..<29 {
      let row = volume.row(z: 2, y: y)
      // Quality 95 keeps a smooth ramp within a few grey values.
      for x in 0..<35 { #expect(abs(Int(row[x]) - (80 + 2 * y + x)) <= 4) }
    }
  }

  @Test func `threads read one file at once`() throws {
    let stack = try TIFFStack("\(Self.folder)/uint16-big-lzw-tile.tif")
    let box = goldenBoxes[2]
    let expected = goldenVolume(box, UInt16.self)
    concurrentForEach(0..<24, threads: 4) { _ in
      #expect((try? stack.read(box, as: UInt16.self)) == expected)
    }
  }

  @Test func `a wrong type or place is refused`() throws {
    let stack = try TIFFStack("\(Self.folder)/folder")
    #expect(
      volumeError { _ = try stack.read(stack.metadata.box, as: UInt16.self) }?.code
        == .dataTypeMismatch)
    for origin in [
      VoxelPosition(z: 3, y: 0, x: 0), VoxelPosition(z: -1, y: 0, x: 0),
      VoxelPosition(z: 0, y: 20, x: 0), VoxelPosition(z: 0, y: 0, x: 30),
    ] {
      let box = VoxelBox(origin: origin, extent: VoxelExtent(z: 1, y: 10, x: 10))
      #expect(volumeError { _ = try stack.read(box, as: UInt8.self) }?.code == .outOfBounds)
    }
  }
}
