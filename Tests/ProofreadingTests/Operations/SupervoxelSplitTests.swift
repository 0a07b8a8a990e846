import Proofreading
import SQLite
import Segmentation
import TestSupport
import Testing
import VolumeStore
import Voxels

@Suite struct SupervoxelSplitTests {
  private let box = VoxelBox(extent: VoxelExtent(z: 3, y: 4, x: 12))

  /// Supervoxel 1 is the first plane; 2 a bar in the second, 3 the rest of it; 4 the third.
  private var fragments: Volume<UInt64> {
    var volume = Volume<UInt64>(box: box)
    for z in 0..<3 {
      for y in 0..<4 {
        var row = volume.mutableRow(z: z, y: y)
        for x in 0..<12 { row[x] = z == 0 ? 1 : z == 2 ? 4 : y < 2 ? 2 : 3 }
      }
    }
    return volume
  }

  /// Links of 200 everywhere, weak ones of 20 along x across the middle of x.
  private var affinities: Volume<UInt8> {
    var volume = Volume<UInt8>(channels: 3, box: box, fill: 200)
    for z in 0..<3 {
      for y in 0..<4 {
        var row = volume.mutableRow(channel: 2, z: z, y: y)
        row[7] = 20
      }
    }
    return volume
  }

  /// All four supervoxels, those before 4 one segment.
  private func project() throws -> EditProject {
    let graph = regionGraph(
      affinities: affinities, fragments: fragments, box: box, volume: box)
    return EditProject(
      base: try BaseGraph(
        voxelCounts: [0, 48, 24, 24, 48], segments: [0, 5, 5, 5, 6],
        contacts: graph.contacts.map {
          BaseGraph.Contact(
            SupervoxelEdge($0.first, $0.second, $0.affinity), at: $0.point.position(in: box))
        }))
  }

  private let seeds = [
    EditPoint(2, side: 0, voxel: VoxelPosition(z: 1, y: 0, x: 0)),
    EditPoint(2, side: 1, voxel: VoxelPosition(z: 1, y: 1, x: 11)),
  ]

  @discardableResult
  private func split(_ log: OperationLog, _ points: [EditPoint]) throws -> EditOperation {
    try log.splitSupervoxel(points, by: ada) { supervoxel, state, seeds, parts in
      var labels = fragments
      for partition in state.partitions { partition.lay(over: &labels) }
      return try SupervoxelPartition(
        of: supervoxel, fragments: labels, affinities: affinities, seeds: seeds, parts: parts,
        volume: box)
    }
  }

  /// The volume with all splits laid over it.
  private func labels(_ log: OperationLog) throws -> [UInt64] {
    var volume = fragments
    for partition in try log.state.partitions { partition.lay(over: &volume) }
    return (0..<volume.span.count).map { volume.span[$0] }
  }

  @Test func `a supervoxel splits where its links are weakest`() throws {
    let log = try project().log()
    let operation = try split(log, seeds)
    let partition = try #require(operation.effect.partition)
    #expect(partition.parts.map(\.supervoxel) == [5, 6])
    #expect(partition.parts.map(\.voxelCount) == [14, 10])
    #expect(
      partition.box
        == VoxelBox(
          origin: VoxelPosition(z: 1, y: 0, x: 0),
          extent: VoxelExtent(z: 1, y: 2, x: 12)))
    let row = try labels(log)[48..<60]
    #expect(Array(row) == [5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6])

    // Contacts as gathered from the relabelled volume, of the parts only.
    var relabelled = fragments
    partition.lay(over: &relabelled)
    let graph = regionGraph(
      affinities: affinities, fragments: relabelled, box: box, volume: box)
    let expected = graph.contacts.filter {
      [5, 6].contains($0.second) || [5, 6].contains($0.first)
    }
    .map { SupervoxelEdge($0.first, $0.second, $0.affinity) }
    #expect(Set(partition.contacts) == Set(expected))
    #expect(expected.count == 7)

    // Links held with 1 and 3, not with 4; the parts have none among themselves.
    #expect(
      operation.effect.added.map(\.pair) == [
        FragmentPair(first: 1, second: 5), FragmentPair(first: 1, second: 6),
        FragmentPair(first: 3, second: 5), FragmentPair(first: 3, second: 6),
      ])
    #expect(try log.state.roots == [0, 1, 0, 1, 4, 1, 1])
    #expect(try log.state.voxelCount(of: 5) == 14)
    #expect(try !log.state.contains(2))
    let refusal = #expect(throws: EditRefusal.self) {
      try log.merge([EditPoint(2), EditPoint(4)], by: ada)
    }
    #expect(refusal?.expected == "one of its parts, 5 and 6")
  }

  @Test func `splits lie one over another, and are taken back in turn`() throws {
    let project = try project()
    let log = try project.log()
    try split(log, seeds)
    let second = [
      EditPoint(5, side: 0, voxel: VoxelPosition(z: 1, y: 0, x: 0)),
      EditPoint(5, side: 1, voxel: VoxelPosition(z: 1, y: 1, x: 0)),
    ]
    try split(log, second)
    try log.merge([EditPoint(4), EditPoint(7)], by: ada)
    #expect(try log.state.roots == [0, 1, 0, 1, 1, 0, 1, 1, 1])
    let found = try labels(log)
    #expect(found.count { $0 == 7 } + found.count { $0 == 8 } == 14)
    #expect(found.count { $0 == 5 } == 0)
    let all = try log.state.roots

    // Read anew, from the snapshot too, it is the same.
    for _ in 0..<2 {
      #expect(try project.log(snapshotInterval: 1).state.roots == all)
      #expect(try labels(project.log()) == found)
      _ = try project.log(snapshotInterval: 1).tag(
        [EditPoint(7)], by: OperationLog.Signature(user: "ada", note: "here"))
    }
    func operations(_ body: () throws -> Void) -> [Int64]? {
      #expect(throws: EditRefusal.self) { try body() }?.operations
    }
    #expect(operations { try log.undo(1, by: ada) } == [2])
    #expect(operations { try log.undo(2, by: ada) } == [3])
    try log.undo(3, by: ada)
    try log.undo(2, by: ada)
    try log.undo(1, by: ada)
    #expect(try log.state.roots.prefix(5) == [0, 1, 1, 1, 4])
    #expect(try log.state.roots.dropFirst(5).allSatisfy { $0 == 0 })
    #expect(try labels(log).contains(2))
    // Ids are never given twice.
    let again = try split(log, seeds)
    #expect(again.effect.partition?.parts.map(\.supervoxel) == [9, 10])
    #expect(try OperationLog.check(project.database(), base: project.base).findings == [])
  }

  @Test func `a split is not done again over links that came after it`() throws {
    let project = try project()
    let log = try project.log()
    try split(log, seeds)
    try log.undo(1, by: ada)
    try log.merge([EditPoint(2), EditPoint(4)], by: ada)
    let refusal = #expect(throws: EditRefusal.self) { try log.redo(1, by: ada) }
    #expect(refusal?.operations == [3])
    try log.undo(3, by: ada)
    try log.redo(1, by: ada)
    #expect(try log.state.roots == [0, 1, 0, 1, 4, 1, 1])
    #expect(try OperationLog.check(project.database(), base: project.base).findings == [])
  }

  @Test func `exported splits of supervoxels hold their voxels`() throws {
    let project = try project()
    let log = try project.log()
    try split(log, seeds)
    var lines: [String] = []
    try log.export { lines.append($0) }
    let copy = EditProject(base: project.base)
    var rest = lines[...]
    try copy.log().replay({ rest.popFirst() }, from: "edits.jsonl")
    #expect(try labels(copy.log()) == labels(log))
    #expect(try copy.log().head == log.head)
  }

  @Test func `what cannot be split is refused`() throws {
    let log = try project().log()
    func reason(_ points: [EditPoint]) -> EditRefusal.Reason? {
      #expect(throws: EditRefusal.self) { try split(log, points) }?.reason
    }
    #expect(reason([seeds[0]]) == .tooFewSeeds)
    #expect(reason([seeds[0], EditPoint(3, side: 1)]) == .unknownSupervoxel)
    #expect(
      reason([seeds[0], EditPoint(2, side: 1, voxel: VoxelPosition(z: 1, y: 3, x: 0))])
        == .unknownSupervoxel)
    #expect(
      reason([seeds[0], EditPoint(2, side: 1, voxel: VoxelPosition(z: 9, y: 3, x: 0))])
        == .unknownSupervoxel)
    #expect(
      reason([seeds[0], EditPoint(2, side: 1, voxel: seeds[0].voxel)]) == .conflictingSeeds)
    #expect(reason([seeds[0], EditPoint(2, side: 1)]) == .tooFewSeeds)
    #expect(try log.lastOperation == 0)
  }

  @Test func `an error of reading the volume is passed on, and nothing is logged`() throws {
    struct Unreadable: Error {}
    let log = try project().log()
    #expect(throws: Unreadable.self) {
      try log.splitSupervoxel(seeds, by: ada) { _, _, _, _ in throw Unreadable() }
    }
    #expect(try log.lastOperation == 0)
  }
}
