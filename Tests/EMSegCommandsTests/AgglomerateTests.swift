import Blockwise
import Codecs
import TestSupport
import Testing
import VolumeStore
import Voxels
import ZarrStore

@Suite struct AgglomerateTests {
  private static let extent = VoxelExtent(z: 10, y: 13, x: 15)

  /// Affinities of slowly varying strength, `a`, and their fragments, `f`.
  private static func prepare(_ folder: TemporaryFolder, isFloat: Bool = false) throws {
    var generator = SeededGenerator(seed: 5)
    let box = VoxelBox(extent: extent)
    let bytes: [UInt8] = (0..<3 * extent.voxelCount).map { index in
      let wave = (index / 3 % 15 - 7).magnitude * 25
      return UInt8(min(255, Int(wave) + .random(in: 0...79, using: &generator)))
    }
    if isFloat {
      try storeAffinities(
        Volume<Float>(channels: 3, box: box, values: bytes.map { Float($0) / 255 }),
        at: folder("a"))
    } else {
      try storeAffinities(Volume<UInt8>(channels: 3, box: box, values: bytes), at: folder("a"))
    }
    let outcome = emseg("watershed", folder("a"), "--output", folder("f"))
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
  }

  private static func agglomerate(_ folder: TemporaryFolder, _ words: String...) -> Outcome {
    emseg(["agglomerate", folder("f"), "--minimum-voxels", "0"] + words)
  }

  @Test(arguments: [
    [], ["--statistic", "maximum"], ["--statistic", "quantile", "--quantile", "0.75"],
    ["--size-veto", "0.6,5,30"], ["--classes", "c", "--class-veto", "0.7,2,0.5"],
  ])
  func `labels, candidates and reasons are the same in any blocks`(options: [String]) throws {
    let folder = TemporaryFolder()
    try Self.prepare(folder)
    let box = VoxelBox(extent: Self.extent)
    let classes = box.extent.voxelCount
    try store(
      Volume<UInt16>(box: box, values: (0..<classes).map { UInt16($0 / 97 % 3) }),
      at: folder("c"))
    let options = options.map { $0 == "c" ? folder("c") : $0 }
    var seen: Set<[UInt64]> = []
    var tables: Set<[UInt8]> = []
    var reasons: Set<String> = []
    for (number, blocks) in [["32,32,32"], ["4,16,8"], ["16,5,7"]].enumerated() {
      let output = folder("s\(number)")
      let outcome = emseg(
        [
          "agglomerate", folder("f"), "--affinities", folder("a"), "--minimum-voxels", "0",
          "--threshold", "0.5", "--output", output, "--candidates", folder("\(number).csv"),
          "--block",
        ] + blocks + options)
      try #require(outcome.status == 0, "\(outcome.diagnostics)")
      seen.insert(try labels(at: output))
      tables.insert(contents(of: folder("\(number).csv")))
      for pair in [["1", "2"], ["3", "19"]] {
        let why = emseg(["why", output + ".graph"] + pair)
        #expect(why.status == 0, "\(why.diagnostics)")
        // All but where it was decided.
        reasons.insert(
          pair[0]
            + why.output.split(separator: "\n").map {
              $0.split(separator: "\t").dropLast($0.contains(" + ") ? 1 : 0)
                .joined(separator: "\t")
            }.joined(separator: "\n"))
      }
    }
    #expect(seen.count == 1)
    #expect(tables.count == 1)
    #expect(reasons.count == 2)
    #expect((seen.first?.max() ?? 0) > 1)
    let table = String(decoding: tables.first ?? [], as: UTF8.self)
    #expect(table.split(separator: "\n").count > 1)
    if options.contains("--size-veto") { #expect(table.contains("\nsize veto,")) }
    if options.contains("--classes") { #expect(table.contains("\nclass veto,")) }
  }

  @Test func `merges are cut again without affinities or a region graph`() throws {
    let folder = TemporaryFolder()
    try Self.prepare(folder)
    let first = Self.agglomerate(
      folder, "--affinities", folder("a"), "--threshold", "0.5", "--output", folder("s"))
    try #require(first.status == 0, "\(first.diagnostics)")
    let other = Self.agglomerate(
      folder, "--affinities", folder("a"), "--threshold", "0.3", "--output", folder("t"))
    try #require(other.status == 0, "\(other.diagnostics)")

    // Whatever would compute a graph has nothing left to read.
    for part in ["a", "s.graph/blocks"] { try FileStore.removeTree(at: folder(part)) }
    let cut = Self.agglomerate(
      folder, "--graph", folder("s.graph"), "--threshold", "0.3", "--output", folder("u"))
    try #require(cut.status == 0, "\(cut.diagnostics)")
    #expect(try labels(at: folder("u")) == labels(at: folder("t")))
    #expect(try labels(at: folder("u")) != labels(at: folder("s")))
    #expect(!cut.diagnostics.contains("region graph"))
    #expect(!folderContents(folder("s.graph")).contains("blocks"))

    let tooFar = Self.agglomerate(
      folder, "--graph", folder("s.graph"), "--threshold", "0.9", "--output", folder("v"))
    #expect(tooFar.status == 64)
    #expect(tooFar.diagnostics.contains("at most 0.8"), "\(tooFar.diagnostics)")
    let others = Self.agglomerate(
      folder, "--graph", folder("s.graph"), "--statistic", "maximum", "--output", folder("v"))
    #expect(others.status == 64)
    #expect(others.diagnostics.contains("by other rules"), "\(others.diagnostics)")
    let none = Self.agglomerate(folder, "--output", folder("v"))
    #expect(none.status == 64)
    #expect(none.diagnostics.contains("--affinities"), "\(none.diagnostics)")
    #expect(!folderContents(folder.path).contains("v"))
  }

  @Test func `a table of segments has the fragments of the labels`() throws {
    let folder = TemporaryFolder()
    try Self.prepare(folder)
    try #require(
      Self.agglomerate(
        folder, "--affinities", folder("a"), "--threshold", "0.4", "--output", folder("s")
      ).status == 0)
    let line = [
      "agglomerate", folder("f"), "--graph", folder("s.graph"), "--threshold", "0.4",
      "--minimum-voxels", "0", "--labels", "none", "--output", folder("t"),
    ]
    let outcome = emseg(line)
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(emseg(line).status == 73)
    #expect(emseg(line + ["--force"]).status == 0)

    let table = try BlockFiles(path: folder("t/columns")).read(0)
    let segments = try table.column(0, as: UInt64.self)
    let fragments = try labels(at: folder("f"))
    let expected = try labels(at: folder("s"))
    #expect(fragments.map { segments[Int($0)] } == expected)
    let starts = try table.column(1, as: UInt64.self)
    let sorted = try table.column(2, as: UInt64.self)
    let voxels = try table.column(3, as: UInt64.self)
    for segment in 1..<starts.count - 1 {
      let members = sorted[Int(starts[segment])..<Int(starts[segment + 1])]
      #expect(!members.isEmpty && Array(members) == members.sorted())
      #expect(members.allSatisfy { segments[Int($0)] == UInt64(segment) })
      #expect(voxels[segment] == UInt64(expected.count { $0 == UInt64(segment) }))
    }
    let view = try JSONValue(parsing: contents(of: folder("t/neuroglancer.json"))).object
    let layer = view?["layers"]?.array?.first?.object ?? [:]
    #expect(layer["source"] == .string("http://localhost:8000/f/|zarr3:"))
    let groups = layer["equivalences"]?.array ?? []
    #expect(!groups.isEmpty)
    for group in groups {
      let members = (group.array ?? []).compactMap { $0.string.flatMap { UInt64($0) } }
      #expect(members.count > 1 && Set(members.map { segments[Int($0)] }).count == 1)
    }
  }

  @Test func `a chain leads from one supervoxel to the other`() throws {
    let folder = TemporaryFolder()
    try Self.prepare(folder)
    try #require(
      Self.agglomerate(
        folder, "--affinities", folder("a"), "--threshold", "0.45", "--output", folder("s")
      ).status == 0)
    let table = try BlockFiles(path: folder("s.graph/segments/columns")).read(0)
    let segments = try table.column(0, as: UInt64.self)
    let groups = Dictionary(grouping: segments.indices.dropFirst(), by: { segments[$0] })
    let largest = groups.values.max { $0.count < $1.count } ?? []
    try #require(largest.count > 3)
    let outside = segments.indices.dropFirst().last { segments[$0] != segments[largest[0]] }
    let other = try #require(outside)
    for target in largest.dropFirst() {
      let why = emseg("why", folder("s.graph"), "\(largest[0])", "\(target)", "--json")
      try #require(why.status == 0, "\(why.diagnostics)")
      let found = try JSONValue(parsing: Array(why.output.utf8)).object ?? [:]
      #expect(found["joined"] == .bool(true))
      let steps = (found["steps"]?.array ?? []).map { $0.object ?? [:] }
      #expect(!steps.isEmpty)
      #expect(steps.first?["from"]?.int == largest[0] && steps.last?["to"]?.int == target)
      for (step, next) in zip(steps, steps.dropFirst()) { #expect(step["to"] == next["from"]) }
      for step in steps {
        #expect((step["cost"]?.double ?? 1) <= 0.45)
        #expect(step["rule"] == .string("score"))
        let voxel = (step["voxel"]?.array ?? []).compactMap { $0.int }
        let place = (step["nanometers"]?.array ?? []).compactMap { $0.double }
        #expect(voxel.count == 3 && place == voxel.map { Double($0 * 10) })
      }
    }
    let apart = emseg("why", folder("s.graph"), "\(largest[0])", "\(other)")
    #expect(apart["joined"] == "no")
    #expect((apart["dearest_cost"].flatMap { Double($0) } ?? 0) > 0.45)
    let coarser = emseg(
      "why", folder("s.graph"), "\(largest[0])", "\(other)", "--threshold", "0.8")
    #expect(coarser["joined"] == "yes" || coarser["reason"] != nil, "\(coarser.output)")
    let itself = emseg("why", folder("s.graph"), "2", "2")
    #expect(itself["joined"] == "yes" && itself["steps"] == "0")

    #expect(emseg("why", folder("s.graph"), "1", "\(segments.count)").status == 64)
    #expect(emseg("why", folder("f"), "1", "2").status == 66)
    #expect(emseg("why", folder("s.graph"), "1", "2", "--threshold", "0.95").status == 64)
  }

  @Test func `values that are no affinities are refused where they are`() throws {
    for (value, text) in [(Float.nan, "nan"), (1.5, "1.5"), (-0.25, "-0.25")] {
      let folder = TemporaryFolder()
      let box = VoxelBox(extent: VoxelExtent(cube: 4))
      var values = [Float](repeating: 0.5, count: 3 * 64)
      values[64 + 21] = value
      try storeAffinities(Volume(channels: 3, box: box, values: values), at: folder("a"))
      try store(Volume<UInt64>(box: box, fill: 1), at: folder("f"), labels: 1)
      let outcome = Self.agglomerate(
        folder, "--affinities", folder("a"), "--output", folder("s"))
      #expect(outcome.status == 65)
      #expect(outcome.diagnostics.contains("1,1,1"), "\(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains(text), "\(outcome.diagnostics)")
    }
  }

  @Test func `fragments that do not go with the affinities are refused`() throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(cube: 4))
    try storeAffinities(Volume<UInt8>(channels: 3, box: box, fill: 9), at: folder("a"))
    let smaller = VoxelBox(extent: VoxelExtent(z: 4, y: 4, x: 3))
    try store(Volume<UInt64>(box: smaller, fill: 1), at: folder("f"), labels: 1)
    let line = ["--affinities", folder("a"), "--output", folder("s")]
    let extents = emseg(["agglomerate", folder("f")] + line)
    #expect(extents.status == 65)
    #expect(extents.diagnostics.contains("4,4,3") && extents.diagnostics.contains("4,4,4"))

    for label in [5, UInt64.max] {
      let place = folder("g\(label)")
      try store(Volume<UInt64>(box: box, fill: label), at: place, labels: 4)
      let above = emseg(["agglomerate", place] + line)
      #expect(above.status == 65, "\(above.diagnostics)")
      #expect(above.diagnostics.contains("\(label)"), "\(above.diagnostics)")
      #expect(above.diagnostics.contains("at most 4"), "\(above.diagnostics)")
      for part in ["s.unfinished", "s.graph"] { try FileStore.removeTree(at: folder(part)) }
    }

    try store(Volume<UInt64>(box: box, fill: 4), at: folder("h"), labels: 4)
    try store(Volume<UInt16>(box: box, fill: 300), at: folder("c"))
    let classes = emseg(["agglomerate", folder("h"), "--classes", folder("c")] + line)
    #expect(classes.status == 65)
    #expect(classes.diagnostics.contains("300"), "\(classes.diagnostics)")
    let vetoes = emseg(["agglomerate", folder("h"), "--class-veto", "standard"] + line)
    #expect(vetoes.status == 64)
    #expect(emseg(["agglomerate", folder("h"), "--size-veto", "2,1,1"] + line).status == 64)
  }

  @Test func `damaged graphs and merges are refused`() throws {
    let folder = TemporaryFolder()
    try Self.prepare(folder)
    try #require(
      Self.agglomerate(folder, "--affinities", folder("a"), "--output", folder("s")).status == 0)
    func damage(_ path: String) {
      var bytes = contents(of: path)
      bytes[bytes.count / 2] ^= 0x10
      overwrite(path, with: bytes)
    }
    damage(folder("s.graph/decisions/0.columns"))
    #expect(emseg("why", folder("s.graph"), "1", "2").status == 65)
    damage(folder("s.graph/merges/0.columns"))
    let cut = Self.agglomerate(folder, "--graph", folder("s.graph"), "--output", folder("t"))
    #expect(cut.status == 65)
    #expect(cut.diagnostics.contains("remedy"), "\(cut.diagnostics)")
    // Blocks that are damaged are gathered anew.
    damage(folder("s.graph/blocks/0.columns"))
    try FileStore.removeTree(at: folder("s.graph/merges"))
    let again = Self.agglomerate(
      folder, "--affinities", folder("a"), "--graph", folder("s.graph"), "--output", folder("t"))
    #expect(again.status == 0, "\(again.diagnostics)")
    #expect(try labels(at: folder("t")) == labels(at: folder("s")))
  }
}

/// Stores affinities as `emseg predict` does.
private func storeAffinities<Scalar: VoxelScalar>(
  _ affinities: Volume<Scalar>, at path: String
) throws {
  let image = try OMEZarrImage.create(
    ImageSpecification(
      name: "affinities", extent: affinities.box.extent, channels: affinities.channels,
      dataType: Scalar.dataType, voxelSize: VoxelSize(z: 10, y: 10, x: 10),
      layout: ChunkLayout(chunk: affinities.box.extent), levelLimit: 1),
    at: path)
  _ = try image.levels[0].write(affinities)
}

/// Stores fragments that say how many they are.
private func store(_ fragments: Volume<UInt64>, at path: String, labels count: Int64) throws {
  let image = try OMEZarrImage.create(
    ImageSpecification(
      name: "fragments", kind: .labels, extent: fragments.box.extent, dataType: .uint64,
      voxelSize: VoxelSize(z: 10, y: 10, x: 10),
      layout: ChunkLayout(chunk: fragments.box.extent), levelLimit: 1,
      attributes: ["labels": .integer(count)]),
    at: path)
  _ = try image.levels[0].write(fragments)
}
