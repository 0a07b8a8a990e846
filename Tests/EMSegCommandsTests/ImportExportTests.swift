import TestSupport
import Testing
import VolumeFormats
import VolumeStore
import ZarrStore
import Voxels

@Suite struct ImportExportTests {
  private static let boxes = [
    VoxelExtent(z: 5, y: 31, x: 67), VoxelExtent(z: 1, y: 17, x: 33),
    VoxelExtent(z: 70, y: 3, x: 2),
    VoxelExtent(cube: 1),
  ]

  @Test(arguments: boxes, [DataType.uint8, .uint16, .uint32])
  func `what is exported as TIFF or HDF5 is imported as it was`(
    extent: VoxelExtent, type: DataType
  ) throws {
    switch type {
    case .uint8: try roundTrip(UInt8.self, extent)
    case .uint16: try roundTrip(UInt16.self, extent)
    default: try roundTrip(UInt32.self, extent)
    }
  }

  private func roundTrip<Scalar: VoxelScalar>(_ type: Scalar.Type, _ extent: VoxelExtent) throws {
    let folder = TemporaryFolder()
    let volume = randomVolume(type, box: VoxelBox(extent: extent), seed: 3)
    try store(volume, at: folder("first.zarr"), kind: .image)
    for (number, name) in ["v.tif", "v.h5"].enumerated() {
      let exported = emseg("export", folder("first.zarr"), "--output", folder(name))
      try #require(exported.status == 0, "\(exported.diagnostics)")
      let again = folder("again\(number).zarr")
      let imported = emseg(
        "import", folder(name), "--voxel-size", "10,10,10", "--output", again, "--block",
        "16,24,32")
      try #require(imported.status == 0, "\(imported.diagnostics)")
      let array = try ZarrArray.openVolume(at: again)
      // CREMI's labels have 64 bits.
      let widens = name == "v.h5" && Scalar.dataType == .uint32
      #expect(array.metadata.dataType == (widens ? .uint64 : Scalar.dataType))
      #expect(array.metadata.extent == extent)
      #expect(
        values(try array.readConverting(array.metadata.box, to: type)) == values(volume), "\(name)")
      #expect(emseg("verify", again).status == 0)
    }
    #expect(
      folderContents(folder.path)
        == ["again0.zarr", "again1.zarr", "first.zarr", "v.h5", "v.tif"])
  }

  @Test func `the imported sample says what it is and exports as the labels it came from`() throws {
    let folder = TemporaryFolder()
    let truth = sample + "/labels.h5"
    let imported = emseg("import", truth, "--output", folder("truth.zarr"))
    try #require(imported.status == 0, "\(imported.diagnostics)")
    let info = emseg("info", folder("truth.zarr"))
    #expect(info["shape"] == "64,128,128")
    #expect(info["data_type"] == "uint64")
    #expect(info["voxel_size_nm"] == "10,10,10")
    #expect(info["level_1"] == "32,64,64 voxels of 20,20,20 nm in chunks of 64,64,64")
    #expect(
      emseg("info", folder("truth.zarr"), "--json").output.contains("\"shape\" : \"64,128,128\""))
    #expect(emseg("export", folder("truth.zarr"), "--output", folder("truth.h5")).status == 0)
    let score = emseg("evaluate", "segmentation", folder("truth.h5"), truth)
    #expect(score["voi_sum"] == "0")
    #expect(score["arand"] == "0")
    #expect(score["voxels"] == "881676")
    let coarse = emseg("export", folder("truth.zarr"), "--level", "1", "--output", folder("c.h5"))
    #expect(coarse.status == 0, "\(coarse.diagnostics)")
    #expect(emseg("info", folder("c.h5"))["voxel_size_nm"] == "20,20,20")
  }

  @Test func `voxels that are not cubes keep their size through every format`() throws {
    let folder = TemporaryFolder()
    try store(
      randomVolume(UInt8.self, box: VoxelBox(extent: VoxelExtent(z: 6, y: 20, x: 30)), seed: 1),
      at: folder("in.zarr"), kind: .image)
    let imported = emseg(
      "import", folder("in.zarr"), "--voxel-size", "40,4,4.5", "--output", folder("a.zarr"))
    try #require(imported.status == 0, "\(imported.diagnostics)")
    #expect(imported.diagnostics.contains("states a voxel size of 10,10,10 nm"))
    for name in ["v.tif", "v.h5"] {
      try #require(emseg("export", folder("a.zarr"), "--output", folder(name)).status == 0)
      #expect(emseg("info", folder(name))["voxel_size_nm"] == "40,4,4.5", "\(name)")
    }
  }

  @Test func `a shard holds whole chunks`() throws {
    let folder = TemporaryFolder()
    let volume = randomVolume(
      UInt8.self, box: VoxelBox(extent: VoxelExtent(z: 20, y: 40, x: 50)), seed: 1)
    try store(volume, at: folder("in.zarr"), kind: .image)
    let refused = emseg(
      "import", folder("in.zarr"), "--chunk", "8,8,8", "--shard", "16,16,12", "--output",
      folder("out.zarr"))
    #expect(refused.status == 64)
    #expect(folderContents(folder.path) == ["in.zarr"])
    let sharded = emseg(
      "import", folder("in.zarr"), "--chunk", "8,8,8", "--shard", "16,16,16", "--output",
      folder("out.zarr"))
    #expect(sharded.status == 0, "\(sharded.diagnostics)")
    #expect(try labels(at: folder("out.zarr")) == values(volume).map(UInt64.init))
  }

  @Test(arguments: ["v.h5", "v.tif"])
  func `an export that is interrupted leaves no file`(name: String) throws {
    let folder = TemporaryFolder()
    try store(
      randomVolume(UInt32.self, box: VoxelBox(extent: VoxelExtent(cube: 40)), seed: 1),
      at: folder("in.zarr"))
    let line = ["export", folder("in.zarr"), "--output", folder(name)]
    #expect(emseg(line, interruptedAt: "export").status == 130)
    #expect(folderContents(folder.path) == ["in.zarr"])
    overwrite(folder(name), with: [1, 2, 3])
    #expect(emseg(line + ["--force"], interruptedAt: "export").status == 130)
    #expect(contents(of: folder(name)) == [1, 2, 3], "what was there stays until the new is whole")
  }

  @Test func `labels too large for TIFF are refused, and renumbered ones taken`() throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 3))
    try store(Volume<UInt64>(box: box, values: [0, 7, 1 << 40]), at: folder("in.zarr"))
    let refused = emseg("export", folder("in.zarr"), "--output", folder("v.tif"))
    #expect(refused.status == 65)
    #expect(refused.diagnostics.contains("label 1099511627776"))
    #expect(folderContents(folder.path) == ["in.zarr"])
    try #require(
      emseg("components", folder("in.zarr"), "--output", folder("c.zarr")).status == 0)
    #expect(emseg("export", folder("c.zarr"), "--output", folder("v.tif")).status == 0)
    #expect(emseg("info", folder("v.tif"))["data_type"] == "uint32")
  }
}
