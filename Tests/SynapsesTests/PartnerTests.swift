import Synapses
import TestSupport
import Testing
import Voxels

/// Two neurons face to face along x, 10 nm voxels: 1 left of the cleft, 2 right of it.
struct PartnerTests {
  private static let box = VoxelBox(extent: VoxelExtent(z: 6, y: 12, x: 20))
  private static let size = VoxelSize(z: 10, y: 10, x: 10)

  /// A volume by a rule.
  private static func volume<Scalar>(
    channels: Int = 1, _ value: (Int, Int, Int, Int) -> Scalar
  ) -> Volume<Scalar> {
    var values: [Scalar] = []
    for channel in 0..<channels {
      for z in 0..<box.extent.z {
        for y in 0..<box.extent.y {
          for x in 0..<box.extent.x { values.append(value(channel, z, y, x)) }
        }
      }
    }
    return Volume(channels: channels, box: box, values: values)
  }

  /// A cleft at x = 9 and 10 in y = 4 ..< 8, and vesicles deeper within one side.
  private static func cleft(
    vesiclesRight: Bool,
    segments: @escaping (Int, Int, Int) -> UInt64 = { _, _, x in x < 10 ? 1 : 2 }
  ) -> SynapseScene {
    SynapseScene(
      object: 7,
      objects: volume { _, z, y, x in
        (2..<4).contains(z) && (4..<8).contains(y) && (9..<11).contains(x) ? 7 : 0
      },
      segments: volume { _, z, y, x in segments(z, y, x) },
      prediction: volume(channels: 2) { channel, z, y, x in
        if channel == 0 { return (9..<11).contains(x) && (4..<8).contains(y) ? 0.75 : 0 }
        return (vesiclesRight ? (12..<15) : (5..<8)).contains(x) ? 0.5 : 0
      }, voxelSize: size, offset: PhysicalPosition(z: 1000, y: 0, x: 0))
  }

  @Test(arguments: [false, true])
  func `the side with vesicles sends`(vesiclesRight: Bool) throws {
    let partners = CleftPartners(polarity: .channel(1), radius: 40, minimumContact: 100)
    let synapses = partners.synapses(in: Self.cleft(vesiclesRight: vesiclesRight))
    let synapse = try #require(synapses.first)
    #expect(synapses.count == 1)
    #expect(synapse.preID == (vesiclesRight ? 2 : 1) && synapse.postID == (vesiclesRight ? 1 : 2))
    #expect(synapse.method == "cleft network" && synapse.score == 0.75)
    // The points lie on their own sides, and the middle in the cleft.
    #expect((synapse.pre.x > 95) == vesiclesRight && (synapse.post.x < 95) == vesiclesRight)
    #expect(synapse.center == PhysicalPosition(z: 1025, y: 55, x: 95))
    #expect((1000...1050).contains(synapse.pre.z))
  }

  @Test func `without a sign the largest contact sends`() throws {
    // Label 2 has only a corner of what lies right of the cleft; 3 the rest.
    let scene = Self.cleft(vesiclesRight: false) { _, y, x in x < 10 ? 1 : y < 6 ? 2 : 3 }
    let partners = CleftPartners(polarity: .contact, radius: 40, minimumContact: 100)
    let synapses = partners.synapses(in: scene)
    #expect(synapses.map(\.preID) == [1, 1] && synapses.map(\.postID) == [2, 3])
    #expect(synapses.allSatisfy { $0.method == "cleft contact" })
    // Where the channel is empty around the cleft, contacts decide too.
    var silent = scene
    silent.prediction = Self.volume(channels: 2) { channel, _, _, _ in channel == 0 ? 0.75 : 0 }
    let channel = CleftPartners(polarity: .channel(1), radius: 40, minimumContact: 100)
    #expect(channel.synapses(in: silent) == synapses)
  }

  @Test func `contacts are volumes within the radius over the radius`() throws {
    // All of the plane x = 12 … is label 2; within 10 nm of the cleft lies nothing of it.
    let scene = Self.cleft(vesiclesRight: false) { _, _, x in x < 10 ? 1 : x > 11 ? 2 : 0 }
    let near = CleftPartners(polarity: .contact, radius: 10, minimumContact: 0)
    #expect(near.synapses(in: scene).isEmpty)
    let far = CleftPartners(polarity: .contact, radius: 20, minimumContact: 0)
    // Straight across from the cleft, 2 · 4 voxels at 20 nm: 8000 nm³ over 20 nm.
    #expect(far.synapses(in: scene).map(\.size) == [400])
    let strict = CleftPartners(polarity: .contact, radius: 20, minimumContact: 401)
    #expect(strict.synapses(in: scene).isEmpty)
  }

  @Test func `points carry supervoxels, neurons decide`() throws {
    var scene = Self.cleft(vesiclesRight: false)
    scene.supervoxels = Self.volume { _, z, _, x in UInt64(x < 10 ? 100 + z : 200 + z) }
    let synapse = try #require(
      CleftPartners(polarity: .contact, radius: 40, minimumContact: 100).synapses(in: scene).first)
    #expect(synapse.preID == 1 && synapse.postID == 2)
    let z = UInt64(((synapse.pre.z - 1000) / 10).rounded())
    #expect(synapse.preSupervoxelID == 100 + z && (synapse.postSupervoxelID ?? 0) / 100 == 2)
  }

  /// A receiving site around (2, 5, 12) whose directions all lead to one place.
  private static func directed(
    to end: (Double, Double, Double), segments: @escaping (Int, Int, Int) -> UInt64
  ) -> SynapseScene {
    let inSite = { (z: Int, y: Int, x: Int) in
      (1..<4).contains(z) && (4..<7).contains(y) && (11..<14).contains(x)
    }
    return SynapseScene(
      object: 3, objects: volume { _, z, y, x in inSite(z, y, x) ? 3 : 0 },
      segments: volume { _, z, y, x in segments(z, y, x) },
      prediction: volume(channels: 4) { channel, z, y, x in
        switch channel {
        case 0: inSite(z, y, x) ? (x == 12 ? 1 : 0.5) : 0
        case 1: Float(end.0 - Double(z) * 10)
        case 2: Float(end.1 - Double(y) * 10)
        default: Float(end.2 - Double(x) * 10)
        }
      }, voxelSize: size)
  }

  @Test func `directions lead from the deepest voxel to the sending side`() throws {
    let scene = Self.directed(to: (40, 80, 30)) { _, _, x in x < 8 ? 1 : 2 }
    let synapse = try #require(DirectionPartners().synapses(in: scene).first)
    #expect(synapse.post == PhysicalPosition(z: 20, y: 50, x: 120))
    #expect(synapse.pre == PhysicalPosition(z: 40, y: 80, x: 30))
    #expect(synapse.preID == 1 && synapse.postID == 2 && synapse.method == "directions")
    #expect(abs((synapse.score ?? 0) - 2.0 / 3) < 1e-6 && synapse.size == 27_000)
    let most = DirectionPartners(score: .maximum).synapses(in: scene).first?.score
    let sum = DirectionPartners(score: .sum).synapses(in: scene).first?.score
    #expect(most == 1 && abs((sum ?? 0) - 18) < 1e-4)
  }

  @Test func `directions into nothing, oneself or too near give nothing`() {
    let split: (Int, Int, Int) -> UInt64 = { _, _, x in x < 8 ? 1 : 2 }
    // Outside the box; within the receiver; in no segment; shorter than the least length.
    #expect(
      DirectionPartners().synapses(in: Self.directed(to: (20, 50, -80), segments: split)).isEmpty)
    #expect(
      DirectionPartners().synapses(in: Self.directed(to: (20, 50, 180), segments: split)).isEmpty)
    #expect(
      DirectionPartners().synapses(
        in: Self.directed(to: (40, 80, 30)) { _, _, x in x < 8 ? 0 : 2 }
      ).isEmpty)
    let strict = DirectionPartners(minimumLength: 200, reach: 600)
    #expect(strict.synapses(in: Self.directed(to: (40, 80, 30), segments: split)).isEmpty)
  }

  /// Sending sites of label 1, in y < 5, and of label 4, in y > 8.
  private static func sites(reachable: Bool = true) -> SynapseScene {
    SynapseScene(
      object: 3,
      objects: volume { _, z, y, x in
        (1..<4).contains(z) && (3..<6).contains(y) && (12..<15).contains(x) ? 3 : 0
      },
      segments: volume { _, _, y, x in x > 9 ? 2 : y > 8 ? 4 : 1 },
      prediction: volume(channels: 2) { channel, _, y, x in
        if channel == 0 { return (12..<15).contains(x) ? 0.875 : 0 }
        // Label 2's own site, which is nearest, does not count.
        if x == 11 { return 1 }
        return reachable && ((2..<5).contains(x) && y < 5 || (6..<8).contains(x) && y > 8)
          ? 0.625 : 0.25
      }, voxelSize: size)
  }

  @Test func `a receiving site belongs to the nearest site of another neuron`() throws {
    let synapse = try #require(SitePartners().synapses(in: Self.sites()).first)
    // The deepest voxel of the site is (2, 4, 13); (2, 4, 4) is 90 nm away, (2, 9, 7) is 78 nm.
    #expect(synapse.post == PhysicalPosition(z: 20, y: 40, x: 130))
    #expect(synapse.preID == 4 && synapse.postID == 2 && synapse.method == "sites")
    #expect(synapse.score == 0.625)
    #expect(SitePartners(reach: 70).synapses(in: Self.sites()).isEmpty)
    #expect(SitePartners().synapses(in: Self.sites(reachable: false)).isEmpty)
  }
}

struct SquaredDistancesTests {
  @Test(arguments: 0..<6) func `distances are those to the nearest mark`(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    func next(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }
    let extent = VoxelExtent(z: 1 + next(5), y: 1 + next(9), x: 1 + next(9))
    let size = VoxelSize(z: Double(10 + next(40)), y: 4, x: Double(3 + next(4)))
    let box = VoxelBox(origin: VoxelPosition(z: 5, y: 6, x: 7), extent: extent)
    let marks = Volume<UInt8>(
      box: box, values: (0..<extent.voxelCount).map { _ in next(12) == 0 ? 1 : 0 })
    var marked: [(Double, Double, Double)] = []
    var all: [(Int, Int, Int)] = []
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        for x in 0..<extent.x {
          all.append((z, y, x))
          if marks.row(z: z, y: y)[x] != 0 {
            marked.append((Double(z) * size.z, Double(y) * size.y, Double(x) * size.x))
          }
        }
      }
    }
    let distances = SquaredDistances(to: marks, voxelSize: size)
    for (z, y, x) in all {
      let place = (Double(z) * size.z, Double(y) * size.y, Double(x) * size.x)
      let nearest =
        marked.map {
          let (dz, dy, dx) = ($0.0 - place.0, $0.1 - place.1, $0.2 - place.2)
          return dz * dz + dy * dy + dx * dx
        }.min() ?? .infinity
      let found = distances.values.row(z: z, y: y)[x]
      #expect(found == nearest || abs(found - nearest) < 1e-6 * nearest)
    }
  }
}

struct MaskClosingTests {
  @Test func `gaps within sections close, across sections they do not`() {
    // Two sections of one row: ones at 2 and 5; the gap between is two voxels wide.
    let box = VoxelBox(extent: VoxelExtent(z: 2, y: 1, x: 8))
    let row: [UInt8] = [0, 0, 1, 0, 0, 1, 0, 0]
    let mask = Volume<UInt8>(box: box, values: row + [0, 0, 0, 0, 0, 0, 0, 0])
    let closed = closedInSections(mask, radius: 1)
    #expect((0..<8).map { closed.row(z: 0, y: 0)[$0] } == [0, 0, 1, 1, 1, 1, 0, 0])
    #expect((0..<8).allSatisfy { closed.row(z: 1, y: 0)[$0] == 0 })
    let same = closedInSections(mask, radius: 0)
    #expect((0..<8).map { same.row(z: 0, y: 0)[$0] } == row)
  }

  @Test func `a voxel is the same in a box that reaches twice the radius further`() {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 16, x: 16))
    let mask = Volume<UInt8>(
      box: box, values: (0..<256).map { ($0 * 7919 % 13) < 3 ? 1 : 0 })
    let whole = closedInSections(mask, radius: 2)
    let inner = VoxelBox(
      origin: VoxelPosition(z: 0, y: 6, x: 5), extent: VoxelExtent(z: 1, y: 4, x: 5))
    let part = closedInSections(
      mask.cropped(to: inner.grown(by: VoxelExtent(z: 0, y: 4, x: 4)).intersection(box)), radius: 2
    ).cropped(to: inner)
    let (first, second) = (whole.cropped(to: inner), part)
    for y in 0..<4 {
      for x in 0..<5 { #expect(first.row(z: 0, y: y)[x] == second.row(z: 0, y: y)[x]) }
    }
    #expect((0..<16).contains { whole.row(z: 0, y: 8)[$0] != mask.row(z: 0, y: 8)[$0] })
  }
}

struct SynapseSelectionTests {
  private func synapse(
    _ pre: UInt64?, _ post: UInt64?, at x: Double, score: Double? = 0.9, size: Double? = 50
  ) -> Synapse {
    Synapse(
      pre: PhysicalPosition(z: 0, y: 0, x: x), post: PhysicalPosition(z: 0, y: 100, x: x),
      preID: pre, postID: post, score: score, size: size, preSupervoxelID: UInt64(x))
  }

  @Test func `each reason is counted once`() {
    let selected = SynapseSelection(minimumScore: 0.5, minimumSize: 10, duplicateDistance: 60)
      .applied(to: [
        synapse(1, 2, at: 0), synapse(1, 2, at: 50, score: 0.8), synapse(1, 2, at: 500),
        synapse(1, 1, at: 10), synapse(0, 2, at: 20), synapse(3, nil, at: 30),
        synapse(1, 3, at: 40, score: 0.4), synapse(1, 4, at: 45, size: 5),
        synapse(1, 5, at: 60, score: nil, size: nil),
      ])
    #expect(selected.synapses.map(\.pre.x) == [0, 500, 60])
    #expect(selected.unassigned == 2 && selected.autapses == 1 && selected.unlikely == 1)
    #expect(selected.small == 1 && selected.duplicates == 1)
  }

  @Test func `sending sites of one neuron unite at the best`() {
    let selected = SynapseSelection(duplicateDistance: 0, siteDistance: 200).applied(to: [
      synapse(1, 2, at: 0, score: 0.6), synapse(1, 3, at: 150, score: 0.9),
      synapse(1, 4, at: 340, score: 0.5), synapse(6, 4, at: 160, score: 0.7),
    ])
    #expect(selected.synapses.map(\.pre.x) == [150, 150, 150, 160])
    #expect(selected.synapses.map(\.preSupervoxelID) == [150, 150, 150, 160])
    #expect(selected.synapses.map(\.post.x) == [0, 150, 340, 160])
  }
}
