import Voxels

/// Partners by two heads: an object is a receiving site, and another channel shows sending ones.
///
/// A receiving site belongs to the nearest sending site within ``reach`` of its deepest voxel that
/// lies in another segment. Many may belong to one, as at a synapse with several receivers.
public struct SitePartners: PartnerAssignment {
  /// `sites`.
  public static let name = "sites"

  /// The channel of receiving sites' probabilities.
  public var postChannel: Int
  /// The channel of sending sites' probabilities.
  public var preChannel: Int
  /// The probability from which a voxel is part of a sending site.
  public var threshold: Double
  /// How far apart the sides may lie, in nanometres.
  public var reach: Double

  /// Creates a way to assign partners.
  public init(
    postChannel: Int = 0, preChannel: Int = 1, threshold: Double = 0.5, reach: Double = 600
  ) {
    precondition(reach > 0, "a reach is above zero")
    self.postChannel = postChannel
    self.preChannel = preChannel
    self.threshold = threshold
    self.reach = reach
  }

  /// Finds the sending site that is nearest to the object.
  public func synapses(in scene: SynapseScene) -> [Synapse] {
    guard let site = scene.deepest(of: scene.objectMarks) else { return [] }
    let post = scene.side(at: site)
    guard post.segment != 0, let nearest = nearest(to: post, in: scene) else { return [] }
    let (marks, score, _) = sendingSite(at: nearest, in: scene)
    guard let middle = scene.deepest(of: marks) else { return [] }
    let size = scene.voxelSize
    var voxelCount = 0
    scene.forEachRow { z, y in
      let labels = scene.objects.row(z: z, y: y)
      for x in labels.indices where labels[x] == scene.object { voxelCount += 1 }
    }
    return [
      Synapse(
        from: scene.side(at: middle), to: post, center: nil,
        score: min(score, scene.mean(ofChannel: postChannel)),
        size: Double(voxelCount) * size.z * size.y * size.x, method: Self.name)
    ]
  }

  /// Whether a voxel is part of a sending site.
  private func isSending(_ voxel: VoxelPosition, in scene: SynapseScene) -> Bool {
    Double(scene.prediction[voxel, channel: preChannel]) >= threshold
  }

  /// The sending voxel nearest to a receiving side, of equally near ones the first.
  private func nearest(to post: SynapseSide, in scene: SynapseScene) -> VoxelPosition? {
    var best: (distance: Double, voxel: VoxelPosition)?
    scene.forEachRow { z, y in
      let segments = scene.segments.row(z: z, y: y)
      let values = scene.prediction.row(channel: preChannel, z: z, y: y)
      for x in segments.indices {
        guard Double(values[x]) >= threshold, segments[x] != 0, segments[x] != post.segment else {
          continue
        }
        let voxel = scene.position(z, y, x)
        let distance = scene.place(of: voxel).distance(to: post.place)
        if distance <= reach, distance < best?.distance ?? .infinity { best = (distance, voxel) }
      }
    }
    return best?.voxel
  }

  /// The sending voxels of one segment that hang together with one of them, and their mean
  /// probability and number.
  private func sendingSite(
    at start: VoxelPosition, in scene: SynapseScene
  ) -> (marks: Volume<UInt8>, score: Double, voxelCount: Int) {
    let segment = scene.segments[start]
    var marks = Volume<UInt8>(box: scene.objects.box)
    var (open, sum, count) = ([start], 0.0, 0)
    marks[start] = 1
    while let voxel = open.popLast() {
      sum += Double(scene.prediction[voxel, channel: preChannel])
      count += 1
      for step in Neighbourhood.corners.steps {
        let next = voxel + step
        guard marks.box.contains(next), marks[next] == 0, scene.segments[next] == segment,
          isSending(next, in: scene)
        else { continue }
        marks[next] = 1
        open.append(next)
      }
    }
    return (marks, sum / Double(count), count)
  }
}
