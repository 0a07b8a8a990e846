import SectionFormats
import TestSupport
import Testing
import VolumeFormats
import VolumeStore
import ZarrStore
import Voxels

@Suite struct OpenVolumeTests {
  private static let tiff = "\(volumes)/golden/tifffile-2026.3.3"
  private static let hdf5 = "\(volumes)/golden/h5py-3.16.0"

  @Test(arguments: [
    ("\(tiff)/folder", "TIFF"), ("\(tiff)/folder/*.tif", "TIFF"),
    ("\(tiff)/folder/slice_%d.tif", "TIFF"), ("\(tiff)/uint16-big-lzw-tile.tif", "TIFF"),
    ("\(hdf5)/cremi.h5", "HDF5"), ("\(hdf5)/cremi.h5:/volumes/labels/neuron_ids", "HDF5"),
  ])
  func `a source is recognised by what is there`(path: String, format: String) throws {
    let opened = try openVolume(path)
    #expect(opened.formatName == format)
    #expect(try readsGolden(opened.reader))
  }

  @Test func `a dataset is chosen by name`() throws {
    let opened = try openVolume("\(Self.hdf5)/cremi.h5", dataset: "/volumes/labels/neuron_ids")
    #expect(opened.reader.metadata.dataType == .uint64)
  }

  @Test func `content counts, not the name's ending`() throws {
    let folder = TemporaryFolder()
    overwrite(folder("stack"), with: contents(of: "\(Self.tiff)/uint16-big-lzw-tile.tif"))
    overwrite(folder("volume"), with: contents(of: "\(Self.hdf5)/main.h5"))
    #expect(try openVolume(folder("stack")).formatName == "TIFF")
    #expect(try openVolume(folder("volume")).formatName == "HDF5")
  }

  @Test func `an OME-Zarr image opens at its finest level, and a level by name`() throws {
    let folder = TemporaryFolder()
    let image = try OMEZarrImage.create(
      ImageSpecification(
        name: "raw", extent: goldenExtent, dataType: .uint8,
        voxelSize: VoxelSize(z: 40, y: 5, x: 4),
        layout: ChunkLayout(chunk: VoxelExtent(cube: 32))),
      at: folder("raw.zarr"))
    _ = try image.levels[0].write(goldenVolume(VoxelBox(extent: goldenExtent), UInt8.self))
    for (path, dataset) in [
      (folder("raw.zarr"), nil), (folder("raw.zarr"), "0"), (folder("raw.zarr:0"), nil),
      (folder("raw.zarr/0"), nil),
    ] as [(String, String?)] {
      let opened = try openVolume(path, dataset: dataset)
      #expect(opened.formatName == "OME-Zarr")
      #expect(opened.reader.metadata.voxelSize == VoxelSize(z: 40, y: 5, x: 4))
      #expect(try readsGolden(opened.reader))
    }
  }

  @Test func `what cannot be opened says why and what to do`() throws {
    let folder = TemporaryFolder()
    overwrite(folder("notes.txt"), with: Array("no volume".utf8))
    for (path, code) in [
      (folder("none"), VolumeError.Code.notFound), (folder("notes.txt"), .unsupportedFeature),
      (folder.path, .unsupportedFeature), (folder("none_%04d.tif"), .notFound),
      (folder("*.tif"), .notFound),
    ] {
      let error = volumeError { _ = try openVolume(path) }
      #expect(error?.code == code, "\(path): \(String(describing: error))")
      #expect(error?.remedy?.isEmpty == false)
    }
    let error = volumeError { _ = try openVolume("\(Self.tiff)/folder", dataset: "/raw") }
    #expect(error?.code == .unsupportedFeature)
  }
}

@Suite struct SectionOrderTests {
  private static func error(_ names: [String]) -> VolumeError? {
    volumeError { _ = try SectionSeries(names, place: "stack") }
  }

  private static func order(_ names: [String]) throws -> [String] {
    try SectionSeries(names, place: "stack").paths
  }

  @Test func `numbers order by value, equal text by text`() throws {
    #expect(
      try Self.order(["s/z10.tif", "s/z9.tif", "s/z11.tif"])
        == ["s/z9.tif", "s/z10.tif", "s/z11.tif"])
    #expect(try Self.order(["a_1_b_2.tif", "a_1_b_1.tif"]) == ["a_1_b_1.tif", "a_1_b_2.tif"])
  }

  @Test func `sections that lie regularly apart are complete`() throws {
    #expect(try Self.order(["0.tif", "20.tif", "10.tif", "30.tif"]).count == 4)
    #expect(Self.error(["0.tif", "10.tif", "30.tif"])?.found == "no 20.tif")
  }

  @Test func `many missing sections are counted`() {
    let error = Self.error(["0001.tif", "0002.tif", "1000000.tif"])
    #expect(error?.message == "999997 sections are missing")
    #expect(error?.found?.hasSuffix("0007.tif and 999992 more") == true, "\(error as Any)")
  }

  @Test func `names that do not count are taken in order, and said so`() throws {
    let series = try SectionSeries(["b.tif", "a.tif"], place: "stack")
    #expect(series.paths == ["a.tif", "b.tif"])
    #expect(series.notes.count == 1)
  }

  @Test func `numbers too long to count do not trap`() throws {
    let long = String(repeating: "9", count: 40)
    #expect(try Self.order(["\(long)1.tif", "\(long)0.tif"]).first == "\(long)0.tif")
  }
}
