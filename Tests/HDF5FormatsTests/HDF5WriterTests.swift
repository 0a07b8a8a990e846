import HDF5Formats
import TestSupport
import Testing
import VolumeStore
import Voxels

/// Whether a folder holds a partial file of a name and nothing else.
private func isPartial(_ names: [String], of name: String) -> Bool {
  names.count == 1 && names[0].hasPrefix(".\(name).") && names[0].hasSuffix(".partial")
}

@Suite struct HDF5WriterTests {
  @Test(arguments: DataType.allCases, [1, 3])
  func `what is written reads back, whatever the regions and their order`(
    type: DataType, channels: Int
  ) throws {
    func check<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      let folder = TemporaryFolder()
      let metadata = VolumeMetadata(
        extent: VoxelExtent(z: 10, y: 70, x: 66), channels: channels,
        axes: channels > 1 ? .czyx : .zyx,
        dataType: Scalar.dataType,
        voxelSize: VoxelSize(z: 0.04, y: 0.005, x: 0.004, unit: .micrometer),
        offset: PhysicalPosition(z: 0.4, y: 0, x: 1), storageUnit: VoxelExtent(cube: 64))
      let volume = randomVolume(type, channels: channels, box: metadata.box, seed: 5)
      let writer = try HDF5Writer(folder("labels.h5"))
      let dataset = "/volumes/labels/neuron_ids"
      try writer.addDataset(dataset, metadata: metadata)
      for z in [7, 0] {
        for y in [0, 33] {
          let end = VoxelPosition(z: z == 0 ? 7 : 10, y: y == 0 ? 33 : 70, x: 66)
          let part = VoxelBox(from: VoxelPosition(z: z, y: y, x: 0), to: end)
          try writer.write(volume.cropped(to: part), to: dataset)
        }
      }
      #expect(isPartial(folderContents(folder.path), of: "labels.h5"))
      try writer.finish()
      #expect(folderContents(folder.path) == ["labels.h5"])
      let reader = try HDF5Dataset(folder("labels.h5"))
      #expect(reader.dataset == dataset)
      #expect(reader.metadata.channels == channels)
      let size = try #require(reader.metadata.voxelSize)
      #expect(abs(size.z - 40) < 1e-9 && abs(size.x - 4) < 1e-9)
      #expect(abs(reader.metadata.offset.x - 1000) < 1e-9)
      #expect(try reader.read(metadata.box, as: type) == volume)
    }
    try check(type.scalarType)
  }

  @Test func `several datasets lie in one file`() throws {
    let folder = TemporaryFolder()
    let metadata = VolumeMetadata(
      extent: VoxelExtent(cube: 6), dataType: .uint8, voxelSize: nil,
      storageUnit: VoxelExtent(cube: 6))
    var labels = metadata
    labels.dataType = .uint64
    let writer = try HDF5Writer(folder("both.h5"))
    try writer.addDataset("/volumes/raw", metadata: metadata)
    try writer.addDataset("/volumes/labels/neuron_ids", metadata: labels)
    try writer.write(Volume<UInt8>(box: metadata.box, fill: 9), to: "/volumes/raw")
    try writer.write(
      Volume<UInt64>(box: metadata.box, fill: .max), to: "/volumes/labels/neuron_ids")
    try writer.finish()
    let raw = try HDF5Dataset(folder("both.h5"))
    #expect(raw.dataset == "/volumes/raw")
    #expect(try raw.read(metadata.box, as: UInt8.self) == Volume(box: metadata.box, fill: 9))
    let read = try HDF5Dataset(folder("both.h5"), dataset: "/volumes/labels/neuron_ids")
    #expect(try read.read(metadata.box, as: UInt64.self) == Volume(box: metadata.box, fill: .max))
  }

  @Test func `equal volumes give equal files`() throws {
    let folder = TemporaryFolder()
    let metadata = VolumeMetadata(
      extent: VoxelExtent(cube: 20), dataType: .uint16, voxelSize: VoxelSize(z: 1, y: 1, x: 1),
      storageUnit: VoxelExtent(cube: 20))
    let volume = randomVolume(UInt16.self, box: metadata.box, seed: 8)
    for name in ["a.h5", "b.h5"] {
      let writer = try HDF5Writer(folder(name))
      try writer.addDataset("/volumes/raw", metadata: metadata)
      try writer.write(volume, to: "/volumes/raw")
      try writer.finish()
    }
    #expect(contents(of: folder("a.h5")) == contents(of: folder("b.h5")))
  }

  @Test func `an abandoned file leaves nothing`() throws {
    let folder = TemporaryFolder()
    do {
      let writer = try HDF5Writer(folder("labels.h5"))
      try writer.addDataset(
        "/main",
        metadata: VolumeMetadata(
          extent: VoxelExtent(cube: 8), dataType: .uint8, voxelSize: nil,
          storageUnit: VoxelExtent(cube: 8)))
    }
    #expect(folderContents(folder.path).isEmpty)
  }

  @Test(arguments: DataType.allCases, [1, 3])
  func `an export of time points and channels reads back, whatever the threads`(
    type: DataType, threads: Int
  ) throws {
    func check<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      let folder = TemporaryFolder()
      let metadata = VolumeMetadata(
        extent: VoxelExtent(z: 66, y: 5, x: 7), channels: 4, timePoints: 2, axes: .czyx,
        dataType: Scalar.dataType, voxelSize: VoxelSize(z: 40, y: 5, x: 4),
        storageUnit: VoxelExtent(cube: 64))
      let volume = randomVolume(type, channels: 4, box: metadata.box, seed: 5)
      let sink = try HDF5Export.create(
        ExportRequest(
          path: folder("image.h5"), metadata: metadata, isLabels: false, threads: threads))
      var start = 0
      while start < 66 {
        let part = VoxelBox(
          from: VoxelPosition(z: start, y: 0, x: 0),
          to: VoxelPosition(z: min(66, start + sink.unit.z), y: 5, x: 7))
        try sink.write(volume.cropped(to: part))
        start += sink.unit.z
      }
      try sink.finish()
      let reader = try HDF5Dataset(folder("image.h5"))
      #expect(reader.dataset == "/volumes/raw")
      #expect(reader.metadata.axes.description == "t,c,z,y,x")
      #expect(reader.metadata.channels == 4 && reader.metadata.timePoints == 2)
      #expect(reader.metadata.voxelSize == VoxelSize(z: 40, y: 5, x: 4))
      #expect(try reader.read(metadata.box, as: type) == volume)
    }
    try check(type.scalarType)
  }

  @Test func `exported labels are 64-bit, where CREMI has them`() throws {
    let folder = TemporaryFolder()
    let metadata = VolumeMetadata(
      extent: VoxelExtent(cube: 9), dataType: .uint32, voxelSize: nil,
      storageUnit: VoxelExtent(cube: 9))
    let volume = randomVolume(UInt32.self, box: metadata.box, seed: 5)
    let sink = try HDF5Export.create(
      ExportRequest(path: folder("labels.h5"), metadata: metadata, isLabels: true))
    #expect(sink.unit == metadata.extent)
    try sink.write(volume)
    try sink.finish()
    let reader = try HDF5Dataset(folder("labels.h5"))
    #expect(reader.dataset == "/volumes/labels/neuron_ids")
    #expect(try reader.read(metadata.box, as: UInt64.self) == volume.converted(to: UInt64.self))
  }

  @Test func `a folder that is not there is named`() {
    let error = volumeError { _ = try HDF5Writer("/nowhere/at/all.h5") }
    #expect(error?.path == "/nowhere/at/all.h5")
  }
}
