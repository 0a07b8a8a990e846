import TestSupport
import Testing
import VolumeStore
import ZarrStore
import Voxels

/// Arrays that zarr-python 3.1.6 and tensorstore 0.1.86 wrote (tools/golden/zarr.py,
/// tools/golden/tensorstore-zarr.py).
@Suite struct `A Zarr array of another library` {
  static let folder = "\(volumesFolder)/golden"
  static let cases = ["zarr-python-3.1.6/", "tensorstore-0.1.86/zarr3-"].flatMap { library in
    let parts = library.split(separator: "/", omittingEmptySubsequences: false)
    return folderContents("\(folder)/\(parts[0])").filter {
      $0.hasPrefix(parts[1]) && isFolder("\(folder)/\(parts[0])/\($0)")
    }.map { "\(parts[0])/\($0)" }
  }

  @Test func `is there in every kind`() {
    #expect(Self.cases.count == 66)
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
