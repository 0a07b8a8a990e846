import Codecs
import TestSupport
import Testing
import VolumeStore
import Voxels
import ZarrStore

@Suite struct `Labels inside an image` {
  private let extent = VoxelExtent(z: 20, y: 90, x: 70)

  private func image(_ folder: TemporaryFolder) throws -> OMEZarrImage {
    try OMEZarrImage.create(
      ImageSpecification(
        name: "raw", extent: extent, dataType: .uint8, voxelSize: VoxelSize(z: 40, y: 4, x: 4),
        layout: ChunkLayout(chunk: VoxelExtent(cube: 16))),
      at: folder("i"))
  }

  private func labels(_ name: String, chunk: Int = 32) -> ImageSpecification {
    ImageSpecification(
      name: name, kind: .labels, extent: extent, dataType: .uint64,
      voxelSize: VoxelSize(z: 40, y: 4, x: 4), layout: ChunkLayout(chunk: VoxelExtent(cube: chunk)))
  }

  @Test func `are as many levels as the image's, and listed`() throws {
    let folder = TemporaryFolder()
    let image = try image(folder)
    #expect(try image.labelNames() == [])
    // A single chunk would need one level only.
    let created = try image.createLabels(labels("seg", chunk: 128))
    _ = try image.createLabels(labels("cells"))
    #expect(try image.labelNames() == ["seg", "cells"])
    let opened = try image.labels(named: "seg")
    #expect(opened.path == folder("i/labels/seg"))
    #expect(opened.isLabels && opened.name == "seg" && opened.warnings == [])
    #expect(!image.isLabels)
    #expect(opened.levels.map { $0.metadata.extent } == image.levels.map { $0.metadata.extent })
    #expect(
      opened.levels.map { $0.metadata.voxelSize } == image.levels.map { $0.metadata.voxelSize })
    let box = created.levels[4].metadata.box
    let volume = randomVolume(UInt64.self, box: box, seed: 1)
    _ = try created.levels[4].write(volume)
    #expect(try opened.levels[4].read(box, as: UInt64.self) == volume)
    let text = try JSONValue(parsing: contents(of: folder("i/labels/seg/zarr.json")))
    let ome = text.object?["attributes"]?.object?["ome"]?.object
    #expect(
      ome?["image-label"]?.object?["source"] == .object(["image": .string("../../")]))
  }

  @Test func `are created once, and resumed where a creation was stopped`() throws {
    let folder = TemporaryFolder()
    let image = try image(folder)
    _ = try image.createLabels(labels("seg"))
    let error = volumeError { _ = try image.createLabels(labels("seg")) }
    #expect(error?.code == .alreadyExists)
    // Stopped before the list was written.
    removeFile(folder("i/labels/zarr.json"))
    #expect(try image.labelNames() == [])
    _ = try image.resumeLabels(labels("seg"))
    _ = try image.resumeLabels(labels("seg"))
    #expect(try image.labelNames() == ["seg"])
    #expect(folderContents(folder("i/labels")) == ["seg", "zarr.json"])
  }

  @Test(arguments: ["", ".", "..", "../x", "a/b", "/etc", ".hidden", "zarr.json", "a\nb"])
  func `have the name of a folder beside the list`(name: String) throws {
    let folder = TemporaryFolder()
    let image = try image(folder)
    let error = volumeError { _ = try image.createLabels(labels(name)) }
    #expect(error?.code == .unsupportedFeature)
    #expect(folderContents(folder.path) == ["i"])
    #expect(!folderContents(folder("i")).contains("labels"))
    // The same in a list that someone else wrote.
    let start =
      #"{"zarr_format":3,"node_type":"group","attributes":{"ome":{"version":"0.5","labels":["#
    let text = Array(start.utf8) + (try JSONValue.string(name).encoded()) + Array("]}}}".utf8)
    try FileStore(root: folder("i")).write(text.span.bytes, to: "labels/zarr.json")
    #expect(volumeError { _ = try image.labelNames() }?.code == .malformedMetadata)
  }

  @Test func `of another size have as many levels too, or are refused`() throws {
    let folder = TemporaryFolder()
    let image = try image(folder)
    var part = labels("part")
    part.shape = VolumeShape(extent: VoxelExtent(z: 20, y: 40, x: 40))
    #expect(try image.createLabels(part).levels.count == image.levels.count)
    part.name = "point"
    part.shape = VolumeShape(extent: VoxelExtent(cube: 1))
    #expect(volumeError { _ = try image.createLabels(part) }?.code == .unsupportedFeature)
  }
}
