import Codecs
import TestSupport
import Testing
import VolumeFormats
import VolumeStore
import Voxels
import ZarrStore

/// Arrays that tensorstore 0.1.86 wrote as N5, or that were laid out by the specification, and the
/// attributes that programs put into theirs (tools/golden/n5.py).
@Suite struct `An N5 volume` {
  static let folder = "\(volumesFolder)/golden/tensorstore-0.1.86"
  static let arrays = folderContents(folder).filter { isFolder("\(folder)/\($0)/array.n5") }
  static let containers = folderContents(folder).filter { isFolder("\(folder)/\($0)/volume.n5") }

  @Test func `is there in every kind`() {
    #expect(Self.arrays.count == 29)
    #expect(Self.containers.count == 11)
  }

  @Test(arguments: arrays) func `is read as it was written`(name: String) throws {
    let opened = try openVolume("\(Self.folder)/\(name)/array.n5")
    #expect(opened.formatName == "N5")
    try checkValues(opened.reader, contents(of: "\(Self.folder)/\(name)/expected.bin"))
    #expect(try ZarrArray.openVolume(at: opened.reader.path).verify().findings == [])
  }

  @Test(arguments: containers)
  func `lies where its attributes say`(name: String) throws {
    let path = "\(Self.folder)/\(name)"
    let expected = try ExpectedPlaces("\(path)/expected.json")
    let opened = try openVolume("\(path)/volume.n5", dataset: expected.group)
    try checkValues(opened.reader, contents(of: "\(path)/expected.bin"))
    try expected.check(opened.levels)
    #expect(opened.levels.count == 2)
    // A level named alone lies where it lies in the pyramid.
    for (level, reader) in opened.levels.enumerated() {
      let alone = try openVolume("\(path)/volume.n5", dataset: "\(expected.group)/s\(level)")
      #expect(alone.reader.metadata == reader.metadata)
    }
  }

  @Test func `is found in its container where it is the only one`() throws {
    let opened = try openVolume("\(Self.folder)/n5-with-bdv/volume.n5")
    #expect(opened.levels.count == 2)
    #expect(opened.notes.first == "the only volume in the group was taken: setup0/timepoint0")
  }
}

/// The places that a golden volume's levels have.
struct ExpectedPlaces {
  private let json: JSONObject

  init(_ path: String) throws {
    json = try JSONValue(parsing: contents(of: path)).object ?? [:]
  }

  var hasNotes: Bool { json["hasNotes"]?.bool ?? false }
  var group: String { json["group"]?.string ?? "" }

  func check(_ levels: [any VolumeReader]) throws {
    guard let expected = json["levels"]?.array else {
      for level in levels { #expect(level.metadata.voxelSize == nil) }
      return
    }
    #expect(levels.count == expected.count)
    for (level, expected) in zip(levels, expected) {
      let object = try #require(expected.object)
      let size = try #require(object["voxelSize"]?.array?.compactMap { $0.double })
      let offset = try #require(object["offset"]?.array?.compactMap { $0.double })
      let unit = try #require(object["unit"]?.string.flatMap { LengthUnit(rawValue: $0) })
      let found = try #require(level.metadata.voxelSize)
      #expect(found.unit == unit)
      #expect(isClose([found.z, found.y, found.x], size), "\(found)")
      let place = level.metadata.offset
      #expect(isClose([place.z, place.y, place.x], offset), "\(place)")
    }
  }

  private func isClose(_ found: [Double], _ expected: [Double]) -> Bool {
    zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-9 * max(1, abs($1)) }
  }
}

/// Checks a whole volume, and parts of it, against its values as little-endian bytes.
func checkValues(_ reader: any VolumeReader, _ expected: [UInt8]) throws {
  func check<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
    let whole = try reader.read(reader.metadata.box, as: type)
    #expect(bytes(of: whole) == expected)
    let extent = reader.metadata.extent
    let part = VoxelBox(
      origin: VoxelPosition(z: extent.z / 3, y: 2, x: 3),
      extent: VoxelExtent(z: extent.z - extent.z / 3, y: 4, x: extent.x - 3))
    let crop = try reader.read(part, as: type)
    #expect(bytes(of: crop) == bytes(of: whole.cropped(to: part)))
  }
  try check(reader.metadata.dataType.scalarType)
}

/// The values as bytes: NaN equals itself so.
private func bytes<Scalar: VoxelScalar>(of volume: Volume<Scalar>) -> [UInt8] {
  volume.span.bytes.withUnsafeBytes { Array($0) }
}
