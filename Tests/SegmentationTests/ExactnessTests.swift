import Segmentation
import TestSupport
import Testing
import Voxels

/// Agglomeration in blocks of any shape, beside a search that looks at the whole graph each time.
struct ExactnessTests {
  static let scores: [ContactScore] = [
    .mean, .maximum, quantile(0.5), quantile(0.85),
    quantile(0), quantile(1),
  ]

  private func check<Affinity: AffinityScalar>(
    _ affinities: Volume<Affinity>, _ fragments: Volume<UInt64>, rules: AgglomerationRules,
    classes: Volume<UInt8>? = nil, limit: Int = 8, using generator: inout SeededGenerator,
    _ name: String
  ) throws -> [ContactDecision] {
    let volume = affinities.box
    var greedy = GreedyAgglomeration(
      graph: regionGraph(
        affinities: affinities, fragments: fragments, box: volume, volume: volume,
        detail: .histograms),
      rules: rules,
      classes: classes.map {
        fragmentClasses(fragments: fragments, classes: $0, box: volume)
      } ?? [])
    let expected = greedy.decisions()
    for _ in 0..<4 {
      let shape = VoxelBox.random(upTo: limit, using: &generator).extent
      let found = try agglomerated(
        affinities, fragments, blocks: shape, rules: rules, classes: classes)
      #expect(found.decisions == expected, "\(name), blocks of \(shape)")
      #expect(found.tree.merges == expected.compactMap(\.merge), "\(name), blocks of \(shape)")
    }
    return expected
  }

  @Test(arguments: scores, 0..<8 as Range<UInt64>)
  func `watershed fragments merge as in a global greedy search`(
    score: ContactScore, seed: UInt64
  ) throws {
    var generator = SeededGenerator(seed: seed)
    let volume = VoxelBox.random(upTo: 8, using: &generator)
    let texture = AffinityTexture.allCases[Int(seed % 4)]
    let costs: [Double] = [1, 0.6, 0.3]
    let rules = AgglomerationRules(score: score, maximumCost: costs[Int(seed % 3)])
    func check<Affinity: AffinityScalar>(_ type: Affinity.Type) throws {
      let affinities = Volume<Affinity>.affinities(texture, box: volume, using: &generator)
      let fragments = watershed(
        affinities: affinities, box: volume, volume: volume,
        parameters: WatershedParameters(low: 0.2, high: 0.99, plateauReach: 0)
      ).labels.converted(to: UInt64.self)
      _ = try self.check(
        affinities, fragments, rules: rules, using: &generator, "\(texture), seed \(seed)")
    }
    try check(UInt8.self)
    try check(Float.self)
  }

  @Test(arguments: scores, 0..<6 as Range<UInt64>)
  func `single voxels merge as in a global greedy search`(
    score: ContactScore, seed: UInt64
  ) throws {
    // The densest graph there is, nearly all of it at the cuts.
    var generator = SeededGenerator(seed: seed)
    let (affinities, fragments) = singleVoxels(seed: seed, using: &generator)
    _ = try check(
      affinities, fragments, rules: AgglomerationRules(score: score, maximumCost: 0.7), limit: 5,
      using: &generator, "seed \(seed)")
  }

  @Test(arguments: [ContactScore.mean, .maximum, quantile(0.5)])
  func `vetoes by size and class are the same in any blocks`(score: ContactScore) throws {
    var rulesSeen: Set<ContactDecision.Rule> = []
    for seed in 0..<12 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let (affinities, fragments) = singleVoxels(seed: seed, using: &generator)
      let classes = Volume<UInt8>(
        box: affinities.box,
        values: affinities.box.positions.map { _ in .random(in: 0...2, using: &generator) })
      let rules = AgglomerationRules(
        score: score, maximumCost: 0.9,
        sizeVeto: seed % 3 == 0
          ? nil : SizeVeto(affinity: 0.7, smallerVoxels: 2, totalVoxels: 7),
        classVeto: seed % 3 == 1
          ? nil : ClassVeto(affinity: 0.8, classVoxels: 1, dominance: 0.6))
      let decisions = try check(
        affinities, fragments, rules: rules, classes: classes, limit: 5, using: &generator,
        "seed \(seed)")
      rulesSeen.formUnion(decisions.map(\.rule))
    }
    #expect(rulesSeen == Set(ContactDecision.Rule.allCases))
  }

  @Test(arguments: scores, 0..<6 as Range<UInt64>)
  func `residual contacts are those between segments, in any blocks`(
    score: ContactScore, seed: UInt64
  ) throws {
    var generator = SeededGenerator(seed: seed)
    let (affinities, fragments) = singleVoxels(seed: seed, using: &generator)
    let volume = affinities.box
    let tree = try agglomerated(
      affinities, fragments, blocks: volume.extent,
      rules: AgglomerationRules(score: score, maximumCost: 1)
    ).tree
    var table = tree.segmentTable(threshold: 0.3)
    // A segment that is not to be looked at.
    for fragment in table.indices where table[fragment] == 2 { table[fragment] = 0 }
    // What two segments have in common is what merging nothing would find first.
    let renamed = fragments.values.map { table[Int($0)] }
    let graph = regionGraph(
      affinities: affinities, fragments: Volume(box: volume, values: renamed), box: volume,
      volume: volume, detail: .histograms)
    let greedy = GreedyAgglomeration(
      graph: graph, rules: AgglomerationRules(score: score, maximumCost: 0.8))
    let expected = greedy.scores.filter { $0.cost > 0.3 + 1e-12 && $0.cost <= 0.8 + 1e-12 }
    for shape in [VoxelExtent(cube: 2), VoxelExtent(z: 1, y: 3, x: 4), volume.extent] {
      let boxes = volume.blocks(of: shape)
      let found = try residualContacts(
        blockCounts: volume.extent.blockCounts(of: shape), segments: table, score: score,
        costs: (above: 0.3, upTo: 0.8), threads: 2
      ) { index in
        regionGraph(
          affinities: affinities, fragments: fragments, box: boxes[index], volume: volume,
          detail: .histograms)
      }
      #expect(Set(found.map { [$0.first, $0.second] }) == Set(expected.map(\.segments)))
      #expect(found.map(\.cost).sorted() == expected.map(\.cost).sorted(), "\(shape)")
      #expect(zip(found, found.dropFirst()).allSatisfy { $0.cost <= $1.cost + 1e-12 })
      for contact in found {
        let (one, other) = (contact.peak.fragments.first, contact.peak.fragments.second)
        #expect(
          [table[Int(one)], table[Int(other)]].sorted() == [contact.first, contact.second])
      }
    }
  }

  private func singleVoxels(
    seed: UInt64, using generator: inout SeededGenerator
  ) -> (Volume<UInt8>, Volume<UInt64>) {
    let volume = VoxelBox.random(upTo: 5, using: &generator)
    let texture = AffinityTexture.allCases[Int(seed % 4)]
    let affinities = Volume<UInt8>.affinities(texture, box: volume, using: &generator)
    var ids = (1...UInt64(volume.extent.voxelCount)).map { $0 }
    ids.shuffle(using: &generator)
    return (affinities, Volume<UInt64>(box: volume, values: ids))
  }
}

private func quantile(_ share: Double) -> ContactScore {
  guard let level = QuantileLevel(share) else { preconditionFailure("not a share") }
  return .quantile(level)
}
