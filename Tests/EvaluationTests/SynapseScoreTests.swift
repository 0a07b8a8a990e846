import Evaluation
import Synapses
import TestSupport
import Testing
import Voxels

private func synapse(
  _ pre: Double, _ post: Double, _ preID: UInt64? = nil, _ postID: UInt64? = nil
) -> Synapse {
  Synapse(
    pre: PhysicalPosition(z: 0, y: 0, x: pre), post: PhysicalPosition(z: 0, y: 50, x: post),
    preID: preID, postID: postID)
}

/// The least cost of any way to pair rows and columns.
private func leastCost(
  _ costs: [[Double?]], unmatched: Double, row: Int = 0, used: Set<Int> = []
) -> Double {
  guard row < costs.count else { return 0 }
  var best = unmatched + leastCost(costs, unmatched: unmatched, row: row + 1, used: used)
  for (column, cost) in costs[row].enumerated() where !used.contains(column) {
    guard let cost else { continue }
    best = min(
      best,
      cost
        + leastCost(
          costs, unmatched: unmatched, row: row + 1, used: used.union([column])))
  }
  return best
}

struct SynapseScoreTests {
  @Test func `synapses at the same place between the same neurons are found`() {
    let truth = [synapse(0, 0, 1, 2), synapse(1000, 1000, 3, 4), synapse(2000, 2000, 1, 2)]
    let found = [
      synapse(1010, 1030, 3, 4), synapse(0, 0, 2, 1), synapse(2399, 2401, 1, 2),
      synapse(1020, 1000, 3, 4),
    ]
    let score = SynapseScore(of: found, with: truth)
    #expect(score.matches.map { [$0.found, $0.truth] } == [[3, 1]])
    #expect(score.matches.first?.distance == 10)
    #expect(score.precision == 0.25 && score.recall == 1.0 / 3)
    #expect(score.f1 == 2.0 / 7)
    #expect(score.falsePositives == 3 && score.falseNegatives == 2)
    let places = SynapseScore(of: found, with: truth, comparesNeurons: false)
    #expect(places.matches.map { [$0.found, $0.truth] } == [[1, 0], [3, 1]])
    let wide = SynapseScore(of: found, with: truth, maximumDistance: 401)
    #expect(wide.matches.map { [$0.found, $0.truth] } == [[2, 2], [3, 1]])
  }

  @Test func `a neuron that is not known is not the same as one that is`() {
    let score = SynapseScore(of: [synapse(0, 0, nil, 2)], with: [synapse(0, 0, 1, 2)])
    #expect(score.matches.isEmpty)
    #expect(SynapseScore(of: [synapse(0, 0)], with: [synapse(0, 0)]).f1 == 1)
  }

  @Test func `nothing found and nothing there`() {
    let neither = SynapseScore(of: [], with: [])
    #expect(neither.f1 == 1 && neither.precision == 1 && neither.recall == 1)
    let missed = SynapseScore(of: [], with: [synapse(0, 0)])
    #expect(missed.f1 == 0 && missed.recall == 0 && missed.meanDistance == nil)
    let wrong = SynapseScore(of: [synapse(0, 0)], with: [])
    #expect(wrong.f1 == 0 && wrong.precision == 0)
  }

  @Test func `no way to pair costs less`() {
    for seed in 0..<200 {
      var generator = SeededGenerator(seed: UInt64(seed))
      func some() -> [Synapse] {
        (0..<Int.random(in: 0...6, using: &generator)).map { _ in
          synapse(
            Double(Int.random(in: 0..<900, using: &generator)),
            Double(Int.random(in: 0..<900, using: &generator)),
            UInt64.random(in: 0..<2, using: &generator), 1)
        }
      }
      let (found, truth) = (some(), some())
      let costs = found.map { found in
        truth.map { truth -> Double? in
          let (pre, post) = (abs(found.pre.x - truth.pre.x), abs(found.post.x - truth.post.x))
          return pre <= 400 && post <= 400 && found.preID == truth.preID ? (pre + post) / 2 : nil
        }
      }
      let score = SynapseScore(of: found, with: truth)
      let cost =
        score.matches.reduce(0) { $0 + $1.distance }
        + 800 * Double(found.count - score.matches.count)
      #expect(abs(cost - leastCost(costs, unmatched: 800)) < 1e-6, "seed \(seed)")
      #expect(Set(score.matches.map(\.truth)).count == score.matches.count, "seed \(seed)")
    }
  }
}
