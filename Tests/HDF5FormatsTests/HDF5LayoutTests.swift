import HDF5Formats
import TestSupport
import Testing
import VolumeStore
import Voxels

/// Axes, filters and layouts of other programs: see `tools/golden/hdf5.py`.
@Suite struct HDF5LayoutTests {
  static let folder = "\(volumes)/golden/h5py-3.16.0"

  private static func open(
    _ name: String, dataset: String? = nil, axes: String? = nil
  ) throws -> OpenedVolume {
    var stated = StatedLayout.none
    stated.axes = axes.flatMap { VolumeAxes(parsing: $0) }
    return try HDF5Format.open(
      VolumeSource("\(folder)/\(name)", dataset: dataset, stated: stated))
  }

  @Test(
    arguments: ["xyz", "zxy", "yxz", "xyzc", "cxyz", "xyzct"],
    ["gzip", "contiguous", "chunked", "untold"])
  func `any order of axes reads as channel, z, y, x`(order: String, dataset: String) throws {
    let isThere = order.count == 3 || order == "xyzc" || ["gzip", "untold"].contains(dataset)
    guard isThere else { return }
    let opened = try Self.open(
      "orders.h5", dataset: "/\(order)/\(dataset)", axes: dataset == "untold" ? order : nil)
    let metadata = opened.reader.metadata
    #expect(metadata.extent == HDF5DatasetGoldenTests.extent)
    #expect(metadata.timePoints == (order.contains("t") ? 2 : 1))
    #expect(metadata.channels == (order.contains("c") ? 2 : 1) * metadata.timePoints)
    #expect(metadata.axes == VolumeAxes(parsing: order))
    #expect(try readsGolden(opened.reader))
  }

  @Test(arguments: ["gzip", "contiguous", "chunked"])
  func `a picture is a volume of one section`(dataset: String) throws {
    let reader = try Self.open("orders.h5", dataset: "/yx/\(dataset)").reader
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 20, x: 22))
    #expect(reader.metadata.box == box)
    #expect(try reader.read(box, as: UInt16.self) == goldenVolume(box, UInt16.self))
  }

  @Test func `axes stated of another number are refused`() {
    let error = volumeError {
      _ = try Self.open("orders.h5", dataset: "/xyz/untold", axes: "czyx")
    }
    #expect(error?.code == .unsupportedFeature)
    #expect(error?.remedy?.contains("--axes") == true)
  }

  @Test(
    arguments: [DataType.uint8, .uint16],
    ["lzf", "lzf-shuffle", "fletcher32", "blosc", "blosc-zstd", "zstd", "gzip-9", "scale-offset"])
  func `every filter is undone`(type: DataType, filter: String) throws {
    let reader = try Self.open("filters.h5", dataset: "/\(type.rawValue)/\(filter)").reader
    #expect(try readsGolden(reader))
  }

  @Test func `a chunk that skipped its filter reads as it is`() throws {
    let noise = try Self.open("filters.h5", dataset: "/noise").reader
    let plain = try Self.open("filters.h5", dataset: "/noise-plain").reader
    for box in HDF5DatasetGoldenTests.boxes {
      #expect(try noise.read(box, as: UInt8.self) == plain.read(box, as: UInt8.self))
    }
  }

  @Test func `CREMI labels keep their background`() throws {
    let opened = try Self.open("labels-only.h5")
    #expect(opened.reader.metadata.offset == PhysicalPosition(z: 40, y: 8, x: 12))
    let box = VoxelBox(extent: VoxelExtent(z: 2, y: 1, x: 1))
    let labels = try opened.reader.read(box, as: UInt64.self)
    #expect(labels[.zero] == .max)
    #expect(labels[VoxelPosition(z: 1, y: 0, x: 0)] == UInt64.max - 1)
  }

  @Test(arguments: [
    "resolution", "micrometers", "units", "unit", "spacing", "reversed", "group/inner",
  ])
  func `voxel sizes in any unit`(dataset: String) throws {
    let metadata = try Self.open("scales.h5", dataset: dataset).reader.metadata
    let size = try #require(metadata.voxelSize)
    #expect(abs(size.z - 40) < 1e-5 && abs(size.y - 5) < 1e-5 && abs(size.x - 4) < 1e-5)
    if dataset == "units" {
      #expect(abs(metadata.offset.z - 1000) < 1e-9 && abs(metadata.offset.x - 3000) < 1e-9)
    }
  }

  @Test(arguments: ["pixels", "none"])
  func `a voxel size that is not known is noted`(dataset: String) throws {
    let opened = try Self.open("scales.h5", dataset: dataset)
    #expect(opened.reader.metadata.voxelSize == nil)
    #expect(opened.notes.contains { $0.contains("voxel size") || $0.contains("no length") })
  }

  @Test(arguments: ["single", "trailing", "channels", "plain"])
  func `chunks may be longer than the axes they cut`(dataset: String) throws {
    let reader = try Self.open("long-chunks.h5", dataset: dataset).reader
    #expect(reader.metadata.extent == HDF5DatasetGoldenTests.extent)
    #expect(reader.metadata.channels == (["channels", "plain"].contains(dataset) ? 3 : 1))
    #expect(try readsGolden(reader))
  }

  @Test func `netCDF names axes by their scales`() throws {
    let opened = try Self.open("netcdf.h5")
    #expect(opened.reader.metadata.axes.description == "x,y,z")
    #expect(try readsGolden(opened.reader))
  }

  @Test func `MATLAB stores rows fastest`() throws {
    let opened = try Self.open("matlab.mat")
    #expect(opened.notes.contains { $0.contains("MATLAB") })
    #expect(try readsGolden(opened.reader))
  }

  @Test func `BigDataViewer files have levels, time points and unsigned values`() throws {
    let opened = try Self.open("bdv.h5")
    let metadata = opened.reader.metadata
    #expect(opened.levels.count == 2)
    #expect(metadata.dataType == .uint16 && metadata.timePoints == 2 && metadata.channels == 2)
    #expect(metadata.axes.description == "t,z,y,x")
    let size = try #require(metadata.voxelSize)
    #expect(abs(size.z - 40) < 1e-9 && abs(size.y - 5) < 1e-9 && abs(size.x - 4) < 1e-9)
    let coarse = opened.levels[1].metadata
    #expect(coarse.extent == VoxelExtent(z: 3, y: 10, x: 11))
    #expect(abs((coarse.voxelSize?.x ?? 0) - 8) < 1e-9 && abs(coarse.offset.x - 2) < 1e-9)
    #expect(opened.notes.contains { $0.contains("taken as uint16") })
    #expect(try readsGolden(opened.reader))
    #expect(try Self.open("bdv.h5", dataset: "s00").levels.count == 2)
    #expect(
      try Self.open("bdv.h5", dataset: "/t00001/s00/1/cells").reader.metadata.dataType == .uint16)
  }

  @Test func `Imaris files are cropped to their image`() throws {
    let opened = try Self.open("imaris.ims")
    let metadata = opened.reader.metadata
    #expect(metadata.extent == HDF5DatasetGoldenTests.extent)
    #expect(metadata.channels == 4 && metadata.timePoints == 2)
    let size = try #require(metadata.voxelSize)
    #expect(abs(size.z - 40) < 1e-6 && abs(size.y - 5) < 1e-6 && abs(size.x - 4) < 1e-6)
    #expect(metadata.offset == PhysicalPosition(z: 1000, y: 0, x: 0))
    #expect(opened.levels[1].metadata.extent == VoxelExtent(z: 3, y: 10, x: 11))
    #expect(try readsGolden(opened.reader))
  }

  @Test func `chunks are shared by reads that cut them`() throws {
    let reader = try HDF5Dataset("\(Self.folder)/orders.h5", dataset: "/zxy/gzip")
    for y in 0..<20 {
      let box = VoxelBox(
        origin: VoxelPosition(z: 0, y: y, x: 0), extent: VoxelExtent(z: 3, y: 1, x: 22))
      #expect(try reader.read(box, as: UInt16.self) == goldenVolume(box, UInt16.self))
    }
    #expect(reader.readingMemory.held >= 2 * 12 * 12 * 2)
  }
}

@Suite struct HDF5RealFilesTests {
  @Test(.enabled(if: shared != nil, "the shared data is not here"))
  func `SNEMI3D labels`() throws {
    let reader = try HDF5Dataset("\(shared ?? "")/data/em/snemi3d/labels.h5")
    #expect(reader.metadata.extent == VoxelExtent(z: 70, y: 640, x: 1024))
    #expect(reader.metadata.voxelSize == VoxelSize(z: 30, y: 6, x: 6))
  }
}
