import Labels
import Segmentation
import TestSupport
import Testing
import Voxels

struct DistanceWatershedTests {
  private let unit = VoxelSize(z: 1, y: 1, x: 1)

  /// Affinities between voxels of the same letter, in rows of letters; a dot is a boundary.
  private func affinities(_ sections: [[String]]) -> Volume<UInt8> {
    let letters = sections.map { $0.map(Array.init) }
    let box = VoxelBox(
      extent: VoxelExtent(z: letters.count, y: letters[0].count, x: letters[0][0].count))
    var affinities = Volume<UInt8>(channels: 3, box: box)
    for voxel in box.positions where letters[voxel.z][voxel.y][voxel.x] != "." {
      for channel in 0..<3 { affinities[voxel, channel: channel] = 255 }
    }
    return affinities
  }

  private func fragments(
    _ affinities: Volume<UInt8>, _ parameters: DistanceWatershedParameters, smallest: Int = 0
  ) -> Fragments {
    distanceWatershed(
      affinities: affinities, ownBox: affinities.box, volume: affinities.box,
      parameters: parameters, smallest: smallest
    ).fragments
  }

  @Test func `a neck divides an object with two seeds`() {
    let parameters = DistanceWatershedParameters(voxelSize: unit, seedWindow: 4)
    let found = fragments(
      affinities([
        [
          ".............",
          ".aaaaa.aaaaa.",
          ".aaaaa.aaaaa.",
          ".aaaaaaaaaaa.",
          ".aaaaa.aaaaa.",
          ".aaaaa.aaaaa.",
          ".............",
        ]
      ]), parameters)
    #expect(found.count == 2)
    let labels = found.labels
    #expect(labels[VoxelPosition(z: 0, y: 1, x: 1)] == 1)
    #expect(labels[VoxelPosition(z: 0, y: 5, x: 11)] == 2)
    #expect(labels[VoxelPosition(z: 0, y: 0, x: 0)] == 0)
  }

  @Test func `what has no seed joins over the highest pass`() {
    // The bay on the right is within the window of the seed on the left.
    let wide = DistanceWatershedParameters(voxelSize: unit, seedWindow: 20)
    let rows = [
      "............",
      ".aaaaaa.....",
      ".aaaaaa.aaa.",
      ".aaaaaaaaaa.",
      ".aaaaaa.aaa.",
      ".aaaaaa.....",
      "............",
    ]
    #expect(fragments(affinities([rows]), wide).count == 1)
    let narrow = DistanceWatershedParameters(voxelSize: unit, seedWindow: 2)
    #expect(fragments(affinities([rows]), narrow).count == 2)
  }

  @Test func `objects that do not touch stay apart, with or without a seed`() {
    let wide = DistanceWatershedParameters(voxelSize: unit, seedWindow: 20)
    let rows = [
      "............",
      ".aaaaaa.bbb.",
      ".aaaaaa.bbb.",
      ".aaaaaa.bbb.",
      ".aaaaaa.bbb.",
      "............",
    ]
    #expect(fragments(affinities([rows]), wide).count == 2)
  }

  @Test func `voxels much longer along z make fragments of one section each`() {
    let section = ["......", ".aaaa.", ".aaaa.", ".aaaa.", "......"]
    let volume = affinities([section, section, section])
    let flat = VoxelSize(z: 30, y: 6, x: 6)
    #expect(fragments(volume, DistanceWatershedParameters(voxelSize: flat)).count == 3)
    #expect(fragments(volume, DistanceWatershedParameters(voxelSize: unit)).count == 1)
    #expect(
      fragments(volume, DistanceWatershedParameters(voxelSize: flat, dimensions: .volume)).count
        == 1)
    #expect(DistanceWatershedParameters(voxelSize: flat).halo.z == 1)
  }

  @Test func `all inside is one fragment, all outside none`() {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 30, x: 31))
    let parameters = DistanceWatershedParameters(voxelSize: unit)
    let full = fragments(Volume<UInt8>(channels: 3, box: box, fill: 255), parameters)
    #expect(full.count == 1)
    #expect(full.labels.values.allSatisfy { $0 == 1 })
    #expect(fragments(Volume<UInt8>(channels: 3, box: box), parameters).count == 0)
  }

  @Test func `the weakest link can decide what is inside`() {
    let box = VoxelBox(extent: VoxelExtent(cube: 3))
    var affinities = Volume<Float>(channels: 3, box: box, fill: 0.9)
    for voxel in box.positions { affinities[voxel, channel: 0] = 0.2 }
    let found = [DistanceWatershedParameters.Statistic.mean, .minimum].map { statistic in
      distanceWatershed(
        affinities: affinities, ownBox: box, volume: box,
        parameters: DistanceWatershedParameters(voxelSize: unit, statistic: statistic)
      ).fragments.labels.values.count { $0 != 0 }
    }
    // The first section has no links along z, the first voxels of the others have no other.
    #expect(found == [25, 9])
  }

  @Test func `flooded boundaries join the fragments around them`() {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 9))
    // Two objects; the two voxels between them are linked to the right one, hardly to the left.
    let row: [UInt8] = [0, 255, 255, 255, 20, 90, 110, 255, 255]
    let affinities = Volume<UInt8>(
      channels: 3, box: box, values: [UInt8](repeating: 0, count: 18) + row)
    func labels(_ boundaries: DistanceWatershedParameters.Boundaries) -> [UInt32] {
      fragments(
        affinities,
        DistanceWatershedParameters(
          voxelSize: unit, dimensions: .sections, boundaries: boundaries, seedWindow: 2)
      ).labels.values
    }
    #expect(labels(.background) == [1, 1, 1, 1, 0, 0, 0, 2, 2])
    #expect(labels(.flooded(above: 0.2)) == [1, 1, 1, 1, 2, 2, 2, 2, 2])
    #expect(labels(.flooded(above: 0.4)) == [1, 1, 1, 1, 0, 2, 2, 2, 2])
  }

  @Test(arguments: AffinityTexture.allCases, 0..<8 as Range<UInt64>)
  func `blocks of any shape join to the fragments of the whole`(
    texture: AffinityTexture, seed: UInt64
  ) throws {
    var generator = SeededGenerator(seed: seed)
    let box = VoxelBox.random(upTo: 15, using: &generator)
    let affinities = Volume<UInt8>.affinities(texture, box: box, using: &generator)
    let size = VoxelSize(
      z: [1, 1, 2, 9].randomElement(using: &generator) ?? 1, y: 1,
      x: [1, 1.3].randomElement(using: &generator) ?? 1)
    let parameters = DistanceWatershedParameters(
      voxelSize: size, threshold: [0.2, 0.4, 0.5].randomElement(using: &generator) ?? 0.4,
      statistic: .random(using: &generator),
      boundaries: Bool.random(using: &generator) ? .background : .flooded(above: 0.1),
      seedWindow: .random(in: 1...8, using: &generator),
      reach: .random(in: 2...6, using: &generator),
      plateauReach: .random(in: 0...3, using: &generator))
    let smallest = Bool.random(using: &generator) ? 0 : 12
    let whole = fragments(affinities, parameters, smallest: smallest)
    let needed = RegionGrowth(voxelCount: UInt64(smallest), seedCount: 1)
    for _ in 0..<3 {
      let shape = VoxelBox.random(upTo: 8, using: &generator).extent
      let joined = try joinedBlocks(of: box, shape: shape, until: needed) { own, _ in
        distanceWatershed(
          affinities: affinities.cropped(
            to: own.grown(by: parameters.halo).intersection(box)),
          ownBox: own, volume: box, parameters: parameters, smallest: smallest)
      }
      #expect(joined == whole.labels.values.map(Int.init), "seed \(seed), blocks \(shape)")
    }
  }

  @Test(arguments: AffinityTexture.allCases, 0..<6 as Range<UInt64>)
  func `the watershed equals its rule applied voxel by voxel`(
    texture: AffinityTexture, seed: UInt64
  ) {
    var generator = SeededGenerator(seed: seed)
    let box = VoxelBox.random(upTo: 9, using: &generator)
    let affinities = Volume<UInt8>.affinities(texture, box: box, using: &generator)
    let reach = Int.random(in: 2...5, using: &generator)
    let window = Int.random(in: 1...6, using: &generator)
    let plateau = Int.random(in: 0...3, using: &generator)
    let low: UInt8? = Bool.random(using: &generator) ? nil : 40
    let parameters = DistanceWatershedParameters(
      voxelSize: unit, threshold: 0.45,
      boundaries: low.map { .flooded(above: Double($0) / 255) } ?? .background,
      seedWindow: window, reach: reach, plateauReach: plateau)
    let rule = ReferenceDistanceWatershed(affinities, threshold: 0.45, reach: reach, low: low)
    let basins = ReferenceWatershed(rule.links, low: 0, high: 1).partition(reach: plateau)
    let expected = absorbedLinkByLink(
      basins, rule.links, weakest: 0, seeds: rule.seeds(window: window),
      needed: RegionGrowth(seedCount: 1))
    #expect(fragments(affinities, parameters).labels.values.map(Int.init) == expected)
  }

  @Test(arguments: AffinityTexture.allCases)
  func `fragments are connected by faces`(texture: AffinityTexture) {
    var generator = SeededGenerator(seed: 5)
    let box = VoxelBox(extent: VoxelExtent(z: 9, y: 14, x: 15))
    let affinities = Volume<UInt8>.affinities(texture, box: box, using: &generator)
    let found = fragments(
      affinities, DistanceWatershedParameters(voxelSize: unit, threshold: 0.4, seedWindow: 4))
    let parts = connectedComponents(of: found.labels, neighbourhood: .faces)
    #expect(parts.count == found.count)
  }
}

extension DistanceWatershedParameters.Statistic {
  fileprivate static func random(using generator: inout SeededGenerator) -> Self {
    Bool.random(using: &generator) ? .mean : .minimum
  }
}

/// Distances, links and seeds of cubic voxels, each found by looking at all others.
private struct ReferenceDistanceWatershed {
  let links: Volume<Float>
  private let box: VoxelBox
  private let squares: [VoxelPosition: Int]

  init(_ affinities: Volume<UInt8>, threshold: Double, reach: Int, low: UInt8?) {
    let box = affinities.box
    let steps = [
      VoxelExtent(z: 1, y: 0, x: 0), VoxelExtent(z: 0, y: 1, x: 0), VoxelExtent(z: 0, y: 0, x: 1),
    ]
    func isInside(_ voxel: VoxelPosition) -> Bool {
      let links = steps.indices.filter { box.contains(voxel - steps[$0]) }
        .map { Int(affinities[voxel, channel: $0]) }
      if links.isEmpty {
        let next = voxel + steps[2]
        return box.contains(next) && isInside(next)
      }
      return Double(links.reduce(0, +)) > threshold * 255 * Double(links.count)
    }
    let outside = box.positions.filter { !isInside($0) }
    var squares: [VoxelPosition: Int] = [:]
    for voxel in box.positions {
      squares[voxel] = outside.reduce(reach * reach) { nearest, other in
        let step = other - voxel
        return min(nearest, step.z * step.z + step.y * step.y + step.x * step.x)
      }
    }
    var links = Volume<Float>(channels: 3, box: box)
    for voxel in box.positions {
      for (channel, step) in steps.enumerated() {
        guard let own = squares[voxel], let other = squares[voxel - step] else { continue }
        let affinity = affinities[voxel, channel: channel]
        if own > 0 && other > 0 {
          links[voxel, channel: channel] = Float(own + other) / Float(2 * reach * reach)
        } else if let low, affinity > low {
          let scale: Float = 0.5 / Float(reach * reach) / 255
          links[voxel, channel: channel] = Float(affinity) * scale
        }
      }
    }
    self.links = links
    self.box = box
    self.squares = squares
  }

  /// Whether no voxel in the window around each voxel inside is further inside.
  func seeds(window: Int) -> [Bool] {
    let half = window / 2
    return box.positions.map { voxel in
      guard let own = squares[voxel], own > 0 else { return false }
      return squares.allSatisfy { other, square in
        let step = other - voxel
        let isNear = abs(step.z) <= half && abs(step.y) <= half && abs(step.x) <= half
        return !isNear || square <= own
      }
    }
  }
}
