import TestSupport
import Testing
import VolumeStore
import ZarrStore
import Voxels

/// Arrays that zarr-python 3.1.6 wrote (tools/golden/zarr.py).
@Suite struct `An array of zarr-python` {
  static let folder = "\(volumesFolder)/golden/zarr-python-3.1.6"
  static let cases = folderContents(folder).filter { isFolder("\(folder)/\($0)") }

  @Test func `is there in every kind`() {
    #expect(Self.cases.count == 49)
  }

  @Test(arguments: cases) func `is read as it was written`(name: String) throws {
    let array = try ZarrArray.open(at: "\(Self.folder)/\(name)/array.zarr")
    try compare(array, with: contents(of: "\(Self.folder)/\(name)/expected.bin"))
    #expect(try array.verify().findings == [])
  }

  private func compare(_ array: ZarrArray, with expected: [UInt8]) throws {
    func compare<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      let whole = try array.read(array.metadata.box, as: type)
      #expect(bytes(of: whole) == expected)
      let part = array.metadata.box.intersection(
        VoxelBox(
          origin: VoxelPosition(z: array.metadata.axes.contains(.z) ? 3 : 0, y: 4, x: 5),
          extent: VoxelExtent(z: 4, y: 5, x: 6)))
      let crop = try array.read(part, as: type)
      #expect(bytes(of: crop) == bytes(of: whole.cropped(to: part)))
    }
    try compare(array.metadata.dataType.scalarType)
  }

  /// The values as bytes: NaN equals itself so.
  private func bytes<Scalar: VoxelScalar>(of volume: Volume<Scalar>) -> [UInt8] {
    volume.span.bytes.withUnsafeBytes { Array($0) }
  }
}
