import TestSupport
import Testing
import VolumeStore
import ZarrStore
import Voxels

@Suite struct SkeletonizeTests {
  /// A folder with two bars along x, 5 × 5 voxels thick, labelled 7 and 9.
  private static func prepared() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    var labels = Volume<UInt64>(box: VoxelBox(extent: VoxelExtent(z: 12, y: 20, x: 60)))
    for (label, y) in [(UInt64(7), 3), (9, 12)] {
      labels.copy(
        from: Volume(
          box: VoxelBox(
            origin: VoxelPosition(z: 3, y: y, x: 4), extent: VoxelExtent(z: 5, y: 5, x: 50)),
          fill: label))
    }
    try store(labels, at: folder("labels.zarr"), kind: .labels)
    return folder
  }

  private static func skeletonize(_ folder: TemporaryFolder, _ words: String...) -> Outcome {
    emseg(
      [
        "skeletonize", folder("labels.zarr"), "--output", folder("skeletons"), "--constant", "100",
      ] + words)
  }

  @Test func `each label has a file and a row, and lies along its bar`() throws {
    let folder = try Self.prepared()
    let outcome = Self.skeletonize(folder)
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome["skeletons"] == "2")
    #expect(folderContents(folder("skeletons")) == ["7.swc", "9.swc", "skeletons.csv"])
    let rows = String(decoding: contents(of: folder("skeletons/skeletons.csv")), as: UTF8.self)
      .split(separator: "\n")
    #expect(rows.count == 3)
    #expect(rows[1].hasPrefix("7,") && rows[2].hasPrefix("9,"))
    // Voxels of 10 nm: the bar of label 9 is about 490 nm long, its middle at y = 140 nm.
    let lines = String(decoding: contents(of: folder("skeletons/9.swc")), as: UTF8.self)
      .split(separator: "\n").filter { !$0.hasPrefix("#") }
    let points = lines.map { line in
      line.split(separator: " ").dropFirst(2).prefix(3).compactMap { Double($0) }
    }
    let along = points.map { $0[0] }
    let length = (along.max() ?? 0) - (along.min() ?? 0)
    #expect(length > 440 && length <= 500)
    let inner = points.filter { $0[0] > 150 && $0[0] < 430 }
    #expect(!inner.isEmpty && inner.allSatisfy { abs($0[1] - 140) <= 10 })
  }

  @Test func `only the labels asked for are drawn, and those missing are told`() throws {
    let folder = try Self.prepared()
    let outcome = Self.skeletonize(folder, "--labels", "9,11")
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("11"))
    #expect(folderContents(folder("skeletons")) == ["9.swc", "skeletons.csv"])
    #expect(Self.skeletonize(folder).status == 73)
    #expect(Self.skeletonize(folder, "--force").status == 0)
    #expect(folderContents(folder("skeletons")) == ["7.swc", "9.swc", "skeletons.csv"])
    // A folder with anything else in it stays.
    overwrite(folder("skeletons/notes.txt"), with: Array("mine".utf8))
    #expect(Self.skeletonize(folder, "--force").status == 73)
    #expect(folderContents(folder("skeletons")).contains("notes.txt"))
  }

  @Test func `chunks join to the same bars, with the supervoxel of every node`() throws {
    let folder = try Self.prepared()
    let outcome = Self.skeletonize(
      folder, "--chunk", "12,20,17", "--twig", "150", "--supervoxels", folder("labels.zarr"))
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(
      folderContents(folder("skeletons")).sorted() == [
        "7.swc", "9.swc", "skeletons.csv", "supervoxels.csv",
      ])
    let rows = String(decoding: contents(of: folder("skeletons/skeletons.csv")), as: UTF8.self)
      .split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
    for row in rows {
      #expect(row[1] == "1250" && row[6] == "1", "all voxels, one tree")
      let length = Double(row[3]) ?? 0
      #expect(length > 420 && length < 620)
    }
    let lines = String(decoding: contents(of: folder("skeletons/supervoxels.csv")), as: UTF8.self)
      .split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
    #expect("\(lines.count)" == outcome["nodes"])
    #expect(lines.allSatisfy { $0[0] == $0[2] }, "here supervoxels are the labels themselves")
    #expect(Self.skeletonize(folder, "--force", "--twig", "10").status == 64)
  }

  @Test func `precomputed skeletons say what they are`() throws {
    let folder = try Self.prepared()
    let outcome = Self.skeletonize(folder, "--format", "precomputed")
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(folderContents(folder("skeletons")).sorted() == ["7", "9", "info", "skeletons.csv"])
    let info = String(decoding: contents(of: folder("skeletons/info")), as: UTF8.self)
    #expect(info.contains("neuroglancer_skeletons") && info.contains("radius"))
    let bytes = contents(of: folder("skeletons/9"))
    let (vertices, edges) = (
      Int(bytes[0]) + Int(bytes[1]) * 256, Int(bytes[4]) + Int(bytes[5]) * 256
    )
    #expect(edges == vertices - 1)
    #expect(bytes.count == 8 + 16 * vertices + 8 * edges)
    #expect(Self.skeletonize(folder, "--force").status == 0)
  }

  @Test func `too little memory and volumes that are no labels are refused`() throws {
    let folder = try Self.prepared()
    let little = Self.skeletonize(folder, "--memory", "1MiB")
    #expect(little.status == 65, "\(little.diagnostics)")
    #expect(little.diagnostics.contains("--region"))
    try store(
      Volume<Float>(box: VoxelBox(extent: VoxelExtent(cube: 4)), fill: 0.5),
      at: folder("image.zarr"), kind: .image)
    let image = emseg("skeletonize", folder("image.zarr"), "--output", folder("none"))
    #expect(image.status == 65, "\(image.diagnostics)")
    #expect(!folderContents(folder.path).contains("none"))
  }
}
