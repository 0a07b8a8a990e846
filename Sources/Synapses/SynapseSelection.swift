import Voxels

/// What is kept of synapses that were found.
public struct SynapseSelection: Hashable, Sendable {
  /// The least score.
  public var minimumScore: Double
  /// The least size.
  public var minimumSize: Double
  /// How near both sides of two synapses of the same neurons lie where they are one, in nanometres.
  public var duplicateDistance: Double
  /// How near sending sides of one neuron lie where they are one site, in nanometres; 0 leaves all
  /// where they are.
  public var siteDistance: Double

  /// Creates a choice.
  public init(
    minimumScore: Double = 0, minimumSize: Double = 0, duplicateDistance: Double = 100,
    siteDistance: Double = 0
  ) {
    self.minimumScore = minimumScore
    self.minimumSize = minimumSize
    self.duplicateDistance = duplicateDistance
    self.siteDistance = siteDistance
  }

  /// Synapses, and how many were left out for each reason.
  public struct Selected: Hashable, Sendable {
    /// Those that are kept, in their order.
    public var synapses: [Synapse]
    /// Left out: a side in no neuron; of too low a score; too small; from a neuron to itself; found
    /// more than once.
    public var unassigned = 0, unlikely = 0, small = 0, autapses = 0, duplicates = 0
  }

  /// Leaves out what is not to be kept.
  ///
  /// - Complexity: O(*n*), and O(*k*²) in the synapses of a pair of neurons, or sites of a neuron.
  public func applied(to synapses: [Synapse]) -> Selected {
    var selected = Selected(synapses: synapses)
    func drop(_ isDropped: (Synapse) -> Bool) -> Int {
      let before = selected.synapses.count
      selected.synapses.removeAll(where: isDropped)
      return before - selected.synapses.count
    }
    selected.unassigned = drop { ($0.preID ?? 0) == 0 || ($0.postID ?? 0) == 0 }
    selected.autapses = drop { $0.preID == $0.postID }
    selected.unlikely = drop { ($0.score ?? .infinity) < minimumScore }
    selected.small = drop { ($0.size ?? .infinity) < minimumSize }
    if siteDistance > 0 { selected.synapses = Self.united(selected.synapses, within: siteDistance) }
    let kept = DuplicateSynapses.kept(of: selected.synapses, within: duplicateDistance)
    selected.duplicates = selected.synapses.count - kept.count
    selected.synapses = kept.map { selected.synapses[$0] }
    return selected
  }

  /// Moves the sending sides of each neuron to the site of the highest score within a distance.
  private static func united(_ synapses: [Synapse], within distance: Double) -> [Synapse] {
    var synapses = synapses
    let members = Dictionary(grouping: synapses.indices) { synapses[$0].preID ?? 0 }
    for places in members.values {
      let ranked = places.sorted { first, second in
        let (left, right) = (synapses[first].score ?? 0, synapses[second].score ?? 0)
        return left == right ? first < second : left > right
      }
      var sites: [(place: PhysicalPosition, supervoxel: UInt64?)] = []
      for place in ranked {
        let synapse = synapses[place]
        if let site = sites.first(where: { $0.place.distance(to: synapse.pre) <= distance }) {
          synapses[place].pre = site.place
          synapses[place].preSupervoxelID = site.supervoxel
        } else {
          sites.append((synapse.pre, synapse.preSupervoxelID))
        }
      }
    }
    return synapses
  }
}
