import Voxels

/// Partners by direction vectors: an object is a receiving site, and the network says at each of
/// its voxels how far away, and where, the sending site lies.
///
/// The receiving point is the object's deepest voxel; the vector there leads to the sending point.
/// A vector shorter than ``minimumLength`` or longer than ``reach``, or one that ends in no segment
/// or in the receiver's own, gives no synapse.
///
/// Source: Buhmann et al. 2021, Nature Methods 18:771, Methods.
public struct DirectionPartners: PartnerAssignment {
  /// How an object's probabilities become one score.
  public enum Score: String, CaseIterable, Hashable, Sendable {
    case mean, maximum, sum
  }

  /// `directions`.
  public static let name = "directions"

  /// The channel of receiving sites' probabilities.
  public var siteChannel: Int
  /// The channels of the vectors' parts along z, y and x, in nanometres.
  public var vectorChannels: [Int]
  /// The shortest vector, in nanometres.
  public var minimumLength: Double
  /// The longest vector, in nanometres.
  public var reach: Double
  /// How an object is scored.
  public var score: Score

  /// Creates a way to assign partners.
  public init(
    siteChannel: Int = 0, vectorChannels: [Int] = [1, 2, 3], minimumLength: Double = 20,
    reach: Double = 600, score: Score = .mean
  ) {
    precondition(vectorChannels.count == 3, "a vector has parts along z, y and x")
    precondition(minimumLength >= 0 && reach > minimumLength, "vectors have a range of lengths")
    self.siteChannel = siteChannel
    self.vectorChannels = vectorChannels
    self.minimumLength = minimumLength
    self.reach = reach
    self.score = score
  }

  /// Follows the vector at the object's deepest voxel.
  public func synapses(in scene: SynapseScene) -> [Synapse] {
    guard let site = scene.deepest(of: scene.objectMarks) else { return [] }
    let parts = vectorChannels.map { Double(scene.prediction[site, channel: $0]) }
    let post = scene.side(at: site)
    let end = PhysicalPosition(
      z: post.place.z + parts[0], y: post.place.y + parts[1], x: post.place.x + parts[2])
    let length = post.place.distance(to: end)
    guard length >= minimumLength, length <= reach, let voxel = scene.voxel(at: end) else {
      return []
    }
    let pre = scene.side(at: voxel)
    guard pre.segment != 0, post.segment != 0, pre.segment != post.segment else { return [] }
    let (score, count) = scored(scene)
    let size = scene.voxelSize
    return [
      Synapse(
        from: pre, to: post, center: nil, score: score,
        size: Double(count) * size.z * size.y * size.x, method: Self.name)
    ]
  }

  private func scored(_ scene: SynapseScene) -> (score: Double, voxelCount: Int) {
    var (sum, most, count) = (0.0, 0.0, 0)
    scene.forEachRow { z, y in
      let labels = scene.objects.row(z: z, y: y)
      let values = scene.prediction.row(channel: siteChannel, z: z, y: y)
      for x in labels.indices where labels[x] == scene.object {
        sum += Double(values[x])
        most = max(most, Double(values[x]))
        count += 1
      }
    }
    return switch score {
    case .mean: (sum / Double(max(1, count)), count)
    case .maximum: (most, count)
    case .sum: (sum, count)
    }
  }
}
