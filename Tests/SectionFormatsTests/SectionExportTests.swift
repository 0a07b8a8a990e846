import SectionFormats
import TestSupport
import Testing
import VolumeStore
import Voxels

/// Writes a volume through a sink, cell by cell of its grid.
private func export<Scalar: VoxelScalar>(
  _ volume: Volume<Scalar>, _ format: any VolumeExport.Type, _ request: ExportRequest
) throws {
  let sink = try format.create(request)
  let extent = volume.box.extent
  #expect(sink.unit.y == extent.y && sink.unit.x == extent.x)
  for z in stride(from: 0, to: extent.z, by: sink.unit.z) {
    let part = VoxelBox(
      origin: VoxelPosition(z: z, y: 0, x: 0),
      extent: VoxelExtent(z: min(sink.unit.z, extent.z - z), y: extent.y, x: extent.x))
    try sink.write(volume.cropped(to: part))
  }
  try sink.finish()
}

private func metadata(
  _ type: DataType, _ extent: VoxelExtent, channels: Int = 1, times: Int = 1
) -> VolumeMetadata {
  let axes = times > 1 ? VolumeAxes([.time, .channel, .z, .y, .x]) : channels > 1 ? .czyx : .zyx
  return VolumeMetadata(
    extent: extent, channels: channels * times, timePoints: times, axes: axes ?? .zyx,
    dataType: type, voxelSize: VoxelSize(z: 40, y: 5, x: 4),
    storageUnit: VoxelExtent(z: 2, y: 8, x: 8))
}

@Suite struct TIFFExportTests {
  private static let extent = VoxelExtent(z: 5, y: 290, x: 273)

  @Test(arguments: [(3, 1), (1, 4), (2, 3)])
  func `channels and time points read back`(channels: Int, times: Int) throws {
    let folder = TemporaryFolder()
    let description = metadata(.uint16, Self.extent, channels: channels, times: times)
    let volume = randomVolume(
      UInt16.self, channels: channels * times, box: description.box, seed: 1)
    try export(
      volume, TIFFExport.self,
      ExportRequest(path: folder("a.tif"), metadata: description, isLabels: false, threads: 3))
    let stack = try TIFFStack(folder("a.tif"))
    #expect(stack.metadata.channels == channels * times)
    #expect(stack.metadata.timePoints == times)
    #expect(stack.metadata.voxelSize == VoxelSize(z: 40, y: 5, x: 4))
    #expect(try stack.read(description.box, as: UInt16.self) == volume)
  }

  @Test func `a BigTIFF reads back`() throws {
    let folder = TemporaryFolder()
    let description = metadata(.uint16, Self.extent, channels: 2)
    let volume = randomVolume(UInt16.self, channels: 2, box: description.box, seed: 7)
    let request = ExportRequest(path: folder("a.tif"), metadata: description, isLabels: false)
    let writer = try TIFFStackWriter(request, isLarge: true)
    try writer.write(volume)
    try writer.finish()
    #expect(contents(of: folder("a.tif"))[2] == 43)
    #expect(try TIFFStack(folder("a.tif")).read(description.box, as: UInt16.self) == volume)
  }

  @Test func `the number of threads changes no byte`() throws {
    let folder = TemporaryFolder()
    let description = metadata(.float32, Self.extent)
    let volume = randomVolume(Float.self, box: description.box, seed: 2)
    for threads in [1, 4] {
      try export(
        volume, TIFFExport.self,
        ExportRequest(
          path: folder("\(threads).tif"), metadata: description, isLabels: false, threads: threads))
    }
    #expect(contents(of: folder("1.tif")) == contents(of: folder("4.tif")))
  }

  @Test(arguments: [("sections/img_%04d.tif", true), ("img_%02d.tif", false)])
  func `a counter in the name makes one file per section`(name: String, isNew: Bool) throws {
    let folder = TemporaryFolder()
    let description = metadata(.uint32, Self.extent)
    let volume = randomVolume(UInt32.self, box: description.box, seed: 3)
    let request = ExportRequest(
      path: folder(name), metadata: description, isLabels: true, threads: 2)
    try export(volume, TIFFExport.self, request)
    let place = isNew ? folder("sections") : folder.path
    #expect(
      folderContents(place)
        == (0..<5).map { isNew ? "img_000\($0).tif" : "img_0\($0).tif" })
    #expect(folderContents(folder.path).allSatisfy { !$0.hasPrefix(".") })
    let stack = try TIFFStack(folder(name))
    #expect(stack.metadata.voxelSize == VoxelSize(z: 40, y: 5, x: 4))
    #expect(try stack.read(description.box, as: UInt32.self) == volume)

    let error = volumeError { _ = try TIFFExport.create(request) }
    #expect(error?.code == .alreadyExists)
  }

  @Test func `nothing appears before the last section, and replacing leaves no old section`() throws
  {
    let folder = TemporaryFolder()
    let description = metadata(.uint8, VoxelExtent(z: 3, y: 20, x: 20))
    for number in 0..<6 { overwrite(folder("s\(number).tif"), with: [1]) }
    overwrite(folder("other.txt"), with: [2])
    var request = ExportRequest(
      path: folder("s%d.tif"), metadata: description, isLabels: false, isReplacing: true)
    do {
      let sink = try TIFFExport.create(request)
      try sink.write(
        Volume<UInt8>(box: VoxelBox(extent: VoxelExtent(z: 2, y: 20, x: 20)), fill: 1))
      #expect(volumeError { try sink.finish() }?.code == .misalignedWrite)
      #expect(contents(of: folder("s0.tif")) == [1])
    }
    #expect(folderContents(folder.path).count == 7)
    let volume = randomVolume(UInt8.self, box: description.box, seed: 4)
    try export(volume, TIFFExport.self, request)
    #expect(folderContents(folder.path) == ["other.txt", "s0.tif", "s1.tif", "s2.tif"])
    #expect(try TIFFStack(folder("s%d.tif")).read(description.box, as: UInt8.self) == volume)
    request.path = folder("new/s%d.tif")
    do { _ = try TIFFExport.create(request) }
    #expect(folderContents(folder.path).count == 4)
  }
}

@Suite struct PNGExportTests {
  @Test(arguments: [DataType.uint8, .uint16])
  func `grey values read back exactly`(type: DataType) throws {
    func check<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      let folder = TemporaryFolder()
      let description = metadata(Scalar.dataType, VoxelExtent(z: 4, y: 33, x: 47))
      let volume = randomVolume(type, box: description.box, seed: 5)
      try export(
        volume, PNGExport.self,
        ExportRequest(path: folder("s_%03d.png"), metadata: description, isLabels: false))
      let stack = try PNGStack(folder("s_%03d.png"))
      #expect(try stack.read(description.box, as: type) == volume)
    }
    try check(type.scalarType)
  }

  @Test func `labels are stored in 16 bits, and refused where they need more`() throws {
    let folder = TemporaryFolder()
    let description = metadata(.uint64, VoxelExtent(z: 2, y: 9, x: 7))
    var volume = Volume<UInt64>(box: description.box, fill: 65535)
    let request = ExportRequest(path: folder("l%d.png"), metadata: description, isLabels: true)
    try export(volume, PNGExport.self, request)
    #expect(
      try PNGStack(folder("l%d.png")).read(description.box, as: UInt16.self)
        == Volume(box: description.box, fill: 65535))
    volume[VoxelPosition(z: 1, y: 0, x: 0)] = 65536
    let error = volumeError {
      try export(
        volume, PNGExport.self,
        ExportRequest(path: folder("m%d.png"), metadata: description, isLabels: true))
    }
    #expect(error?.found == "label 65536")
    #expect(folderContents(folder.path) == ["l0.png", "l1.png"])
  }

  @Test func `values that PNG cannot hold are refused with a way out`() {
    let folder = TemporaryFolder()
    for name in ["a.png", "a%d.png"] {
      for (type, isLabels, channels) in [
        (DataType.float32, false, 1), (.uint32, false, 1), (.uint8, false, 2),
      ] {
        let error = volumeError {
          _ = try PNGExport.create(
            ExportRequest(
              path: folder(name),
              metadata: metadata(type, VoxelExtent(cube: 4), channels: channels),
              isLabels: isLabels))
        }
        #expect(error?.code == .unsupportedFeature && error?.remedy != nil)
      }
    }
    #expect(folderContents(folder.path).isEmpty)
  }

  @Test func `a montage shows sections side by side, a white pixel between them`() throws {
    let folder = TemporaryFolder()
    let description = metadata(.uint16, VoxelExtent(z: 4, y: 6, x: 5))
    let volume = randomVolume(UInt16.self, box: description.box, seed: 6)
    try export(
      volume, PNGExport.self,
      ExportRequest(path: folder("m.png"), metadata: description, isLabels: false))
    let picture = try PNGStack(folder("m.png"))
    #expect(picture.metadata.extent == VoxelExtent(z: 1, y: 13, x: 11))
    let pixels = try picture.read(picture.metadata.box, as: UInt16.self)
    for y in 0..<13 {
      for x in 0..<11 {
        let isGap = y == 6 || x == 5
        let expected =
          isGap ? .max : volume.row(z: y / 7 * 2 + x / 6, y: y % 7)[x % 6]
        #expect(pixels.row(z: 0, y: y)[x] == expected)
      }
    }
  }

  @Test func `a montage of labels gives each its colour, zero black, whatever its place`() throws {
    let folder = TemporaryFolder()
    let description = metadata(.uint64, VoxelExtent(z: 1, y: 1, x: 1001))
    let volume = Volume<UInt64>(box: description.box, values: (0..<1001).map { UInt64($0 % 1000) })
    try export(
      volume, PNGExport.self,
      ExportRequest(path: folder("m.png"), metadata: description, isLabels: true))
    var stated = StatedLayout()
    stated.hasColourLabels = true
    let picture = try PNGStack(folder("m.png"), stated: stated)
    let row = try picture.read(picture.metadata.box, as: UInt32.self)
    let colours = (0..<1000).map { row.row(z: 0, y: 0)[$0] }
    #expect(colours[0] == 0)
    #expect(row.row(z: 0, y: 0)[1000] == 0)
    // Few of a thousand share one of a hundred thousand colours, and none is dark.
    #expect(Set(colours).count > 950)
    #expect(
      colours.dropFirst().allSatisfy {
        $0 & 0xFF > 0xF0 || $0 >> 8 & 0xFF > 0xF0 || $0 >> 16 > 0xF0
      })
  }

  @Test func `a montage of many sections shows some, from the first to the last`() throws {
    let folder = TemporaryFolder()
    let description = metadata(.uint8, VoxelExtent(z: 49, y: 3, x: 3))
    let values = (0..<49).flatMap { [UInt8](repeating: UInt8($0), count: 9) }
    try export(
      Volume<UInt8>(box: description.box, values: values), PNGExport.self,
      ExportRequest(path: folder("m.png"), metadata: description, isLabels: false))
    let picture = try PNGStack(folder("m.png"))
    #expect(picture.metadata.extent == VoxelExtent(z: 1, y: 19, x: 19))
    let pixels = try picture.read(picture.metadata.box, as: UInt8.self)
    let shown = (0..<25).map { pixels.row(z: 0, y: $0 / 5 * 4)[$0 % 5 * 4] }
    #expect(shown == (0..<25).map { UInt8($0 * 2) })
  }
}
