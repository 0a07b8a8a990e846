import SectionFormats
import TestSupport
import Testing
import VolumeStore
import Voxels

/// Stacks with channels, time points and several images that tifffile wrote: see
/// `tools/golden/tiff.py`.
@Suite struct TIFFChannelsTests {
  static let folder = "\(volumes)/golden/tifffile-2026.3.3"

  private static func axes(_ text: String) -> StatedLayout {
    var stated = StatedLayout()
    stated.axes = VolumeAxes(parsing: text)
    return stated
  }

  @Test(arguments: ["tcz", "tzc", "ctz", "czt", "zct", "ztc"])
  func `OME-TIFF in each order of its planes gives the same volume`(order: String) throws {
    let stack = try TIFFStack("\(Self.folder)/ome-\(order).ome.tif")
    #expect(stack.metadata.extent == goldenExtent)
    #expect(stack.metadata.channels == 4)
    #expect(stack.metadata.timePoints == 2)
    #expect(stack.metadata.axes == VolumeAxes(parsing: order + "yx"))
    #expect(try readsGolden(stack))
  }

  @Test(arguments: folderContents("\(folder)/ome-set"))
  func `any file of an OME-TIFF set opens all of it`(name: String) throws {
    let stack = try TIFFStack("\(Self.folder)/ome-set/\(name)")
    #expect(stack.metadata.channels == 2)
    #expect(stack.metadata.voxelSize == VoxelSize(z: 40, y: 5, x: 4))
    #expect(try readsGolden(stack))
  }

  @Test func `the folder of an OME-TIFF set is the set`() throws {
    let stack = try TIFFStack("\(Self.folder)/ome-set")
    #expect(stack.metadata.channels == 2)
    #expect(try readsGolden(stack))
  }

  @Test func `a renamed OME-TIFF is still its own`() throws {
    #expect(try readsGolden(try TIFFStack("\(Self.folder)/ome-renamed.ome.tif")))
  }

  @Test(arguments: ["volume", "Image:1", "1"])
  func `an image is chosen by name, identifier or number`(dataset: String) throws {
    let path = "\(Self.folder)/ome-images.ome.tif"
    #expect(try readsGolden(try TIFFStack(path, dataset: dataset)))
    let first = try TIFFStack(path)
    #expect(try !readsGolden(first))
    #expect(first.notes.contains { $0.contains("1 (volume)") })
    let error = volumeError { _ = try TIFFStack(path, dataset: "other") }
    #expect(error?.code == .notFound)
    #expect(error?.expected == "0 (inverted), 1 (volume)")
  }

  @Test func `smaller versions of the pages are levels`() throws {
    let path = "\(Self.folder)/ome-pyramid.ome.tif"
    let opened = try TIFFFormat.open(VolumeSource(path))
    #expect(try readsGolden(try TIFFStack(path)))
    #expect(opened.levels.count == 2)
    let small = opened.levels[1]
    #expect(small.metadata.extent == VoxelExtent(z: 3, y: 15, x: 18))
    #expect(small.metadata.voxelSize?.x == 4.0 * 35 / 18)
    let volume = try small.read(small.metadata.box, as: UInt8.self)
    #expect(volume.row(z: 1, y: 3)[5] == goldenValue(1, 6, 10, UInt8.self))
  }

  @Test(arguments: [
    "imagej-tzc-le", "imagej-tzc-be", "imagej-one-header-le", "imagej-one-header-be",
  ])
  func `ImageJ hyperstacks are read with one header or with many`(name: String) throws {
    let stack = try TIFFStack("\(Self.folder)/\(name).tif")
    #expect(stack.metadata.extent == goldenExtent)
    #expect(stack.metadata.channels == 4)
    #expect(stack.metadata.timePoints == 2)
    #expect(stack.metadata.axes == VolumeAxes(parsing: "tzcyx"))
    #expect(
      stack.metadata.voxelSize == VoxelSize(z: 0.04, y: 0.005, x: 0.004, unit: .micrometer))
    #expect(try readsGolden(stack))
  }

  @Test func `a series that tifffile cut to one header is read whole`() throws {
    #expect(try readsGolden(try TIFFStack("\(Self.folder)/truncated-series.tif")))
  }

  @Test(arguments: folderContents(folder).filter { $0.hasPrefix("samples-") })
  func `values of a pixel are channels`(name: String) throws {
    let stack = try TIFFStack("\(Self.folder)/\(name)")
    #expect(stack.metadata.channels == 3)
    #expect(
      stack.metadata.axes == VolumeAxes(parsing: name.contains("contig") ? "zyxc" : "zcyx"))
    #expect(try readsGolden(stack))
  }

  @Test(arguments: ["colours-contig.tif", "colours-separate.tif", "colours-alpha.tif"])
  func `colours are labels where that is stated, and refused where not`(name: String) throws {
    let path = "\(Self.folder)/\(name)"
    let error = volumeError { _ = try TIFFStack(path) }
    #expect(error?.code == .unsupportedFeature)
    #expect(error?.remedy?.contains("--rgb-labels") == true)
    var stated = StatedLayout()
    stated.hasColourLabels = true
    let stack = try TIFFStack(path, stated: stated)
    #expect(stack.metadata.dataType == .uint32)
    let box = goldenBoxes[2]
    let volume = try stack.read(box, as: UInt32.self)
    for z in 0..<box.extent.z {
      for y in 0..<box.extent.y {
        let row = volume.row(z: z, y: y)
        for x in row.indices {
          let label = (z + box.origin.z) << 16 | (y + box.origin.y) << 8 | (x + box.origin.x)
          #expect(row[x] == UInt32(label))
        }
      }
    }
  }

  @Test func `files of many pages follow each other`() throws {
    let stack = try TIFFStack("\(Self.folder)/many-pages")
    #expect(try readsGolden(stack))
    #expect(stack.notes.contains { $0.contains("many pages") })
  }

  @Test func `stated axes say what pages count`() throws {
    let path = "\(Self.folder)/uint8-le-none-strip.tif"
    let times = try TIFFStack(path, stated: Self.axes("tyx"))
    #expect(times.metadata.extent == VoxelExtent(z: 1, y: 29, x: 35))
    #expect(times.metadata.timePoints == 3)
    let volume = try times.read(times.metadata.box, as: UInt8.self)
    for time in 0..<3 {
      #expect(volume.row(channel: time, z: 0, y: 7)[9] == goldenValue(time, 7, 9, UInt8.self))
    }
    var stated = Self.axes("c,z,y,x")
    stated.shape = [3, 1, 29, 35]
    #expect(try TIFFStack(path, stated: stated).metadata.channels == 3)
    // What ImageJ or OME says is overridden.
    var swapped = Self.axes("t,c,z,y,x")
    swapped.shape = [2, 3, 2, 29, 35]
    let stack = try TIFFStack("\(Self.folder)/ome-tcz.ome.tif", stated: swapped)
    #expect(stack.metadata.extent.z == 2)
    #expect(stack.metadata.channels == 6)
  }

  @Test(
    arguments: [
      ("yx", nil), ("xy", nil), ("zxy", nil), ("tzyx", nil), ("tzyx", [2, 2, 29, 35]),
      ("zyx", [3, 29, 36]), ("zyx", [29, 35]), ("zyxc", nil),
    ] as [(String, [Int]?)])
  func `axes that the pages cannot have are refused`(axes: String, shape: [Int]?) {
    var stated = Self.axes(axes)
    stated.shape = shape
    let error = volumeError {
      _ = try TIFFStack("\(Self.folder)/uint8-le-none-strip.tif", stated: stated)
    }
    #expect(error?.code == .malformedMetadata, "\(String(describing: error))")
    #expect(error?.remedy != nil)
  }
}
