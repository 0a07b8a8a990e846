import Codecs
import TestSupport
import Testing
import VolumeFormats
import VolumeStore
import Voxels
import ZarrStore

/// Arrays and images that zarr-python 3.1.6 wrote as Zarr v2 (tools/golden/zarr2.py).
@Suite struct `A Zarr v2 store of zarr-python` {
  static let folder = "\(volumesFolder)/golden/zarr-python-3.1.6-v2"
  static let arrays = folderContents(folder).filter { isFolder("\(folder)/\($0)/array.zarr") }
  static let images = folderContents(folder).filter { isFolder("\(folder)/\($0)/image.zarr") }

  @Test func `is there in every kind`() {
    #expect(Self.arrays.count == 46)
    #expect(Self.images.count == 9)
  }

  @Test(arguments: arrays.filter { $0 != "f2-gzip" || DataType(rawValue: "float16") != nil })
  func `is read as it was written`(name: String) throws {
    let opened = try openVolume("\(Self.folder)/\(name)/array.zarr")
    #expect(opened.formatName == "OME-Zarr")
    try checkValues(opened.reader, contents(of: "\(Self.folder)/\(name)/expected.bin"))
    #expect(try ZarrArray.openVolume(at: opened.reader.path).verify().findings == [])
  }

  @Test(arguments: images) func `is read as an image`(name: String) throws {
    let opened = try openVolume("\(Self.folder)/\(name)/image.zarr")
    try checkValues(opened.reader, contents(of: "\(Self.folder)/\(name)/expected.bin"))
    let expected = try ExpectedPlaces("\(Self.folder)/\(name)/expected.json")
    #expect(opened.notes.isEmpty != expected.hasNotes, "\(opened.notes)")
    try expected.check(opened.levels)
  }

  @Test func `gives an array within the image its place`() throws {
    let image = "\(Self.folder)/image-0.4/image.zarr"
    let level = try openVolume(image, dataset: "1").reader
    #expect(level.metadata.voxelSize == VoxelSize(z: 40, y: 8, x: 8))
    #expect(level.metadata.offset == PhysicalPosition(z: 0, y: 2, x: 2))
  }

  @Test func `holds labels too`() throws {
    let image = "\(Self.folder)/image-0.4/image.zarr"
    let labels = try openVolume(image, dataset: "labels/cells").reader
    #expect(labels.metadata.dataType == .uint64)
    try checkValues(labels, contents(of: "\(Self.folder)/image-0.4/labels.bin"))
    // The group of all labels is no image; its only volume is taken.
    let only = try openVolume(image, dataset: "labels")
    #expect(only.notes == ["the only volume in the group was taken: cells"])
  }
}

/// Arrays that tensorstore 0.1.86 wrote as Zarr v2 (tools/golden/zarr2.py).
@Suite struct `A Zarr v2 array of tensorstore` {
  static let folder = "\(volumesFolder)/golden/tensorstore-0.1.86"
  static let arrays = folderContents(folder).filter { $0.hasPrefix("zarr2-") }

  @Test func `is there in every kind`() { #expect(Self.arrays.count == 4) }

  @Test(arguments: arrays) func `is read as it was written`(name: String) throws {
    let reader = try openVolume("\(Self.folder)/\(name)/array.zarr").reader
    try checkValues(reader, contents(of: "\(Self.folder)/\(name)/expected.bin"))
  }
}
