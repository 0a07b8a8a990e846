public import Voxels

/// Splits affinities into segments by the mutex watershed, voxel by voxel.
///
/// All links are taken in the order of their strength. One that attracts joins the clusters of its
/// two voxels unless they must stay apart; one that repels makes them stay apart for good, unless
/// they have been joined. Links as strong as each other are taken in this order: those that attract
/// first; then by offset, shorter ones first (see ``MutexChannel``); then by raster order of the
/// link's first voxel. NaN is no link. So the result depends on the affinities alone, not on the
/// order of the channels. Links act across the whole volume: a block's result is not the volume's.
///
/// - Parameters:
///   - affinities: (c, z, y, x) in [0, 1].
///   - channels: What the channels mean; those not named are not used. At most 127, all different
///     in offset, bias or stride. An offset and its opposite are two namings of the same links.
///   - mask: (1, z, y, x) over the same box, 0 where no segment is wanted; nil for segments
///     everywhere.
///   - mutexMemory: What the clusters to keep apart may take, in bytes.
/// - Returns: The segments, dense from 1 in raster order of their first voxels. Each is connected
///   by links that attract.
/// - Throws: ``MutexMemoryError``.
/// - Complexity: O(*m* log *m*) for *m* links at worst, near O(*m*) in practice. Beside affinities
///   and `mutexMemory`, 24 bytes a voxel: parents, starts of tables, up to one link for each voxel
///   being sorted, twice.
///
/// Source: Wolf et al. 2020, "The Mutex Watershed and its Objective", IEEE TPAMI 43,
/// doi:10.1109/TPAMI.2020.2980827, §3.
@specialized(where Affinity == UInt8)
@specialized(where Affinity == Float)
public func mutexWatershed<Affinity: AffinityScalar>(
  affinities: borrowing Volume<Affinity>, channels: [MutexChannel], mask: Volume<UInt8>? = nil,
  mutexMemory: Int
) throws(MutexMemoryError) -> Fragments {
  let box = affinities.box
  let count = box.extent.voxelCount
  precondition(!channels.isEmpty && channels.count < 128, "there are 1 to 127 channels")
  precondition(
    channels.allSatisfy { (0..<affinities.channels).contains($0.channel) },
    "a channel is not among the affinities")
  precondition(mask.map { $0.box == box } ?? true, "mask and affinities are of different boxes")
  precondition(count < UInt32.max, "the voxels do not fit 32 bits")
  let ordered = channels.sorted { $0.precedes($1) }
  let links = [true, false].flatMap { attracts in
    ordered.map { MutexLinks($0, attracts: attracts, in: box) }.filter(\.canBe)
  }
  // Bytes whose biases are bytes too differ in strength by whole bytes, or not at all.
  let byte = UInt8(1).fixedPoint
  let isCoarse =
    Affinity.dataType == .uint8 && ordered.allSatisfy { $0.fixedPointBias % byte == 0 }
  var parents = (0...UInt32(count)).map { $0 }
  if let mask {
    let marks = mask.span
    for voxel in marks.indices where marks[voxel] == 0 { parents[voxel] = UInt32(count) }
  }
  var order = MutexOrder(links: links, spacing: isCoarse ? byte : 1, capacity: max(count, 1 << 8))
  var sets = MutexSets(count: count + 1, memoryLimit: mutexMemory)
  try order.settleAll(of: affinities, parents: &parents, sets: &sets)
  return Fragments(numbering: parents, over: box)
}

extension Fragments {
  /// Numbers clusters of voxels by raster order; the voxels of the cluster of one more voxel, which
  /// comes last, are background.
  fileprivate init(numbering clusters: consuming [UInt32], over box: VoxelBox) {
    let outside = UInt32(clusters.count - 1)
    var numbers = [UInt32](repeating: 0, count: clusters.count)
    var values = clusters.mutableSpan
    var found = numbers.mutableSpan
    var count: UInt32 = 0
    for voxel in values.indices {
      let cluster = values.cluster(of: UInt32(truncatingIfNeeded: voxel))
      values[voxel] = cluster
      guard cluster != outside else { continue }
      if found[Int(cluster)] == 0 {
        count += 1
        found[Int(cluster)] = count
      }
    }
    for voxel in values.indices {
      values[voxel] = found[Int(values[voxel])]
    }
    clusters.removeLast()
    self.init(labels: Volume(box: box, values: clusters), count: Int(count))
  }
}

/// Takes the links of a volume in their order, in memory of a fixed size.
///
/// A histogram of strengths cuts the links into portions that fit; each is found by a pass over
/// the affinities, without those whose ends have been joined already, and sorted. Portions of one
/// strength only, such as the surest links of a byte volume, need no sorting, as passes go in order.
struct MutexOrder {
  /// Links in the order in which they are taken where they are of the same strength.
  private let links: [MutexLinks]
  /// No two strengths differ by less.
  private let spacing: UInt64
  /// The most links sorted at once.
  private let capacity: Int
  /// Links found: how far below the strongest of the portion, the number of the kind, the voxel.
  private var found: [UInt64] = []
  private var spare: [UInt64] = []

  init(links: [MutexLinks], spacing: UInt64, capacity: Int) {
    self.links = links
    self.spacing = spacing
    self.capacity = capacity
  }

  /// Settles every link.
  @specialized(where Affinity == UInt8)
  @specialized(where Affinity == Float)
  mutating func settleAll<Affinity: AffinityScalar>(
    of affinities: borrowing Volume<Affinity>, parents: inout [UInt32], sets: inout MutexSets
  ) throws(MutexMemoryError) {
    try settle(from: 0, binShift: 16, of: affinities, &parents, &sets)
  }

  /// Settles the links of strengths from a base on, 256 bins of 2 to the power of a shift each.
  @specialized(where Affinity == UInt8)
  @specialized(where Affinity == Float)
  private mutating func settle<Affinity: AffinityScalar>(
    from base: UInt64, binShift: UInt64, of affinities: borrowing Volume<Affinity>,
    _ parents: inout [UInt32], _ sets: inout MutexSets
  ) throws(MutexMemoryError) {
    let counts = histogram(from: base, binShift: binShift, of: affinities)
    func strengths(_ bins: ClosedRange<Int>) -> ClosedRange<UInt64> {
      // Strength 0 is no link.
      let last = base + UInt64(bins.upperBound + 1) << binShift - 1
      return max(1, base + UInt64(bins.lowerBound) << binShift)...last
    }
    var last = 255
    while last >= 0 {
      var first = last
      var total = counts[last]
      if total > capacity {
        if 1 << binShift <= spacing {
          try settleOneStrength(strengths(last...last), of: affinities, &parents, &sets)
        } else {
          try settle(
            from: base + UInt64(last) << binShift, binShift: binShift - 8, of: affinities,
            &parents, &sets)
        }
      } else {
        while first > 0, total + counts[first - 1] <= capacity {
          first -= 1
          total += counts[first]
        }
        if total > 0 {
          try settleSorted(strengths(first...last), of: affinities, &parents, &sets)
        }
      }
      last = first - 1
    }
  }

  /// How many links there are in each bin of strengths.
  @specialized(where Affinity == UInt8)
  @specialized(where Affinity == Float)
  private func histogram<Affinity: AffinityScalar>(
    from base: UInt64, binShift: UInt64, of affinities: borrowing Volume<Affinity>
  ) -> [Int] {
    var counts = [Int](repeating: 0, count: 256)
    var bins = counts.mutableSpan
    for links in links {
      guard
        let values = links.values(
          ofStrength: max(1, base)...base + 256 << binShift - 1, as: Affinity.self)
      else { continue }
      let (lowest, highest) = (values.lowerBound, values.upperBound)
      for z in links.z.positions {
        for y in links.y.positions {
          let row = affinities.row(channel: links.channel, z: z, y: y)
          var x = links.x.first
          while x < links.x.end {
            let value = row[x]
            if value >= lowest, value <= highest {
              let strength = links.strength(of: value.fixedPoint)
              bins[Int(truncatingIfNeeded: (strength &- base) &>> binShift & 0xff)] &+= 1
            }
            x &+= links.x.stride
          }
        }
      }
    }
    return counts
  }

  /// Settles links that are all as strong as each other, as they are met.
  @specialized(where Affinity == UInt8)
  @specialized(where Affinity == Float)
  private func settleOneStrength<Affinity: AffinityScalar>(
    _ strengths: ClosedRange<UInt64>, of affinities: borrowing Volume<Affinity>,
    _ parents: inout [UInt32], _ sets: inout MutexSets
  ) throws(MutexMemoryError) {
    let extent = affinities.extent
    let outside = UInt32(parents.count - 1)
    var parents = parents.mutableSpan
    for links in links {
      guard let values = links.values(ofStrength: strengths, as: Affinity.self) else { continue }
      let (lowest, highest) = (values.lowerBound, values.upperBound)
      let (step, attracts) = (links.step, links.attracts)
      for z in links.z.positions {
        for y in links.y.positions {
          let row = affinities.row(channel: links.channel, z: z, y: y)
          let start = (z * extent.y + y) * extent.x
          var x = links.x.first
          while x < links.x.end {
            let value = row[x]
            if value >= lowest, value <= highest {
              let voxel = start &+ x
              let other = voxel &+ step
              // Neighbours mostly name the same voxel already.
              if parents[voxel] != parents[other] {
                try Segmentation.settle(
                  UInt32(truncatingIfNeeded: voxel), UInt32(truncatingIfNeeded: other),
                  attracts: attracts, outside: outside, parents: &parents, sets: &sets)
              }
            }
            x &+= links.x.stride
          }
        }
      }
    }
  }

  /// Finds, sorts and settles the links of a range of strengths.
  @specialized(where Affinity == UInt8)
  @specialized(where Affinity == Float)
  private mutating func settleSorted<Affinity: AffinityScalar>(
    _ strengths: ClosedRange<UInt64>, of affinities: borrowing Volume<Affinity>,
    _ parents: inout [UInt32], _ sets: inout MutexSets
  ) throws(MutexMemoryError) {
    find(strengths, of: affinities, &parents)
    sortFound(levels: (strengths.upperBound - strengths.lowerBound) / spacing)
    let outside = UInt32(parents.count - 1)
    var parents = parents.mutableSpan
    let kinds = links.map { (step: $0.step, attracts: $0.attracts) }
    let entries = found.span
    for index in entries.indices {
      let entry = entries[index]
      let kind = kinds[Int(truncatingIfNeeded: entry &>> 32 & 0xff)]
      let voxel = UInt32(truncatingIfNeeded: entry)
      try Segmentation.settle(
        voxel, UInt32(truncatingIfNeeded: Int(voxel) &+ kind.step), attracts: kind.attracts,
        outside: outside, parents: &parents, sets: &sets)
    }
  }

  @specialized(where Affinity == UInt8)
  @specialized(where Affinity == Float)
  private mutating func find<Affinity: AffinityScalar>(
    _ strengths: ClosedRange<UInt64>, of affinities: borrowing Volume<Affinity>,
    _ parents: inout [UInt32]
  ) {
    let extent = affinities.extent
    let outside = UInt32(parents.count - 1)
    let (strongest, spacing) = (strengths.upperBound, spacing)
    var parents = parents.mutableSpan
    found.removeAll(keepingCapacity: true)
    if found.capacity == 0 { found.reserveCapacity(capacity) }
    for (number, links) in links.enumerated() {
      guard let values = links.values(ofStrength: strengths, as: Affinity.self) else { continue }
      let (lowest, highest) = (values.lowerBound, values.upperBound)
      let (step, kind) = (links.step, UInt64(number) << 32)
      for z in links.z.positions {
        for y in links.y.positions {
          let row = affinities.row(channel: links.channel, z: z, y: y)
          let start = (z * extent.y + y) * extent.x
          var x = links.x.first
          while x < links.x.end {
            let value = row[x]
            if value >= lowest, value <= highest {
              let voxel = start &+ x
              let other = voxel &+ step
              if parents[voxel] != parents[other] {
                let left = parents.cluster(of: UInt32(truncatingIfNeeded: voxel))
                let right = parents.cluster(of: UInt32(truncatingIfNeeded: other))
                if left != right, left != outside, right != outside {
                  let level = (strongest &- links.strength(of: value.fixedPoint)) / spacing
                  found.append(level &<< 40 | kind | UInt64(truncatingIfNeeded: voxel))
                }
              }
            }
            x &+= links.x.stride
          }
        }
      }
    }
  }

  /// Sorts the links found by strength; those of the same strength stay in their order.
  private mutating func sortFound(levels: UInt64) {
    guard found.count > 1 else { return }
    var shift: UInt64 = 40
    while levels &>> (shift &- 40) > 0 {
      var places = [Int](repeating: 0, count: 256)
      spare = spare.isEmpty ? found : spare
      if spare.count < found.count {
        spare.append(contentsOf: repeatElement(0, count: found.count - spare.count))
      }
      Self.distribute(found, by: shift, counting: &places, to: &spare)
      swap(&found, &spare)
      if found.count > spare.count { found.removeLast(found.count - spare.count) }
      shift += 8
    }
  }

  private static func distribute(
    _ links: [UInt64], by shift: UInt64, counting places: inout [Int], to other: inout [UInt64]
  ) {
    let source = links.span
    var target = other.mutableSpan
    var next = places.mutableSpan
    for index in source.indices {
      next[Int(truncatingIfNeeded: source[index] &>> shift & 0xff)] &+= 1
    }
    var start = 0
    for bucket in next.indices {
      let count = next[bucket]
      next[bucket] = start
      start += count
    }
    for index in source.indices {
      let link = source[index]
      let bucket = Int(truncatingIfNeeded: link &>> shift & 0xff)
      target[next[bucket]] = link
      next[bucket] &+= 1
    }
  }
}
