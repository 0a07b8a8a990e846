import FloodFilling
import Testing
import Voxels

private let rod = box(2..<5, 2..<5, 2..<28)
private let extent = VoxelExtent(z: 7, y: 7, x: 30)

private func domain(_ allowed: VoxelBox) -> Volume<UInt8> {
  var marks = Volume<UInt8>(box: VoxelBox(extent: extent))
  for position in positions(in: allowed) { marks[position] = 1 }
  return marks
}

@Suite struct DomainTests {
  @Test func `objects stay where they may lie, and seeds elsewhere are passed over`() throws {
    var canvas = FloodCanvas(
      image: image(extent, [rod]), domain: domain(box(0..<7, 0..<7, 0..<15)))
    var flood = smallFlood()
    let outer = try canvas.fill(
      from: VoxelPosition(z: 3, y: 3, x: 20), as: 1, by: &flood, smallObjects)
    #expect(outer.outcome == .masked && outer.flood.callCount == 0)
    let inner = try canvas.fill(
      from: VoxelPosition(z: 3, y: 3, x: 4), as: 1, by: &flood, smallObjects)
    #expect(inner.outcome == .object(id: 1, voxelCount: 9 * 13, overlapCount: 0))
    #expect(inner.flood.visits.allSatisfy { $0.x < 15 })
    for position in positions(in: canvas.box) {
      #expect(canvas.objects[position] == (rod.contains(position) && position.x < 15 ? 1 : 0))
    }
  }

  @Test func `what cannot be a seed is told apart`() throws {
    var canvas = FloodCanvas(image: image(extent, [rod]))
    for position in positions(in: box(2..<5, 2..<5, 2..<6)) { canvas.objects[position] = 9 }
    var flood = smallFlood()
    func outcome(_ z: Int, _ x: Int) throws -> SeedOutcome {
      try canvas.fill(
        from: VoxelPosition(z: z, y: 3, x: x), as: 10, by: &flood, smallObjects
      ).outcome
    }
    // In an object, beside one, in the margin, and outside.
    #expect(try outcome(3, 4) == .passedOver)
    #expect(try outcome(3, 6) == .tooNear)
    #expect(try outcome(1, 10) == .passedOver)
    #expect(try outcome(3, 400) == .passedOver)
    #expect(try outcome(3, -3) == .passedOver)
    guard case .object = try outcome(3, 12) else {
      Issue.record("no object")
      return
    }
  }

  @Test func `uncertain voxels and what lies around them are marked, and nothing else`() {
    let extent = VoxelExtent(z: 6, y: 9, x: 11)
    var affinities = Volume<Float>(channels: 3, box: VoxelBox(extent: extent), fill: 0.95)
    let doubts = [VoxelPosition(z: 0, y: 4, x: 5), VoxelPosition(z: 4, y: 0, x: 10)]
    for (channel, doubt) in doubts.enumerated() { affinities[doubt, channel: channel] = 0.5 }
    // A clear membrane is no doubt.
    affinities[VoxelPosition(z: 2, y: 8, x: 0), channel: 2] = 0.01
    let reach = VoxelExtent(z: 1, y: 2, x: 3)
    let marks = uncertainRegion(of: affinities, band: 0.2...0.8, reach: reach)
    for position in positions(in: marks.box) {
      let isNear = doubts.contains { doubt in
        let step = position - doubt
        return abs(step.z) <= 1 && abs(step.y) <= 2 && abs(step.x) <= 3
      }
      #expect(marks[position] == (isNear ? 1 : 0), "\(position)")
    }
  }

  @Test func `membranes give seeds in the middle between them, and none within`() {
    var membranes = Volume<UInt8>(box: VoxelBox(extent: VoxelExtent(z: 9, y: 9, x: 40)), fill: 1)
    for position in positions(in: box(0..<9, 0..<9, 1..<10)) { membranes[position] = 0 }
    for position in positions(in: box(0..<9, 0..<9, 21..<32)) { membranes[position] = 0 }
    let grey = Volume<Float>(box: membranes.box)
    let seeds = MembraneSeeds(membranes).seeds(in: grey, margin: VoxelExtent(cube: 2))
    withKnownIssue("parallel membranes: no seed is found; the cause is not known") {
      #expect(Set(seeds.map(\.x)) == [5, 26])
    }
    let reversed = ReversedSeeds(MembraneSeeds(membranes))
      .seeds(in: grey, margin: VoxelExtent(cube: 2))
    #expect(reversed == seeds.reversed())
  }

  @Test func `peaks of an image keep to the domain, with its border for an edge`() {
    var grey = Volume<Float>(box: VoxelBox(extent: VoxelExtent(z: 16, y: 24, x: 32)), fill: 1)
    for position in positions(in: grey.box) where position.x % 12 == 0 { grey[position] = -3 }
    var marks = Volume<UInt8>(box: grey.box)
    for position in positions(in: box(0..<16, 0..<24, 0..<18)) { marks[position] = 1 }
    let margin = VoxelExtent(cube: 3)
    let all = PeakSeeds().seeds(in: grey, margin: margin)
    let some = PeakSeeds(domain: marks).seeds(in: grey, margin: margin)
    #expect(all.contains { $0.x >= 18 })
    #expect(!some.isEmpty && some.allSatisfy { $0.x < 18 })
  }
}
