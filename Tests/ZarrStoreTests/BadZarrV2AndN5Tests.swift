import TestSupport
import Testing
import VolumeStore
import Voxels
import ZarrStore

/// Stores that must be refused (tools/golden/bad-zarr2-n5.py): the folder's name ends in the error's
/// code; those that start with `chunk-` open and cannot be read.
@Suite struct `A bad Zarr v2 or N5 store` {
  static let folder = "\(volumesFolder)/bad"
  static let cases = ["zarr2", "n5"].flatMap { kind in
    folderContents("\(folder)/\(kind)").map { "\(kind)/\($0)" }
  }

  @Test func `is there in every kind`() {
    #expect(Self.cases.count == 121)
  }

  @Test(arguments: cases) func `is refused by name`(name: String) throws {
    let path = "\(Self.folder)/\(name)"
    let code = try #require(name.split(separator: ".").last.map(String.init))
    let error = #expect(throws: VolumeError.self) {
      let source = VolumeSource(path)
      let opened =
        try name.hasPrefix("n5/") ? N5Format.open(source) : ZarrFormat.open(source)
      #expect(name.contains("/chunk-"), "the metadata was accepted")
      let array = try ZarrArray.open(at: path)
      #expect(try array.verify().findings.map { $0.kind } == [.damaged])
      try read(opened.reader)
    }
    #expect(error?.code.rawValue == code, "\(error.map { "\($0)" } ?? "")")
    #expect(error?.path.hasPrefix(path) == true)
    #expect(error?.remedy != nil || error?.cause != nil, "\(error.map { "\($0)" } ?? "")")
    #expect(error?.message.isEmpty == false)
    #expect(error.map { "\($0)".count } ?? 0 < 1000)
  }

  @Test func `names the volumes to choose from`() {
    let error = volumeError {
      _ = try ZarrFormat.open(VolumeSource("\(Self.folder)/zarr2/group-several.notFound"))
    }
    #expect(error?.found == "a, b/c")
    #expect(error?.remedy == "name one of them, such as --dataset a")
  }

  private func read(_ reader: any VolumeReader) throws {
    func read<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      _ = try reader.read(reader.metadata.box, as: type)
    }
    try read(reader.metadata.dataType.scalarType)
  }
}
