public import Synapses
import Voxels

/// How many synapses were found, and how many of those found are there.
///
/// A found synapse can be a true one where it leads from the same neuron to the same neuron, and
/// where both of its sides lie within a distance of the true one's. The cost of the pair is the mean
/// of the two distances. Of all ways to pair them one by one, the one counts that makes the sum of
/// the costs least, with each pair that is missing counted at twice the distance.
///
/// Source: CREMI's evaluation script, "synaptic partners".
public struct SynapseScore: Sendable {
  /// A found synapse and the true one that it is.
  public struct Match: Hashable, Sendable {
    /// Its place among those found.
    public let found: Int
    /// Its place among the true ones.
    public let truth: Int
    /// The mean distance of their sides, in nanometres.
    public let distance: Double
  }

  /// The pairs, by the place of the found one.
  public let matches: [Match]
  /// The number of synapses found.
  public let foundCount: Int
  /// The number of true synapses.
  public let truthCount: Int
  /// How far apart each side of a pair may lie, in nanometres.
  public let maximumDistance: Double

  /// Found synapses that are none.
  public var falsePositives: Int { foundCount - matches.count }
  /// True synapses that were not found.
  public var falseNegatives: Int { truthCount - matches.count }
  /// The share of what was found that is true; 1 where nothing was found.
  public var precision: Double {
    foundCount == 0 ? 1 : Double(matches.count) / Double(foundCount)
  }
  /// The share of what is true that was found; 1 where there is nothing to find.
  public var recall: Double {
    truthCount == 0 ? 1 : Double(matches.count) / Double(truthCount)
  }
  /// The harmonic mean of precision and recall.
  public var f1: Double {
    let sum = foundCount + truthCount
    return sum == 0 ? 1 : 2 * Double(matches.count) / Double(sum)
  }
  /// The mean distance of the pairs, in nanometres; nil where there is none.
  public var meanDistance: Double? {
    matches.isEmpty ? nil : matches.reduce(0) { $0 + $1.distance } / Double(matches.count)
  }

  /// Matches synapses.
  ///
  /// - Parameters:
  ///   - found: What was found.
  ///   - truth: What is there.
  ///   - maximumDistance: How far apart each side of a pair may lie, in nanometres.
  ///   - comparesNeurons: Whether a pair must be of the same neurons; a neuron not known is another
  ///     one than every known.
  /// - Complexity: O(*n m* log *m*) for *n* synapses and *m* candidates that hang together.
  public init(
    of found: [Synapse], with truth: [Synapse], maximumDistance: Double = 400,
    comparesNeurons: Bool = true
  ) {
    precondition(maximumDistance > 0 && maximumDistance.isFinite, "a distance is above zero")
    let cells = SynapseCells(truth, edge: maximumDistance, comparesNeurons: comparesNeurons)
    let candidates = found.map { synapse in
      cells.near(synapse).compactMap { place -> MinimumCostMatching.Candidate? in
        let pre = synapse.pre.distance(to: truth[place].pre)
        let post = synapse.post.distance(to: truth[place].post)
        guard pre <= maximumDistance, post <= maximumDistance else { return nil }
        return MinimumCostMatching.Candidate(column: place, cost: (pre + post) / 2)
      }
    }
    let matching = MinimumCostMatching(
      candidates: candidates, columnCount: truth.count, unmatchedCost: 2 * maximumDistance)
    matches = found.indices.compactMap { row in
      guard let column = matching.columnOfRow[row],
        let candidate = candidates[row].first(where: { $0.column == column })
      else { return nil }
      return Match(found: row, truth: column, distance: candidate.cost)
    }
    foundCount = found.count
    truthCount = truth.count
    self.maximumDistance = maximumDistance
  }
}

/// Synapses by neurons and by the cell of a grid that their presynaptic side lies in.
private struct SynapseCells {
  private struct Cell: Hashable {
    var preID: UInt64?, postID: UInt64?
    var z: Int, y: Int, x: Int
  }

  private let edge: Double
  private let comparesNeurons: Bool
  private var places: [Cell: [Int]] = [:]

  init(_ synapses: [Synapse], edge: Double, comparesNeurons: Bool) {
    self.edge = edge
    self.comparesNeurons = comparesNeurons
    for (index, synapse) in synapses.enumerated() {
      places[cell(of: synapse), default: []].append(index)
    }
  }

  /// The places of all synapses whose presynaptic side lies within the edge of another's, and of
  /// some more.
  func near(_ synapse: Synapse) -> [Int] {
    let middle = cell(of: synapse)
    var near: [Int] = []
    for z in -1...1 {
      for y in -1...1 {
        for x in -1...1 {
          var cell = middle
          (cell.z, cell.y, cell.x) = (middle.z + z, middle.y + y, middle.x + x)
          near += places[cell] ?? []
        }
      }
    }
    return near
  }

  private func cell(of synapse: Synapse) -> Cell {
    // Positions of any real volume are far within these bounds.
    func index(_ coordinate: Double) -> Int {
      Int(max(-1e15, min(1e15, (coordinate / edge).rounded(.down))))
    }
    return Cell(
      preID: comparesNeurons ? synapse.preID : nil, postID: comparesNeurons ? synapse.postID : nil,
      z: index(synapse.pre.z), y: index(synapse.pre.y), x: index(synapse.pre.x))
  }
}
