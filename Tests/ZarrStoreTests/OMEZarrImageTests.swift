import Codecs
import Glibc
import TestSupport
import Testing
import VolumeStore
import ZarrStore
import Voxels

@Suite struct `An OME-Zarr image` {
  private let specification = ImageSpecification(
    name: "raw", extent: VoxelExtent(z: 20, y: 90, x: 70), dataType: .uint8,
    voxelSize: VoxelSize(z: 40, y: 4, x: 4), offset: PhysicalPosition(z: 80, y: 2, x: 1),
    layout: ChunkLayout(chunk: VoxelExtent(z: 16, y: 16, x: 16)),
    attributes: ["polarity": .string("bright")])

  @Test func `opens as it was created`() throws {
    let folder = TemporaryFolder()
    let created = try OMEZarrImage.create(specification, at: folder("i"))
    let image = try OMEZarrImage.open(at: folder("i"))
    #expect(image.name == "raw")
    #expect(image.warnings == [])
    #expect(image.attributes == ["polarity": .string("bright")])
    #expect(image.levels.map { $0.metadata } == created.levels.map { $0.metadata })
    #expect(
      image.levels.map { $0.metadata.extent } == [
        VoxelExtent(z: 20, y: 90, x: 70), VoxelExtent(z: 20, y: 45, x: 35),
        VoxelExtent(z: 20, y: 23, x: 18), VoxelExtent(z: 20, y: 12, x: 9),
        VoxelExtent(z: 10, y: 6, x: 5),
      ])
    #expect(image.levels[0].metadata.voxelSize == VoxelSize(z: 40, y: 4, x: 4))
    #expect(image.levels[0].metadata.offset == PhysicalPosition(z: 80, y: 2, x: 1))
    #expect(image.levels[2].metadata.voxelSize == VoxelSize(z: 40, y: 16, x: 16))
    #expect(image.levels[2].metadata.offset == PhysicalPosition(z: 80, y: 8, x: 7))
    #expect(image.levels[4].metadata.voxelSize == VoxelSize(z: 80, y: 64, x: 64))
    #expect(image.levels[4].metadata.offset == PhysicalPosition(z: 100, y: 32, x: 31))
    #expect(try ZarrArray.openVolume(at: folder("i")).metadata == image.levels[0].metadata)
    #expect(try ZarrArray.openVolume(at: folder("i/1")).metadata == image.levels[1].metadata)
  }

  @Test func `is not created over another`() throws {
    let folder = TemporaryFolder()
    _ = try OMEZarrImage.create(specification, at: folder("i"))
    let error = #expect(throws: VolumeError.self) {
      try OMEZarrImage.create(specification, at: folder("i"))
    }
    #expect(error?.code == .alreadyExists)
    var other = specification
    other.shape = VolumeShape(extent: VoxelExtent(z: 20, y: 90, x: 71))
    let second = #expect(throws: VolumeError.self) {
      try OMEZarrImage.resume(other, at: folder("i"))
    }
    #expect(second?.code == .alreadyExists)
  }

  @Test func `is resumed with its voxels and a creation that was stopped goes on`() throws {
    let folder = TemporaryFolder()
    let image = try OMEZarrImage.create(specification, at: folder("i"))
    let volume = randomVolume(UInt8.self, box: image.levels[1].metadata.box, seed: 2)
    _ = try image.levels[1].write(volume)
    let resumed = try OMEZarrImage.resume(specification, at: folder("i"))
    #expect(try resumed.levels[1].read(volume.box, as: UInt8.self) == volume)

    let text = contents(of: folder("i/zarr.json"))
    removeFile(folder("i/zarr.json"))
    removeFile(folder("i/3/zarr.json"))
    #expect(throws: VolumeError.self) { try OMEZarrImage.open(at: folder("i")) }
    let again = try OMEZarrImage.create(specification, at: folder("i"))
    #expect(contents(of: folder("i/zarr.json")) == text)
    #expect(again.levels.count == image.levels.count)
  }

  @Test func `gets new attributes without losing anything`() throws {
    let folder = TemporaryFolder()
    let image = try OMEZarrImage.create(specification, at: folder("i"))
    _ = try image.replacingAttributes(["offsets": .array([.integer(1)])])
    let reopened = try OMEZarrImage.open(at: folder("i"))
    #expect(reopened.attributes == ["offsets": .array([.integer(1)])])
    #expect(reopened.levels.map { $0.metadata } == image.levels.map { $0.metadata })
  }

  @Test func `of labels with channels says so`() throws {
    let folder = TemporaryFolder()
    var labels = specification
    labels.kind = .labels
    labels.dataType = .uint64
    labels.shape = VolumeShape(extent: labels.shape.extent, channels: 2)
    labels.layout.shard = VoxelExtent(z: 32, y: 32, x: 32)
    let image = try OMEZarrImage.create(labels, at: folder("l"))
    #expect(image.levels.map { $0.metadata.channels } == [2, 2, 2, 2, 2])
    let text = try JSONValue(parsing: contents(of: folder("l/zarr.json")))
    let ome = text.object?["attributes"]?.object?["ome"]?.object
    #expect(ome?["image-label"] != nil)
    #expect(try OMEZarrImage.open(at: folder("l")).levels[0].metadata.voxelSize?.z == 40)
  }

  @Test(arguments: [VolumeAxes.yx, .zyx, .czyx, .tczyx])
  func `has two to five axes`(axes: VolumeAxes) throws {
    let folder = TemporaryFolder()
    let shape = VolumeShape(
      axes: axes, extent: VoxelExtent(z: axes.contains(.z) ? 10 : 1, y: 20, x: 30),
      channels: axes.contains(.channel) ? 3 : 1, timePoints: axes.contains(.time) ? 2 : 1)
    let created = try OMEZarrImage.create(
      ImageSpecification(
        name: "raw", shape: shape, dataType: .uint16, voxelSize: VoxelSize(z: 8, y: 8, x: 4),
        offset: PhysicalPosition(z: 80, y: 2, x: 1),
        layout: ChunkLayout(chunk: VoxelExtent(z: 6, y: 7, x: 8), channels: 2)),
      at: folder("i"))
    let image = try OMEZarrImage.open(at: folder("i"))
    let level = image.levels[0]
    #expect(image.levels.map { $0.metadata } == created.levels.map { $0.metadata })
    #expect(VolumeShape(level.metadata) == shape)
    #expect(level.metadata.voxelSize == VoxelSize(z: 8, y: 8, x: 4))
    #expect(
      level.metadata.offset == PhysicalPosition(z: axes.contains(.z) ? 80 : 0, y: 2, x: 1))
    #expect(image.warnings.count == (axes.contains(.z) ? 0 : 1))
    let volume = randomVolume(
      UInt16.self, channels: level.metadata.channels, box: level.metadata.box, seed: 7)
    let records = try level.write(volume)
    let chunks = (axes.contains(.z) ? 2 : 1) * 3 * 4
    let values = axes.contains(.time) ? 4 : axes.contains(.channel) ? 2 : 1
    #expect(records.count == chunks * values)
    #expect(try level.read(volume.box, as: UInt16.self) == volume)
    #expect(try level.verify().findings == [])
  }

  @Test func `is removed whole, with what a stopped removal left`() throws {
    let folder = TemporaryFolder()
    _ = try OMEZarrImage.create(specification, at: folder("i"))
    // Left on another machine, long ago.
    let left = ".i.1.0000000000000000.partial"
    _ = mkdir(folder(left), 0o777)
    overwrite(folder("\(left)/zarr.json"), with: [1])
    var long = [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]
    #expect(utimes(folder(left), &long) == 0)
    try FileStore(root: folder("j")).write([UInt8]([1]).span.bytes, to: "precious")
    try FileStore.removeAtOnce(folder("i"))
    try FileStore.removeAtOnce(folder("i"))
    #expect(folderContents(folder.path) == ["j"])
    #expect(filesBelow(folder.path) == ["j/precious"])
  }

  @Test func `is told from what is none, and from a damaged one`() throws {
    let folder = TemporaryFolder()
    #expect(try OMEZarrImage.openIfPresent(at: folder("i")) == nil)
    let image = try OMEZarrImage.create(specification, at: folder("i"))
    #expect(try OMEZarrImage.openIfPresent(at: folder("i")) != nil)
    #expect(try OMEZarrImage.openIfPresent(at: image.levels[0].path) == nil)
    var text = contents(of: folder("i/zarr.json"))
    text[text.count / 2] ^= 0x80
    overwrite(folder("i/zarr.json"), with: text)
    for open in [
      { _ = try OMEZarrImage.openIfPresent(at: folder("i")) },
      { _ = try ZarrArray.openVolume(at: image.levels[0].path) },
    ] as [() throws -> Void] {
      let error = #expect(throws: VolumeError.self) { try open() }
      #expect(error?.code == .malformedMetadata)
      #expect(error?.path == folder("i/zarr.json"))
    }
  }
}
