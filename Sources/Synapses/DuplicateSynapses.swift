import Voxels

/// Synapses that were found more than once.
public enum DuplicateSynapses {
  /// Leaves one synapse of those that join the same neurons at the same place.
  ///
  /// Synapses are taken by score, the highest first, those without one last, and equal ones in their
  /// order; one is left out where both its sides lie within a distance of those of one that was
  /// kept. Synapses of which a neuron is not known, or 0, are all kept.
  ///
  /// - Parameters:
  ///   - synapses: The synapses.
  ///   - distance: In nanometres; 0 leaves only those out whose sides are the very same.
  /// - Returns: The places of those that are kept, ascending.
  /// - Complexity: O(*k*²) in the synapses of a pair of neurons.
  public static func kept(of synapses: [Synapse], within distance: Double) -> [Int] {
    struct Pair: Hashable {
      var pre: UInt64, post: UInt64
    }
    var places: [Pair: [Int]] = [:]
    var kept: [Int] = []
    for (place, synapse) in synapses.enumerated() {
      if let pre = synapse.preID, let post = synapse.postID, pre != 0, post != 0 {
        places[Pair(pre: pre, post: post), default: []].append(place)
      } else {
        kept.append(place)
      }
    }
    for members in places.values {
      let ranked = members.sorted { first, second in
        let scores = (synapses[first].score, synapses[second].score)
        let ranks = (scores.0 ?? -.infinity, scores.1 ?? -.infinity)
        return ranks.0 == ranks.1 ? first < second : ranks.0 > ranks.1
      }
      var chosen: [Int] = []
      for place in ranked {
        let synapse = synapses[place]
        let isDuplicate = chosen.contains { other in
          synapses[other].pre.distance(to: synapse.pre) <= distance
            && synapses[other].post.distance(to: synapse.post) <= distance
        }
        if !isDuplicate { chosen.append(place) }
      }
      kept += chosen
    }
    return kept.sorted()
  }
}
