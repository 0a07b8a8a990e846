import Meshes
import TestSupport
import Testing
import VolumeStore
import Voxels
import ZarrStore

@Suite struct MeshTests {
  /// A folder with two boxes of voxels of 10 nm, labelled 7 and 9.
  private static func prepared() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    var labels = Volume<UInt64>(box: VoxelBox(extent: VoxelExtent(z: 12, y: 20, x: 30)))
    for (label, y) in [(UInt64(7), 3), (9, 12)] {
      labels.copy(
        from: Volume(
          box: VoxelBox(
            origin: VoxelPosition(z: 3, y: y, x: 4), extent: VoxelExtent(z: 5, y: 5, x: 20)),
          fill: label))
    }
    try store(labels, at: folder("labels.zarr"), kind: .labels)
    return folder
  }

  private static func mesh(_ folder: TemporaryFolder, _ words: String...) -> Outcome {
    emseg(["mesh", folder("labels.zarr"), "--output", folder("meshes")] + words)
  }

  private static func rows(_ folder: TemporaryFolder) -> [[String]] {
    String(decoding: contents(of: folder("meshes/meshes.csv")), as: UTF8.self)
      .split(separator: "\n").dropFirst().map { $0.split(separator: ",").map(String.init) }
  }

  @Test(arguments: ["ply", "obj"])
  func `each label has a file and a row`(_ format: String) throws {
    let folder = try Self.prepared()
    let outcome = Self.mesh(folder, "--format", format, "--error", "0", "--fragment", "5,7,9")
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome["meshes"] == "2")
    #expect(
      folderContents(folder("meshes")) == ["7.\(format)", "9.\(format)", "meshes.csv"])
    let rows = Self.rows(folder)
    #expect(rows.map { $0[0] } == ["7", "9"])
    // 500 voxels of 1000 nm³, less the edges and corners that are cut.
    let volume = Double(rows[0][4]) ?? 0
    #expect(volume > 450_000 && volume < 500_000)
    #expect(rows[0][1...2] == rows[1][1...2], "both are the same box")
  }

  @Test func `blocks and threads leave the surface as it is`() throws {
    let folder = try Self.prepared()
    var tables: [[[String]]] = []
    for words in [["128,128,128", "1"], ["5,7,9", "2"], ["1,20,3", "3"]] {
      let outcome = Self.mesh(
        folder, "--error", "0", "--fragment", words[0], "--threads", words[1], "--force")
      try #require(outcome.status == 0, "\(outcome.diagnostics)")
      tables.append(Self.rows(folder))
    }
    for table in tables {
      #expect(table.map { $0.prefix(3) } == tables[0].map { $0.prefix(3) })
      // Sums are taken in the order of the pieces.
      for (row, first) in zip(table, tables[0]) {
        for column in 3...4 {
          let (one, other) = (Double(row[column]) ?? 0, Double(first[column]) ?? -1)
          #expect(abs(one / other - 1) < 1e-6)
        }
      }
    }
  }

  @Test func `precomputed pieces are listed and decode`() throws {
    let folder = try Self.prepared()
    let outcome = Self.mesh(
      folder, "--format", "precomputed", "--ids", "9,11", "--fragment", "12,20,16", "--error", "0")
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("11"))
    let pieces = ["9:0:0-16_0-20_0-12", "9:0:16-30_0-20_0-12"]
    #expect(
      folderContents(folder("meshes")).sorted() == (["9:0"] + pieces + ["info", "meshes.csv"]))
    #expect(
      String(decoding: contents(of: folder("meshes/9:0")), as: UTF8.self)
        == "{\"fragments\":[\"\(pieces[0])\",\"\(pieces[1])\"]}")
    for piece in pieces {
      let bytes = contents(of: folder("meshes/\(piece)"))
      let decoded = MeshFragment.mesh(from: bytes.span)
      let mesh = try #require(decoded)
      #expect(mesh.triangles.count > 10)
      #expect(mesh.vertices.allSatisfy { $0.y >= 115 && $0.y <= 165 })
    }
  }

  @Test func `only meshes are replaced, and only when asked`() throws {
    let folder = try Self.prepared()
    #expect(Self.mesh(folder).status == 0)
    #expect(Self.mesh(folder).status == 73)
    #expect(Self.mesh(folder, "--force", "--ids", "7").status == 0)
    #expect(folderContents(folder("meshes")) == ["7.ply", "meshes.csv"])
    let own = emseg("mesh", folder("labels.zarr"), "--output", folder("labels.zarr"), "--force")
    #expect(own.status == 64, "\(own.diagnostics)")
    try FileStore(root: folder("other")).write(Array("mine".utf8).rawSpan, to: "notes.txt")
    let other = emseg("mesh", folder("labels.zarr"), "--output", folder("other"), "--force")
    #expect(other.status == 73)
    #expect(folderContents(folder("other")) == ["notes.txt"])
  }

  @Test func `images, too little memory and a wrong format are refused`() throws {
    let folder = try Self.prepared()
    #expect(Self.mesh(folder, "--memory", "1MiB").status != 0)
    #expect(Self.mesh(folder, "--format", "stl").status == 64)
    #expect(Self.mesh(folder, "--error", "-1").status == 64)
    try store(
      Volume<Float>(box: VoxelBox(extent: VoxelExtent(cube: 4)), fill: 0.5),
      at: folder("image.zarr"), kind: .image)
    let image = emseg("mesh", folder("image.zarr"), "--output", folder("meshes"))
    #expect(image.status == 65, "\(image.diagnostics)")
    #expect(!folderContents(folder.path).contains { $0.hasPrefix("meshes") })
  }
}
