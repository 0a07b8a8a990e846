import FloodFilling
import Testing
import Voxels

private var settings: FloodSettings { smallObjects }

private func flood(
  _ network: ImageIsMask = ImageIsMask(), _ settings: FloodSettings = settings
) -> ObjectFlood<ImageIsMask> { smallFlood(network, settings) }

@Suite struct FloodTests {
  private static let rod = box(2..<5, 2..<5, 2..<28)
  private static let other = box(9..<12, 2..<5, 2..<28)
  private static let extent = VoxelExtent(z: 14, y: 9, x: 30)

  @Test func `an object is filled from end to end, and nothing else`() throws {
    var canvas = FloodCanvas(image: image(Self.extent, [Self.rod, Self.other]))
    var flood = flood()
    let record = try canvas.fill(
      from: VoxelPosition(z: 3, y: 3, x: 3), as: 1, by: &flood, settings)
    #expect(
      record.outcome == .object(id: 1, voxelCount: Self.rod.extent.voxelCount, overlapCount: 0))
    #expect(record.flood.end == .filled)
    #expect(record.flood.visits.first == VoxelPosition(z: 3, y: 3, x: 3))
    // The field of view reaches two voxels further than its middle, which may not leave the rod.
    #expect(record.flood.visits.map(\.x).max() == 27)
    for z in 0..<14 {
      for y in 0..<9 {
        for x in 0..<30 {
          let position = VoxelPosition(z: z, y: y, x: x)
          #expect(canvas.objects[position] == (Self.rod.contains(position) ? 1 : 0))
          #expect(canvas.mask[position].isNaN)
        }
      }
    }
  }

  @Test func `what belongs to an object stays its own, and seeds near it are passed over`() throws {
    var canvas = FloodCanvas(image: image(Self.extent, [Self.rod, Self.other]))
    for x in 2..<10 {
      for y in 2..<5 { canvas.objects[VoxelPosition(z: 10, y: y, x: x)] = 7 }
    }
    var flood = flood()
    func outcome(_ x: Int) throws -> SeedOutcome {
      try canvas.fill(
        from: VoxelPosition(z: 10, y: 3, x: x), as: 8, by: &flood, settings
      ).outcome
    }
    #expect(try outcome(5) == .passedOver)
    #expect(try outcome(10) == .tooNear)
    #expect(canvas.objects[VoxelPosition(z: 10, y: 3, x: 10)] == -1)
    guard case .object(8, let own, let overlap) = try outcome(20) else {
      Issue.record("no object")
      return
    }
    // The field of view reaches into what is the other's, whose voxels are counted and kept.
    #expect(overlap > 0 && own + overlap <= Self.other.extent.voxelCount)
    #expect(canvas.objects[VoxelPosition(z: 10, y: 3, x: 5)] == 7)
    #expect(canvas.objects[VoxelPosition(z: 10, y: 3, x: 10)] == 8)
  }

  @Test func `small, weak and lonely seeds give no object and are remembered`() throws {
    let dot = box(6..<8, 6..<8, 6..<8)
    var canvas = FloodCanvas(image: image(Self.extent, [dot]))
    var flood = flood()
    let small = try canvas.fill(
      from: VoxelPosition(z: 6, y: 6, x: 6), as: 1, by: &flood, settings)
    #expect(small.outcome == .tooSmall(voxelCount: 8))
    let weak = try canvas.fill(
      from: VoxelPosition(z: 6, y: 4, x: 20), as: 1, by: &flood, settings)
    #expect(weak.outcome == .weak && weak.flood.callCount == 1)
    #expect(canvas.objects[VoxelPosition(z: 6, y: 4, x: 20)] == -1)
    let edge = try canvas.fill(
      from: VoxelPosition(z: 1, y: 4, x: 20), as: 1, by: &flood, settings)
    #expect(edge.outcome == .passedOver && edge.flood.callCount == 0)
  }

  @Test func `a seed that gets weak on the way ends the object`() throws {
    // Every call takes the seed's voxel down; where it is seen no more, it stays.
    var network = ImageIsMask()
    network.change = { grey, mask in grey > 0 && mask > 0 ? mask - 0.4 : grey }
    var canvas = FloodCanvas(image: image(Self.extent, [Self.rod]))
    var flood = flood(network)
    let record = try canvas.fill(
      from: VoxelPosition(z: 3, y: 3, x: 14), as: 1, by: &flood, settings)
    #expect(record.outcome == .weak)
    #expect(record.flood.end == .weakSeed)
    #expect(record.flood.callCount == 2)
  }

  @Test func `voxels that were outside stay outside, unless that is turned off`() throws {
    // The second call would take back what the first excluded.
    var network = ImageIsMask()
    network.change = { grey, mask in grey > 0 ? grey : mask < -2.99 ? 1 : grey }
    for (fraction, count) in [(0.0, 0), (nil, 1)] as [(Double?, Int)] {
      var own = settings
      own.disconnectionFraction = fraction
      own.paddingProbability = 0.5
      var canvas = FloodCanvas(image: image(Self.extent, [Self.rod]))
      var flood = flood(network, own)
      _ = try canvas.fill(from: VoxelPosition(z: 3, y: 3, x: 14), as: 1, by: &flood, own)
      let beside = VoxelPosition(z: 5, y: 3, x: 14)
      #expect(canvas.objects[beside] == Int32(count))
    }
  }

  @Test func `calls are limited, places can be forbidden, and an error leaves the canvas clean`()
    throws
  {
    struct Stop: Error {}
    var own = settings
    own.callLimit = 3
    var canvas = FloodCanvas(image: image(Self.extent, [Self.rod]))
    let seed = VoxelPosition(z: 3, y: 3, x: 3)
    var limited = flood(ImageIsMask(), own)
    let first = try canvas.fill(from: seed, as: 1, by: &limited, own)
    #expect(first.flood.callCount == 3 && first.flood.end == .callLimit)

    var second = FloodCanvas(image: canvas.image)
    var free = flood()
    let half = try second.fill(from: seed, as: 1, by: &free, settings, where: { $0.x < 12 })
    #expect(half.flood.visits.allSatisfy { $0.x < 12 })
    #expect(second.objects[VoxelPosition(z: 3, y: 3, x: 20)] == 0)

    var third = FloodCanvas(image: canvas.image)
    var calls = 0
    #expect(throws: Stop.self) {
      _ = try third.fill(
        from: seed, as: 1, by: &free, settings,
        checking: {
          calls += 1
          if calls > 2 { throw Stop() }
        })
    }
    let mask = third.mask.span
    for index in mask.indices { #expect(mask[index].isNaN) }
  }

  @Test func `moves go to the strongest voxel of each face, strongest first`() {
    var logits = [Float](repeating: 0, count: 125)
    func index(_ z: Int, _ y: Int, _ x: Int) -> Int { ((z + 2) * 5 + y + 2) * 5 + x + 2 }
    logits[index(1, 0, 0)] = 2
    logits[index(0, -1, 1)] = 5
    logits[index(0, 0, -1)] = 3
    logits[index(-1, -1, -1)] = 3
    // Outside the faces of the box of one voxel.
    logits[index(2, 2, 2)] = 9
    let movement = FaceMaximumMovement(step: VoxelExtent(cube: 1))
    let moves = movement.moves(in: logits.span, VoxelExtent(cube: 5), threshold: 2)
    #expect(
      moves == [
        // Shared by two faces, given once; of equal ones the later offset comes first.
        VoxelExtent(z: 0, y: -1, x: 1), VoxelExtent(z: -1, y: -1, x: -1),
        VoxelExtent(z: 1, y: 0, x: 0),
      ])
  }
}
