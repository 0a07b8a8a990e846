import FloodFilling
import Testing
import Voxels

private let extent = VoxelExtent(z: 9, y: 9, x: 30)
private let rod = box(2..<7, 2..<7, 2..<28)

@Suite struct FloodReplayTests {
  @Test func `an object is repeated without the objects that were in its way`() throws {
    var canvas = FloodCanvas(image: image(extent, [rod]))
    for position in positions(in: box(2..<5, 2..<7, 12..<20)) { canvas.objects[position] = 5 }
    var flood = smallFlood()
    let record = try canvas.fill(
      from: VoxelPosition(z: 4, y: 4, x: 5), as: 6, by: &flood, smallObjects)
    guard case .object(6, let own, let shared) = record.outcome, shared > 0 else {
      Issue.record("\(record.outcome)")
      return
    }
    let seen = try #require(record.flood.seen)
    // Only what was seen is needed.
    var small = FloodCanvas(image: canvas.image.cropped(to: seen))
    let replay = try small.replay(record.flood, by: &flood, smallObjects)
    #expect(replay.repeats(record.flood))
    #expect(replay.voxelCount == own + shared)
    let mask = small.mask.span
    for index in mask.indices { #expect(mask[index].isNaN) }
    // Without the record's places the free flood goes elsewhere.
    var free = FloodCanvas(image: canvas.image)
    let other = try free.fill(
      from: record.flood.seed, as: 1, by: &flood, smallObjects)
    #expect(other.flood.visits != record.flood.visits)
  }

  @Test func `another image is noticed`() throws {
    var canvas = FloodCanvas(image: image(extent, [rod]))
    var flood = smallFlood()
    let record = try canvas.fill(
      from: VoxelPosition(z: 4, y: 4, x: 5), as: 1, by: &flood, smallObjects)
    var changed = canvas.image
    for position in positions(in: box(0..<9, 0..<9, 16..<18)) { changed[position] = outside }
    var second = FloodCanvas(image: changed)
    #expect(try !second.replay(record.flood, by: &flood, smallObjects).repeats(record.flood))
  }

  @Test(arguments: [
    FloodedObject.End.filled, .weakSeed, .callLimit,
  ])
  func `records come back from numbers`(_ end: FloodedObject.End) throws {
    var flood = FloodedObject(seed: VoxelPosition(z: 1, y: -2, x: 3))
    flood.visits = [flood.seed, VoxelPosition(z: 9, y: 8, x: 7)]
    flood.deletions = [0, 12]
    flood.end = end
    flood.seen = box(0..<12, -5..<11, 0..<30)
    let outcomes: [SeedOutcome] = [
      .object(id: 7, voxelCount: 12_345, overlapCount: 6), .passedOver, .masked, .tooNear, .weak,
      .tooSmall(voxelCount: 99),
    ]
    var numbers: [Int64] = []
    for outcome in outcomes { numbers += SeedRecord(flood: flood, outcome: outcome).numbers }
    var rest = numbers[...]
    for outcome in outcomes {
      #expect(
        SeedRecord(takingFrom: &rest) == SeedRecord(flood: flood, outcome: outcome))
    }
    #expect(rest.isEmpty)
    #expect(SeedRecord(takingFrom: &rest) == nil)
    for (place, value) in [(3, 6), (7, 3), (14, 3), (14, -1), (4, 1 << 40)] as [(Int, Int64)] {
      var damaged = SeedRecord(flood: flood, outcome: .weak).numbers
      damaged[place] = value
      var slice = damaged[...]
      #expect(SeedRecord(takingFrom: &slice) == nil, "\(value) at \(place)")
    }
  }

  @Test func `restored objects are those that were flooded`() throws {
    let other = box(2..<7, 2..<7, 30..<40)
    let wide = VoxelExtent(z: 9, y: 9, x: 44)
    var canvas = FloodCanvas(image: image(wide, [rod, other]))
    var flood = smallFlood()
    var entries: [(SeedRecord, [Int64])] = []
    for (id, x) in [(Int32(1), 5), (2, 33), (2, 0)] {
      let record = try canvas.fill(
        from: VoxelPosition(z: 4, y: 4, x: x), as: id, by: &flood, smallObjects)
      var runs: [Int64] = []
      if case .object(let id, _, _) = record.outcome, let seen = record.flood.seen {
        runs = canvas.runs(of: id, in: seen)
      }
      entries.append((record, runs))
    }
    var restored = FloodCanvas(image: canvas.image)
    for (record, runs) in entries {
      let isRestored = restored.restore(record, runs: runs[...])
      #expect(isRestored)
    }
    #expect(restored.objects == canvas.objects)
    var wrong = FloodCanvas(image: canvas.image)
    let (record, runs) = entries[0]
    for runs in [Array(runs.dropLast(2)), [1 << 40, 5], [-1, 5], [0]] as [[Int64]] {
      let isRestored = wrong.restore(record, runs: runs[...])
      #expect(!isRestored)
    }
  }

  @Test(arguments: [nil, 0.0, 0.25] as [Double?])
  func `settings come back from text`(_ disconnection: Double?) {
    var settings = FloodSettings()
    settings.moveProbability = 0.8123
    settings.minimumDistance = VoxelExtent(z: 1, y: 2, x: 3)
    settings.disconnectionFraction = disconnection
    settings.callLimit = disconnection == nil ? 17 : nil
    #expect(FloodSettings(text: settings.text + ";weights=abc") == settings)
    for (old, new) in [
      ("move=0.8123", "move=1.5"), ("segment", "segmant"), ("call_limit=", "call_limit=-"),
      ("minimum_distance=1 2 3", "minimum_distance=1 2"), ("padding=0.05", "padding=nan"),
    ] {
      let parts = settings.text.split(separator: old, omittingEmptySubsequences: false)
      #expect(parts.count == 2 && FloodSettings(text: parts.joined(separator: new)) == nil)
    }
  }
}
