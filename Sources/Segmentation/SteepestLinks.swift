import Voxels

/// The six links of a voxel, as bits in the order in which equal ones are preferred.
enum LinkMask {
  static let backZ: UInt8 = 1 << 0
  static let backY: UInt8 = 1 << 1
  static let backX: UInt8 = 1 << 2
  static let aheadX: UInt8 = 1 << 3
  static let aheadY: UInt8 = 1 << 4
  static let aheadZ: UInt8 = 1 << 5
  /// Marks a voxel that has a link above the low threshold.
  static let foreground: UInt8 = 1 << 6
}

/// The links that each voxel of a box keeps.
///
/// Links with an end outside the box are left out. So what is found is the whole volume's answer
/// only at voxels whose neighbourhood, ``WatershedParameters/margin`` wide, lies in the box or is
/// cut off by the volume's own faces.
struct SteepestLinks {
  /// The links that each voxel keeps, and the foreground mark.
  private(set) var kept: Volume<UInt8>
  /// The links that are the strongest of both their ends.
  private let mutual: Volume<UInt8>
  /// The voxels of plateaus below the high threshold that only have mutual links, by index.
  private let enclosed: [Int]

  /// Finds each voxel's strongest links, and keeps one where it leads to a voxel with a stronger.
  @specialized(where Affinity == UInt8)
  @specialized(where Affinity == Float)
  init<Affinity: AffinityScalar>(
    affinities: borrowing Volume<Affinity>, low: Affinity, high: Affinity
  ) {
    let box = affinities.box
    let extent = box.extent
    let strongest = strongestLinks(of: affinities, low: low, high: high)
    var kept = Volume<UInt8>(box: box)
    var mutual = Volume<UInt8>(box: box)
    var enclosed: [Int] = []
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        let own = strongest.row(z: z, y: y)
        // Holds the links that lead upwards until they are narrowed to the one kept.
        var leaving = kept.mutableRow(z: z, y: y)
        var level = mutual.mutableRow(z: z, y: y)
        if z > 0 {
          compare(
            affinities.row(channel: 0, z: z, y: y), own, strongest.row(z: z - 1, y: y),
            high: high, bit: LinkMask.backZ, leaving: &leaving, level: &level)
        }
        if y > 0 {
          compare(
            affinities.row(channel: 1, z: z, y: y), own, strongest.row(z: z, y: y - 1),
            high: high, bit: LinkMask.backY, leaving: &leaving, level: &level)
        }
        compareAlongRow(
          affinities.row(channel: 2, z: z, y: y), own, high: high, leaving: &leaving, level: &level)
        if y + 1 < extent.y {
          compare(
            affinities.row(channel: 1, z: z, y: y + 1), own, strongest.row(z: z, y: y + 1),
            high: high, bit: LinkMask.aheadY, leaving: &leaving, level: &level)
        }
        if z + 1 < extent.z {
          compare(
            affinities.row(channel: 0, z: z + 1, y: y), own, strongest.row(z: z + 1, y: y),
            high: high, bit: LinkMask.aheadZ, leaving: &leaving, level: &level)
        }
        choose(own, low: low, high: high, leaving: &leaving, level: &level)
        let start = (z * extent.y + y) * extent.x
        for x in 0..<extent.x where leaving[x] == LinkMask.foreground && level[x] != 0 {
          enclosed.append(start + x)
        }
      }
    }
    self.kept = kept
    self.mutual = mutual
    self.enclosed = enclosed
  }

  /// Leads each enclosed voxel of a plateau towards the nearest way out, at most `reach` voxels
  /// along mutual links; voxels further inside keep every link between each other.
  mutating func leavePlateaus(reach: Int) {
    guard !enclosed.isEmpty else { return }
    let extent = kept.extent
    let plane = extent.y * extent.x
    let steps: [(bit: UInt8, stride: Int)] = [
      (LinkMask.backZ, -plane), (LinkMask.backY, -extent.x), (LinkMask.backX, -1),
      (LinkMask.aheadX, 1), (LinkMask.aheadY, extent.x), (LinkMask.aheadZ, plane),
    ]
    let inside = UInt8.max
    // Distance to the nearest way out; 0 at the ways out, `inside` where not (yet) known.
    var distances = [UInt8](repeating: 0, count: extent.voxelCount)
    for voxel in enclosed { distances[voxel] = inside }
    var remaining = enclosed
    let mutual = mutual
    let mutualSpan = mutual.span
    var keptSpan = kept.mutableSpan
    for distance in 0..<UInt8(reach) {
      var further: [Int] = []
      for voxel in remaining {
        let links = mutualSpan[voxel]
        var way: UInt8 = 0
        for step in steps
        where links & step.bit != 0 && distances[voxel + step.stride] == distance {
          way = step.bit
          break
        }
        guard way != 0 else {
          further.append(voxel)
          continue
        }
        // One above this round's distance: not mistaken for a way out by the rest of the round.
        distances[voxel] = distance + 1
        keptSpan[voxel] |= way
      }
      let isSettled = further.count == remaining.count
      remaining = further
      if isSettled { break }
    }
    for voxel in remaining {
      let links = mutualSpan[voxel]
      for step in steps where links & step.bit != 0 && distances[voxel + step.stride] == inside {
        keptSpan[voxel] |= step.bit
      }
    }
  }
}

/// Each voxel's strongest link, not below `low` and not above `high`.
@specialized(where Affinity == UInt8)
@specialized(where Affinity == Float)
private func strongestLinks<Affinity: AffinityScalar>(
  of affinities: borrowing Volume<Affinity>, low: Affinity, high: Affinity
) -> Volume<Affinity> {
  let extent = affinities.extent
  var strongest = Volume(box: affinities.box, fill: low)
  for z in 0..<extent.z {
    for y in 0..<extent.y {
      var row = strongest.mutableRow(z: z, y: y)
      if z > 0 { raise(&row, to: affinities.row(channel: 0, z: z, y: y)) }
      if y > 0 { raise(&row, to: affinities.row(channel: 1, z: z, y: y)) }
      if y + 1 < extent.y { raise(&row, to: affinities.row(channel: 1, z: z, y: y + 1)) }
      if z + 1 < extent.z { raise(&row, to: affinities.row(channel: 0, z: z + 1, y: y)) }
      raiseAlongRow(&row, to: affinities.row(channel: 2, z: z, y: y))
      for x in row.indices where row[x] > high { row[x] = high }
    }
  }
  return strongest
}

// The row loops below are written without branches, so that they run on whole vectors.

@specialized(where Affinity == UInt8)
@specialized(where Affinity == Float)
private func raise<Affinity: AffinityScalar>(
  _ row: inout MutableSpan<Affinity>, to links: Span<Affinity>
) {
  for x in 0..<min(row.count, links.count) {
    let link = links[x]
    let strongest = row[x]
    row[x] = link > strongest ? link : strongest
  }
}

@specialized(where Affinity == UInt8)
@specialized(where Affinity == Float)
private func raiseAlongRow<Affinity: AffinityScalar>(
  _ row: inout MutableSpan<Affinity>, to links: Span<Affinity>
) {
  let count = min(row.count, links.count)
  guard count > 1 else { return }
  let ahead = links.extracting(1..<count)
  for x in 0..<ahead.count {
    let link = ahead[x]
    let strongest = row[x]
    row[x] = link > strongest ? link : strongest
  }
  for x in 1..<count {
    let link = links[x]
    let strongest = row[x]
    row[x] = link > strongest ? link : strongest
  }
}

/// Marks where a link is the strongest of its voxel: as leaving where the other end has a stronger
/// one, as level where it has not.
@specialized(where Affinity == UInt8)
@specialized(where Affinity == Float)
private func compare<Affinity: AffinityScalar>(
  _ links: Span<Affinity>, _ own: Span<Affinity>, _ other: Span<Affinity>, high: Affinity,
  bit: UInt8, leaving: inout MutableSpan<UInt8>, level: inout MutableSpan<UInt8>
) {
  let count = min(
    min(links.count, own.count), min(other.count, min(leaving.count, level.count)))
  for x in 0..<count {
    let link = links[x] > high ? high : links[x]
    let strongest = own[x]
    let isStrongest: UInt8 = link == strongest ? bit : 0
    let isLeaving: UInt8 = other[x] > strongest ? isStrongest : 0
    leaving[x] |= isLeaving
    level[x] |= isStrongest ^ isLeaving
  }
}

@specialized(where Affinity == UInt8)
@specialized(where Affinity == Float)
private func compareAlongRow<Affinity: AffinityScalar>(
  _ links: Span<Affinity>, _ own: Span<Affinity>, high: Affinity,
  leaving: inout MutableSpan<UInt8>, level: inout MutableSpan<UInt8>
) {
  let count = own.count
  guard count > 1 else { return }
  compare(
    links.extracting(1..<count), own.extracting(0..<count - 1), own.extracting(1..<count),
    high: high, bit: LinkMask.aheadX, leaving: &leaving, level: &level)
  for x in 1..<count {
    let link = links[x] > high ? high : links[x]
    let strongest = own[x]
    let isStrongest: UInt8 = link == strongest ? LinkMask.backX : 0
    let isLeaving: UInt8 = own[x - 1] > strongest ? isStrongest : 0
    leaving[x] |= isLeaving
    level[x] |= isStrongest ^ isLeaving
  }
}

/// Narrows the leaving links to the first, takes every level link at the high threshold, and
/// marks the foreground.
@specialized(where Affinity == UInt8)
@specialized(where Affinity == Float)
private func choose<Affinity: AffinityScalar>(
  _ own: Span<Affinity>, low: Affinity, high: Affinity,
  leaving: inout MutableSpan<UInt8>, level: inout MutableSpan<UInt8>
) {
  for x in 0..<min(own.count, min(leaving.count, level.count)) {
    let strongest = own[x]
    let isForeground: UInt8 = strongest > low ? .max : 0
    let isHigh: UInt8 = strongest == high ? .max : 0
    let first = leaving[x] & (0 &- leaving[x])
    let links = level[x] & isForeground
    leaving[x] = (first | links & isHigh | LinkMask.foreground) & isForeground
    level[x] = links
  }
}
