import Voxels

/// Partners of a cleft: the segments that touch it, the one with most signs of sending first.
///
/// A segment touches a cleft where it has voxels within ``radius`` of it; their volume over the
/// radius is its contact. Segments of less than ``minimumContact`` do not count. One sends, all
/// others receive. A synapse's points are the voxels of the contact nearest to the contact's centre;
/// its score is the cleft's mean probability, its size the receiver's contact in nm².
public struct CleftPartners: PartnerAssignment {
  /// What tells the sending segment from the others.
  public enum Polarity: Hashable, Sendable {
    /// A channel that shows what only sending sides have, such as vesicles: the segment with the
    /// largest sum of it in its contact sends. Where the channel is 0 throughout, contacts decide.
    case channel(Int)
    /// The largest contact sends, as the one side of a synapse with many receivers.
    case contact
  }

  /// `cleft`.
  public static let name = "cleft"

  /// The channel of clefts' probabilities.
  public var cleftChannel: Int
  /// What tells which side sends.
  public var polarity: Polarity
  /// How far from the cleft segments count, in nanometres, above 0.
  public var radius: Double
  /// The least contact, in nm².
  public var minimumContact: Double

  /// ``radius``.
  public var reach: Double { radius }

  /// Creates a way to assign partners.
  public init(
    cleftChannel: Int = 0, polarity: Polarity, radius: Double = 60, minimumContact: Double = 2000
  ) {
    precondition(radius > 0 && minimumContact >= 0, "a radius is above zero, a contact not below")
    self.cleftChannel = cleftChannel
    self.polarity = polarity
    self.radius = radius
    self.minimumContact = minimumContact
  }

  private struct Contact {
    var voxels = 0
    var evidence = 0.0
    var sum = VoxelExtent.zero
  }

  /// Finds the segments that touch the object, and which of them sends.
  public func synapses(in scene: SynapseScene) -> [Synapse] {
    let distances = SquaredDistances(to: scene.objectMarks, voxelSize: scene.voxelSize)
    let limit = radius * radius
    var contacts: [UInt64: Contact] = [:]
    scene.forEachRow { z, y in
      let segments = scene.segments.row(z: z, y: y)
      let distance = distances.values.row(z: z, y: y)
      for x in segments.indices where segments[x] != 0 && distance[x] <= limit {
        var contact = contacts[segments[x]] ?? Contact()
        contact.voxels += 1
        contact.sum = contact.sum + VoxelExtent(z: z, y: y, x: x)
        if case .channel(let channel) = polarity {
          contact.evidence += Double(scene.prediction.row(channel: channel, z: z, y: y)[x])
        }
        contacts[segments[x]] = contact
      }
    }
    let size = scene.voxelSize
    func area(_ contact: Contact) -> Double {
      Double(contact.voxels) * size.z * size.y * size.x / radius
    }
    contacts = contacts.filter { area($0.value) >= minimumContact }
    let ranked = contacts.sorted {
      ($1.value.evidence, $1.value.voxels, $0.key) < ($0.value.evidence, $0.value.voxels, $1.key)
    }
    guard ranked.count > 1, let first = ranked.first else { return [] }
    let middles = middles(of: contacts, distances.values, limit: limit, in: scene)
    guard let pre = middles[first.key] else { return [] }
    let method = Self.name + (first.value.evidence > 0 ? " network" : " contact")
    let (score, center) = (scene.mean(ofChannel: cleftChannel), self.center(of: scene))
    return ranked.dropFirst().sorted { $0.key < $1.key }.compactMap { segment, contact in
      middles[segment].map {
        Synapse(
          from: scene.side(at: pre), to: scene.side(at: $0), center: center, score: score,
          size: area(contact), method: method)
      }
    }
  }

  /// The voxel of each contact that is nearest to its centre; of equally near ones the first.
  private func middles(
    of contacts: [UInt64: Contact], _ distances: borrowing Volume<Double>, limit: Double,
    in scene: SynapseScene
  ) -> [UInt64: VoxelPosition] {
    let size = scene.voxelSize
    var best: [UInt64: (distance: Double, voxel: VoxelPosition)] = [:]
    for z in 0..<scene.objects.extent.z {
      for y in 0..<scene.objects.extent.y {
        let segments = scene.segments.row(z: z, y: y)
        let distance = distances.row(z: z, y: y)
        for x in segments.indices where segments[x] != 0 && distance[x] <= limit {
          guard let contact = contacts[segments[x]] else { continue }
          let count = Double(contact.voxels)
          let dz = (Double(contact.sum.z) / count - Double(z)) * size.z
          let dy = (Double(contact.sum.y) / count - Double(y)) * size.y
          let dx = (Double(contact.sum.x) / count - Double(x)) * size.x
          let square = dz * dz + dy * dy + dx * dx
          if square < best[segments[x]]?.distance ?? .infinity {
            best[segments[x]] = (square, scene.position(z, y, x))
          }
        }
      }
    }
    return best.mapValues { $0.voxel }
  }

  private func center(of scene: SynapseScene) -> PhysicalPosition {
    var (sum, count) = (VoxelExtent.zero, 0)
    scene.forEachRow { z, y in
      let labels = scene.objects.row(z: z, y: y)
      for x in labels.indices where labels[x] == scene.object {
        sum = sum + VoxelExtent(z: z, y: y, x: x)
        count += 1
      }
    }
    let (origin, size, all) = (
      scene.place(of: scene.objects.box.origin), scene.voxelSize, Double(max(1, count))
    )
    return PhysicalPosition(
      z: origin.z + Double(sum.z) / all * size.z, y: origin.y + Double(sum.y) / all * size.y,
      x: origin.x + Double(sum.x) / all * size.x)
  }
}
