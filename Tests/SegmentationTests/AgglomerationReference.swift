import Segmentation
import Synchronization
import TestSupport
import Voxels

/// What agglomeration makes of a volume.
struct AgglomeratedVolume: Equatable {
  var tree: MergeTree
  /// Everything decided, merges and vetoes, in the order of a tree's merges.
  var decisions: [ContactDecision]
}

/// What closures on several threads hand over.
private final class Collected<Element: Sendable>: Sendable {
  private let storage = Mutex<[Element]>([])

  func append(_ element: Element) { storage.withLock { $0.append(element) } }
  var elements: [Element] { storage.withLock { $0 } }
}

/// Agglomerates block by block.
func agglomerated<Affinity: AffinityScalar>(
  _ affinities: Volume<Affinity>, _ fragments: Volume<UInt64>, blocks shape: VoxelExtent,
  rules: AgglomerationRules, classes: Volume<UInt8>? = nil
) throws -> AgglomeratedVolume {
  let volume = affinities.box
  let boxes = volume.blocks(of: shape)
  let decisions = Collected<BoxDecisions>()
  let tree = try agglomerate(
    blockCounts: volume.extent.blockCounts(of: shape),
    fragmentCount: Int(fragments.values.max() ?? 0), rules: rules, threads: 2
  ) { index in
    regionGraph(
      affinities: affinities, fragments: fragments, box: boxes[index], volume: volume,
      detail: rules.score.needsHistograms ? .histograms : .sums)
  } classes: { index in
    classes.map { fragmentClasses(fragments: fragments, classes: $0, box: boxes[index]) } ?? []
  } record: {
    decisions.append($0)
  }
  precondition(Set(decisions.elements.map(\.number)).count == decisions.elements.count)
  return AgglomeratedVolume(
    tree: tree, decisions: inOrder(decisions.elements.flatMap(\.decisions)))
}

func agglomerated<Affinity: AffinityScalar>(
  _ affinities: Volume<Affinity>, _ fragments: Volume<UInt64>, blocks shape: VoxelExtent,
  maximumCost: Double = 1
) throws -> MergeTree {
  try agglomerated(
    affinities, fragments, blocks: shape, rules: AgglomerationRules(maximumCost: maximumCost)
  ).tree
}

extension VoxelExtent {
  /// The number of blocks of a shape that cover it along each axis.
  func blockCounts(of shape: VoxelExtent) -> VoxelExtent {
    VoxelExtent(
      z: (z + shape.z - 1) / shape.z, y: (y + shape.y - 1) / shape.y,
      x: (x + shape.x - 1) / shape.x)
  }
}

/// The order of a tree's merges: by cost, then by regions.
private func inOrder(_ decisions: [ContactDecision]) -> [ContactDecision] {
  decisions.sorted {
    if $0.affinity.isCheaper(than: $1.affinity) { return true }
    if $1.affinity.isCheaper(than: $0.affinity) { return false }
    if ($0.first, $0.second) != ($1.first, $1.second) {
      return ($0.first, $0.second) < ($1.first, $1.second)
    }
    return $0.firstVoxels < $1.firstVoxels
  }
}

/// Decides on the best contact of the whole graph, looking at every link of all of them each time.
struct GreedyAgglomeration {
  private struct Contact {
    var regions: Set<UInt64>
    /// Places in the graph's contacts.
    var parts: [Int]
    var isVetoed = false
  }

  let graph: RegionGraph
  let rules: AgglomerationRules
  private var voxels: [UInt64: UInt64] = [:]
  private var classes: [UInt64: [UInt8: UInt64]] = [:]
  private var contacts: [Contact] = []

  init(graph: RegionGraph, rules: AgglomerationRules, classes rows: [FragmentClass] = []) {
    self.graph = graph
    self.rules = rules
    for fragment in graph.fragments { voxels[fragment.id] = fragment.voxelCount }
    for row in rows { classes[row.fragment, default: [:]][row.label] = row.voxelCount }
    contacts = graph.contacts.indices.map {
      Contact(regions: [graph.contacts[$0].first, graph.contacts[$0].second], parts: [$0])
    }
  }

  private func score(_ parts: [Int]) -> MeanAffinity {
    guard let score = possibleScore(parts) else { preconditionFailure("no links have no score") }
    return score
  }

  private func possibleScore(_ parts: [Int]) -> MeanAffinity? {
    let count = parts.map { graph.contacts[$0].affinity.count }.reduce(0, +)
    switch rules.score {
    case .mean:
      let sum = parts.map { graph.contacts[$0].affinity.sum }.reduce(0, +)
      return MeanAffinity(count: count, sum: sum)
    case .maximum:
      let strongest = parts.map { graph.contacts[$0].strongest }.max() ?? 0
      return MeanAffinity(count: count, sum: count * strongest)
    case .quantile(let level):
      let links = parts.flatMap { graph.histogram(of: $0).bins }
        .flatMap { Array(repeating: UInt64($0.bin), count: Int($0.count)) }.sorted()
      let wanted = (count * level.tenThousandths + 9_999) / 10_000
      return MeanAffinity(
        count: count, sum: count * links[Int(max(1, wanted)) - 1] * UInt8(1).fixedPoint)
    }
  }

  private func rule(_ left: UInt64, _ right: UInt64, _ affinity: Double) -> ContactDecision.Rule {
    var rule = ContactDecision.Rule.statistic
    if let veto = rules.sizeVeto, affinity < veto.affinity {
      let sizes = [left, right].map { voxels[$0] ?? 0 }
      if sizes.allSatisfy({ $0 > veto.smallerVoxels }), sizes[0] + sizes[1] > veto.totalVoxels {
        return .sizeVeto
      }
      rule = .exemption
    }
    if let veto = rules.classVeto, affinity < veto.affinity {
      let dominant = [left, right].map { region -> UInt8? in
        let counts = classes[region] ?? [:]
        let total = counts.values.reduce(0, +)
        guard total > veto.classVoxels, let most = counts.values.max(),
          Double(most) >= veto.dominance * Double(total)
        else { return nil }
        return counts.filter { $0.value == most }.keys.min()
      }
      if let one = dominant[0], let other = dominant[1], one != other { return .classVeto }
      rule = .exemption
    }
    return rule
  }

  /// The segments and cost of every contact.
  var scores: [(segments: [UInt64], cost: Double)] {
    contacts.map { ($0.regions.sorted(), score($0.parts).cost) }
  }

  mutating func decisions() -> [ContactDecision] {
    var decisions: [ContactDecision] = []
    while true {
      let ranked = contacts.enumerated().filter { !$0.element.isVetoed }.map {
        (
          place: $0.offset, score: score($0.element.parts),
          origin: $0.element.parts.map { graph.contacts[$0].peak.fragments }.max()
            ?? FragmentPair(first: 0, second: 0)
        )
      }
      guard
        let best = ranked.min(by: {
          if $0.score.isCheaper(than: $1.score) { return true }
          if $1.score.isCheaper(than: $0.score) { return false }
          return $0.origin < $1.origin
        }), best.score.cost <= rules.maximumCost + 1e-12
      else { return inOrder(decisions) }
      let contact = contacts[best.place]
      let ends = contact.regions.sorted()
      let (kept, gone) = (ends[0], ends[1])
      let peaks = contact.parts.map { graph.contacts[$0].peak }.sorted {
        ($1.strength, $0.fragments) < ($0.strength, $1.fragments)
      }
      let decision = ContactDecision(
        first: kept, second: gone, affinity: best.score, firstVoxels: voxels[kept] ?? 0,
        secondVoxels: voxels[gone] ?? 0, peak: peaks[0], rule: rule(kept, gone, best.score.mean))
      decisions.append(decision)
      guard decision.rule.isMerge else {
        contacts[best.place].isVetoed = true
        continue
      }
      voxels[kept, default: 0] += voxels[gone] ?? 0
      classes[kept, default: [:]].merge(classes[gone] ?? [:]) { $0 + $1 }
      contacts.remove(at: best.place)
      var fused: [Contact] = []
      for var contact in contacts {
        if contact.regions.remove(gone) != nil { contact.regions.insert(kept) }
        if let place = fused.firstIndex(where: { $0.regions == contact.regions }) {
          fused[place].parts += contact.parts
          fused[place].isVetoed = fused[place].isVetoed || contact.isVetoed
        } else {
          fused.append(contact)
        }
      }
      contacts = fused
    }
  }
}
