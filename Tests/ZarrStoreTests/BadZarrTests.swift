import TestSupport
import Testing
import VolumeStore
import ZarrStore
import Voxels

/// Stores that must be refused (tools/golden/bad-zarr.py): the folder's name ends in the error's
/// code; those that start with `chunk-` open and cannot be read.
@Suite struct `A bad Zarr store` {
  static let folder = "\(volumesFolder)/bad/zarr"
  static let cases = folderContents(folder)

  @Test func `is there in every kind`() {
    #expect(Self.cases.count == 105)
  }

  @Test(arguments: cases) func `is refused by name`(name: String) throws {
    let path = "\(Self.folder)/\(name)"
    let code = try #require(name.split(separator: ".").last.map(String.init))
    let error = #expect(throws: VolumeError.self) {
      let array = try ZarrArray.openVolume(at: path)
      #expect(name.hasPrefix("chunk-"), "the metadata was accepted")
      #expect(try array.verify().findings.map { $0.kind } == [.damaged])
      try read(array)
    }
    #expect(error?.code.rawValue == code, "\(error.map { "\($0)" } ?? "")")
    #expect(error?.path.hasPrefix(path) == true)
    #expect(error?.remedy != nil || error?.cause != nil, "\(error.map { "\($0)" } ?? "")")
    #expect(error?.message.isEmpty == false)
    // An error is for one line of a terminal, whatever the file holds.
    #expect(error.map { "\($0)".count } ?? 0 < 1000)
  }

  private func read(_ array: ZarrArray) throws {
    func read<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      _ = try array.read(array.metadata.box, as: type)
    }
    try read(array.metadata.dataType.scalarType)
  }
}
