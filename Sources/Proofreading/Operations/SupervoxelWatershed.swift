public import Segmentation
public import Voxels

/// A voxel that says which part of a supervoxel it is of.
public struct PartSeed: Hashable, Sendable {
  /// The voxel.
  public var voxel: VoxelPosition
  /// The part, counted from 0.
  public var part: Int

  /// Creates a seed.
  public init(_ voxel: VoxelPosition, part: Int) {
    self.voxel = voxel
    self.part = part
  }
}

extension SupervoxelPartition {
  /// Splits a supervoxel by a watershed from seeds: each voxel goes to the part that reaches it over
  /// the strongest links, equally strong ones in the order in which they were reached.
  ///
  /// Voxels that no seed reaches go to the first part. The contacts of the parts are gathered from
  /// their faces, as those of all supervoxels were.
  ///
  /// - Parameters:
  ///   - supervoxel: The supervoxel to split.
  ///   - fragments: (1, z, y, x) supervoxels over a box that reaches a voxel beyond the supervoxel
  ///     on all sides where the volume does.
  ///   - affinities: (3, z, y, x) links towards the origin along z, y and x, over the same box.
  ///   - seeds: Voxels of the supervoxel, of two parts or more.
  ///   - ids: The ids of the parts, which nothing had before.
  ///   - volume: The whole volume.
  /// - Throws: ``EditRefusal`` where a seed does not lie in the supervoxel, or a part has none.
  /// - Complexity: O(*n* log *n*) in the supervoxel's voxels.
  ///
  /// Source: Meyer 1994, "Topographic distance and watershed lines", Signal Processing 38 (flooding
  /// by an ordered queue).
  @specialized(where Affinity == UInt8)
  @specialized(where Affinity == Float)
  public init<Affinity: AffinityScalar>(
    of supervoxel: UInt64, fragments: borrowing Volume<UInt64>,
    affinities: borrowing Volume<Affinity>, seeds: [PartSeed], parts ids: [UInt64],
    volume: VoxelBox
  ) throws(EditRefusal) {
    precondition(affinities.channels >= 3, "affinities have three channels")
    precondition(affinities.box == fragments.box, "links and supervoxels cover the same box")
    precondition(ids.count >= 2 && ids.count < 256, "there are from 2 to 255 parts")
    for seed in seeds {
      let isInside =
        fragments.box.contains(seed.voxel) && fragments[seed.voxel] == supervoxel
      guard isInside, ids.indices.contains(seed.part) else {
        throw EditRefusal(
          .unknownSupervoxel, "a seed does not lie in the supervoxel to split",
          found: "\(seed.voxel.z),\(seed.voxel.y),\(seed.voxel.x)",
          expected: "a voxel of supervoxel \(supervoxel)")
      }
    }
    let seeded = Set(seeds.map(\.part))
    guard seeded.count == ids.count else {
      throw EditRefusal(
        .tooFewSeeds, "a part has no seed", found: "seeds of \(seeded.count) parts",
        expected: "\(ids.count)")
    }
    for seed in seeds {
      let others = seeds.filter { $0.voxel == seed.voxel && $0.part != seed.part }
      guard others.isEmpty else {
        throw EditRefusal(
          .conflictingSeeds, "two parts have the same seed",
          found: "\(seed.voxel.z),\(seed.voxel.y),\(seed.voxel.x)", remedy: "move one of them")
      }
    }
    var flood = PartFlood(of: supervoxel, in: fragments)
    flood.run(seeds, over: affinities)
    let inner = flood.bounds ?? fragments.box
    let marks = flood.marks(in: inner)
    let runs = PartRuns(marks)
    let counts = runs.voxelCounts(partCount: ids.count)

    // The parts in their place, and the contacts that they have there.
    let around = inner.grown(by: VoxelExtent(cube: 1)).intersection(volume)
    precondition(fragments.box.contains(around), "the supervoxel reaches beyond the box")
    var relabelled = Volume<UInt64>(box: fragments.box, values: copied(fragments.span))
    self.supervoxel = supervoxel
    parts = ids.indices.map { Part(supervoxel: ids[$0], voxelCount: counts[$0 + 1]) }
    contacts = []
    box = inner
    self.runs = runs
    lay(over: &relabelled)
    let graph = regionGraph(
      affinities: affinities, fragments: relabelled,
      box: VoxelBox(from: inner.origin, to: around.end), volume: volume)
    let isPart = Set(ids)
    contacts = graph.contacts
      .filter { isPart.contains($0.first) || isPart.contains($0.second) }
      .map { SupervoxelEdge($0.first, $0.second, $0.affinity) }
      .sortedByPair()
  }
}

private func copied(_ values: Span<UInt64>) -> [UInt64] {
  [UInt64](capacity: values.count) { output in
    for index in values.indices { output.append(values[index]) }
  }
}

/// A flood of a supervoxel's voxels from its parts' seeds.
private struct PartFlood {
  /// A voxel next to a part; the strongest link first, then the one found first.
  private struct Front: Comparable {
    var weakness: UInt64
    var order: Int
    var voxel: Int
    var part: UInt8

    static func < (left: Front, right: Front) -> Bool {
      (left.weakness, left.order) < (right.weakness, right.order)
    }
  }

  private static let outside: UInt8 = 0
  private static let unreached: UInt8 = 255

  private let box: VoxelBox
  /// For each voxel of the box whether it is outside, unreached, or of a part, from 1.
  private var part: [UInt8]

  init(of supervoxel: UInt64, in fragments: borrowing Volume<UInt64>) {
    box = fragments.box
    let labels = fragments.span
    part = [UInt8](capacity: labels.count) { output in
      for index in labels.indices {
        output.append(labels[index] == supervoxel ? Self.unreached : Self.outside)
      }
    }
  }

  /// Floods.
  mutating func run<Affinity: AffinityScalar>(
    _ seeds: [PartSeed], over affinities: borrowing Volume<Affinity>
  ) {
    let extent = box.extent
    let steps = [extent.y * extent.x, extent.x, 1]
    let count = part.count
    let links = affinities.span
    var queue = BinaryHeap<Front>()
    var order = 0
    for seed in seeds {
      let place = seed.voxel - box.origin
      let voxel = place.z * steps[0] + place.y * steps[1] + place.x
      queue.insert(Front(weakness: 0, order: order, voxel: voxel, part: UInt8(seed.part + 1)))
      order += 1
    }
    while let front = queue.popSmallest() {
      let voxel = front.voxel
      guard part[voxel] == Self.unreached else { continue }
      part[voxel] = front.part
      let x = voxel % extent.x
      let y = voxel / extent.x % extent.y
      let z = voxel / steps[0]
      for (axis, (place, length)) in [(z, extent.z), (y, extent.y), (x, extent.x)].enumerated() {
        // A link is stored with the later of its two voxels.
        if place > 0, part[voxel - steps[axis]] == Self.unreached {
          let link = links[axis * count + voxel].fixedPoint
          queue.insert(
            Front(
              weakness: Self.weakness(link), order: order, voxel: voxel - steps[axis],
              part: front.part))
          order += 1
        }
        if place < length - 1, part[voxel + steps[axis]] == Self.unreached {
          let link = links[axis * count + voxel + steps[axis]].fixedPoint
          queue.insert(
            Front(
              weakness: Self.weakness(link), order: order, voxel: voxel + steps[axis],
              part: front.part))
          order += 1
        }
      }
    }
    for voxel in part.indices where part[voxel] == Self.unreached { part[voxel] = 1 }
  }

  /// Greater for weaker links, and greater than that of seeds.
  private static func weakness(_ link: UInt64) -> UInt64 { 1 << 24 - link }

  /// The smallest box with all parts.
  var bounds: VoxelBox? {
    var low = box.end
    var high = box.origin
    let extent = box.extent
    for (voxel, mark) in part.enumerated() where mark != Self.outside {
      let place =
        box.origin
        + VoxelExtent(
          z: voxel / (extent.y * extent.x), y: voxel / extent.x % extent.y, x: voxel % extent.x)
      low = VoxelPosition(z: min(low.z, place.z), y: min(low.y, place.y), x: min(low.x, place.x))
      high = VoxelPosition(
        z: max(high.z, place.z + 1), y: max(high.y, place.y + 1), x: max(high.x, place.x + 1))
    }
    return low.z < high.z ? VoxelBox(from: low, to: high) : nil
  }

  /// The parts of the voxels of a box within.
  func marks(in inner: VoxelBox) -> Volume<UInt8> {
    let near = inner.origin - box.origin
    let extent = box.extent
    let values = [UInt8](capacity: inner.extent.voxelCount) { output in
      for z in 0..<inner.extent.z {
        for y in 0..<inner.extent.y {
          let start = ((near.z + z) * extent.y + near.y + y) * extent.x + near.x
          for x in 0..<inner.extent.x { output.append(part[start + x]) }
        }
      }
    }
    return Volume(box: inner, values: values)
  }
}
