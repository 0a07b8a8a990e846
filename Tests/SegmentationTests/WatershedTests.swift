import Segmentation
import TestSupport
import Testing
import Voxels

struct WatershedTests {
  /// Labels of one row of voxels whose x links are given in hundredths.
  private func labels(
    ofRow hundredths: [Int], low: Double = 0.1, high: Double = 1, reach: Int = 6
  ) -> [UInt32] {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: hundredths.count + 1))
    let empty = [Float](repeating: 0.5, count: 2 * (hundredths.count + 1))
    let affinities = Volume<Float>(
      channels: 3, box: box, values: empty + [1] + hundredths.map { Float($0) / 100 })
    return watershed(
      affinities: affinities, box: box, volume: box,
      parameters: WatershedParameters(low: low, high: high, plateauReach: reach)
    ).labels.values
  }

  @Test func `a saddle splits two basins`() {
    #expect(labels(ofRow: [90, 80, 30, 70, 60]) == [1, 1, 1, 2, 2, 2])
  }

  @Test func `a voxel between equal links to higher ground takes the one before it`() {
    #expect(labels(ofRow: [90, 50, 50, 90]) == [1, 1, 1, 2, 2])
  }

  @Test func `links at or above the high threshold join whatever is steeper`() {
    #expect(labels(ofRow: [95, 80, 99], high: 0.8) == [1, 1, 1, 1])
    #expect(labels(ofRow: [95, 79, 99], high: 0.8) == [1, 1, 2, 2])
  }

  @Test func `voxels without a link above the low threshold are background`() {
    #expect(labels(ofRow: [90, 25, 25, 26], low: 0.25) == [1, 1, 0, 2, 2])
  }

  @Test func `a plateau is shared out between its exits`() {
    #expect(labels(ofRow: [90, 50, 50, 50, 50, 50, 90]) == [1, 1, 1, 1, 2, 2, 2, 2])
  }

  @Test func `the inside of a plateau beyond reach is a basin of its own`() {
    // The third voxel from either end has a way out; the fourth is one step away from it.
    let row = [90, 50, 50, 50, 50, 50, 50, 90]
    #expect(labels(ofRow: row, reach: 2) == [1, 1, 1, 1, 1, 2, 2, 2, 2])
    #expect(labels(ofRow: row, reach: 1) == [1, 1, 1, 1, 2, 3, 3, 3, 3])
    #expect(labels(ofRow: row, reach: 0) == [1, 1, 1, 2, 2, 2, 3, 3, 3])
  }

  @Test func `a plateau without exits is one basin however wide`() {
    #expect(labels(ofRow: Array(repeating: 50, count: 40)) == Array(repeating: 1, count: 41))
  }

  @Test func `one voxel alone is background`() {
    let box = VoxelBox(extent: VoxelExtent(cube: 1))
    let fragments = watershed(
      affinities: Volume<UInt8>(channels: 3, box: box, fill: 255), box: box, volume: box,
      parameters: WatershedParameters())
    #expect(fragments.count == 0)
    #expect(fragments.labels[.zero] == 0)
  }

  @Test func `thresholds 0 and 1 keep every link but those of exactly 0`() {
    #expect(labels(ofRow: [0, 1, 100, 100], low: 0, high: 1) == [0, 1, 1, 1, 1])
  }

  @Test func `a link that is not a number is no link`() {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 4))
    let affinities = Volume<Float>(
      channels: 3, box: box, values: Array(repeating: .nan, count: 10) + [.nan, 0.5])
    let fragments = watershed(
      affinities: affinities, box: box, volume: box, parameters: WatershedParameters())
    #expect(fragments.labels.values == [0, 0, 1, 1])
  }

  @Test func `byte thresholds are exact`() {
    for value in 0...255 {
      let affinity = Double(value) / 255
      #expect(UInt8.largest(atMost: affinity) == UInt8(value))
      #expect(UInt8.smallest(atLeast: affinity) == UInt8(value))
      #expect(UInt8.largest(atMost: affinity.nextUp) == UInt8(value))
      if value > 0 { #expect(UInt8.largest(atMost: affinity.nextDown) == UInt8(value - 1)) }
      if value < 255 { #expect(UInt8.smallest(atLeast: affinity.nextUp) == UInt8(value + 1)) }
    }
  }

  @Test func `both types count affinities in the same units`() {
    #expect(UInt8(255).fixedPoint == Float(1).fixedPoint)
    #expect(Float.nan.fixedPoint == 0)
    #expect(Float(-1).fixedPoint == 0)
    #expect(Float(7).fixedPoint == Float(1).fixedPoint)
    for value in UInt8.min...UInt8.max {
      #expect(abs(Int(value.fixedPoint) - Int((Float(value) / 255).fixedPoint)) <= 1)
    }
  }

  @Test(arguments: AffinityTexture.allCases, 0..<6 as Range<UInt64>)
  func `the watershed equals its rule applied voxel by voxel`(
    texture: AffinityTexture, seed: UInt64
  ) {
    var generator = SeededGenerator(seed: seed)
    let box = VoxelBox.random(upTo: 9, using: &generator)
    let reach = Int.random(in: 0...4, using: &generator)
    let parameters = WatershedParameters(low: 0.2, high: 0.9, plateauReach: reach)
    func check<Affinity: AffinityScalar>(_ type: Affinity.Type) {
      let affinities = Volume<Affinity>.affinities(texture, box: box, using: &generator)
      let fragments = watershed(
        affinities: affinities, box: box, volume: box, parameters: parameters)
      let expected = ReferenceWatershed(
        affinities, low: type == UInt8.self ? 0.2 : Double(Float.largest(atMost: 0.2)),
        high: type == UInt8.self ? 230.0 / 255 : Double(Float.smallest(atLeast: 0.9))
      ).partition(reach: reach)
      #expect(fragments.labels.values.map(Int.init) == expected, "seed \(seed)")
      #expect(fragments.count == expected.max())
    }
    check(UInt8.self)
    check(Float.self)
  }

  @Test(arguments: AffinityTexture.allCases, 0..<6 as Range<UInt64>)
  func `blocks of any shape join to the fragments of the whole`(
    texture: AffinityTexture, seed: UInt64
  ) {
    var generator = SeededGenerator(seed: seed)
    let box = VoxelBox.random(upTo: 14, using: &generator)
    let parameters = WatershedParameters(
      low: 0.2, high: 0.95, plateauReach: .random(in: 0...3, using: &generator))
    let affinities = Volume<UInt8>.affinities(texture, box: box, using: &generator)
    let whole = watershed(affinities: affinities, box: box, volume: box, parameters: parameters)
    let shape = VoxelBox.random(upTo: 8, using: &generator).extent
    let joined = joinedFragments(of: affinities, blocks: shape, parameters: parameters)
    #expect(joined == canonical(whole.labels.values), "seed \(seed)")
  }
}

/// A label that only means something within one block.
private struct BlockLabel: Hashable {
  var block: Int
  var label: UInt32
}

/// Watersheds block by block, each with no more of the affinities than it asks for, and joins the
/// labels that two blocks give the same voxel.
func joinedFragments<Affinity: AffinityScalar>(
  of affinities: Volume<Affinity>, blocks shape: VoxelExtent, parameters: WatershedParameters
) -> [Int] {
  let volume = affinities.box
  var seen: [VoxelPosition: BlockLabel] = [:]
  var joined = Joining<BlockLabel>()
  for (block, writeBox) in volume.blocks(of: shape).enumerated() {
    let part = affinities.cropped(to: writeBox.grown(by: parameters.halo).intersection(volume))
    let grown = VoxelBox(from: writeBox.origin, to: writeBox.end + VoxelExtent(cube: 1))
      .intersection(volume)
    let fragments = watershed(
      affinities: part, box: grown, volume: volume, parameters: parameters)
    for voxel in grown.positions where fragments.labels[voxel] != 0 {
      let label = BlockLabel(block: block, label: fragments.labels[voxel])
      if let other = seen[voxel] { joined.join(other, label) } else { seen[voxel] = label }
    }
  }
  var names: [BlockLabel: Int] = [:]
  return volume.positions.map { voxel in
    guard let label = seen[voxel] else { return 0 }
    let root = joined.root(of: label)
    if let name = names[root] { return name }
    names[root] = names.count + 1
    return names.count
  }
}
