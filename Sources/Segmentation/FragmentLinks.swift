public import Voxels

/// The fragments of a block and the links between them, those of touching voxels and those of voxels
/// further apart each on their own.
///
/// A link belongs to the block that owns the voxel at which it is stored, so what blocks that tile
/// a volume have adds up to the volume's, exactly and in any order: counts and sums are whole
/// numbers.
public struct FragmentLinks: Hashable, Sendable {
  /// The links between two fragments.
  public struct Pair: Hashable, Sendable {
    /// The two fragments, the smaller label first.
    public var first: UInt64, second: UInt64
    /// The number and sum of the links' affinities.
    public var affinity: MeanAffinity

    /// Creates a pair.
    public init(first: UInt64, second: UInt64, affinity: MeanAffinity) {
      self.first = first
      self.second = second
      self.affinity = affinity
    }
  }

  /// A fragment, as far as the block goes.
  public struct Fragment: Hashable, Sendable {
    /// The fragment's label.
    public var id: UInt64
    /// The number of its voxels in the block.
    public var voxelCount: UInt64

    /// Creates a fragment.
    public init(id: UInt64, voxelCount: UInt64) {
      self.id = id
      self.voxelCount = voxelCount
    }
  }

  /// The fragments with voxels in the block, by label.
  public var fragments: [Fragment]
  /// The links between voxels that share a face, by first and second fragment.
  public var near: [Pair]
  /// The links between voxels further apart, by first and second fragment; theirs need not touch.
  public var far: [Pair]

  /// Creates links from fragments and pairs in order.
  public init(fragments: [Fragment] = [], near: [Pair] = [], far: [Pair] = []) {
    self.fragments = fragments
    self.near = near
    self.far = far
  }

  /// Adds up the links of blocks.
  ///
  /// - Complexity: O(*n*) in the fragments and pairs.
  public init(joining parts: consuming [FragmentLinks]) {
    fragments = joined(parts.map(\.fragments), by: \.id) { $0.voxelCount += $1.voxelCount }
    near = joined(parts.map(\.near), by: \.key) { $0.affinity.add($1.affinity) }
    far = joined(parts.map(\.far), by: \.key) { $0.affinity.add($1.affinity) }
  }

  /// What joining and segmenting take for each pair, in bytes: the pair, its edge, twice, what is
  /// sorted, twice, and what is kept apart.
  public static let bytesPerPair = 32 + 2 * 40 + 2 * 16 + 48
}

extension FragmentLinks.Pair {
  /// Both labels in one word.
  fileprivate var key: UInt64 { first << 32 | second }
}

/// Rows of several tables in the order of their keys, those of the same key added up.
private func joined<Row>(
  _ tables: [[Row]], by key: (Row) -> UInt64, adding add: (inout Row, Row) -> Void
) -> [Row] {
  if tables.count == 1 { return tables[0] }
  let rows = tables.flatMap { $0 }
  var order: [KeyedNumber] = []
  order.reserveCapacity(rows.count)
  for (number, row) in rows.enumerated() {
    order.append(KeyedNumber(key: key(row), number: UInt32(number)))
  }
  order.sortByKey()
  var result: [Row] = []
  var last: UInt64?
  for entry in order {
    if entry.key == last {
      add(&result[result.count - 1], rows[Int(entry.number)])
    } else {
      result.append(rows[Int(entry.number)])
    }
    last = entry.key
  }
  return result
}

/// Gathers the links between the fragments of a block.
///
/// - Parameters:
///   - affinities: (c, z, y, x) in [0, 1] that hold the box.
///   - channels: What the channels mean. Of those between voxels that share a face all links count,
///     of the others those at their strides. Biases play no part yet.
///   - fragments: (1, z, y, x) labels of the volume below 2³²; 0 is background. They hold the box
///     and the voxels that links from there lead to, where the volume has these.
///   - box: The voxels to account for.
///   - volume: The whole volume.
/// - Returns: The links of the box.
/// - Complexity: O(*n* + *m* log *m*) for *n* links of voxels and *m* pairs.
@specialized(where Affinity == UInt8)
@specialized(where Affinity == Float)
public func fragmentLinks<Affinity: AffinityScalar>(
  affinities: borrowing Volume<Affinity>, channels: [MutexChannel],
  fragments: borrowing Volume<UInt64>, box: VoxelBox, volume: VoxelBox
) -> FragmentLinks {
  precondition(!box.isEmpty && volume.contains(box), "the box lies outside the volume")
  precondition(affinities.box.contains(box), "the affinities do not cover the box")
  precondition(fragments.box.contains(box), "the fragments do not cover the box")
  var near = PairTable()
  var far = PairTable()
  for channel in channels {
    // Every link along an axis that the volume has both ends of.
    let step = channel.offset
    let linked = VoxelBox(origin: volume.origin - step, extent: volume.extent)
      .intersection(volume).intersection(box)
    guard !linked.isEmpty else { continue }
    precondition(
      fragments.box.contains(VoxelBox(origin: linked.origin + step, extent: linked.extent)),
      "the fragments do not reach far enough")
    let stride = channel.isNear ? VoxelExtent(cube: 1) : channel.stride
    func starts(_ origin: Int, _ length: Int, _ stride: Int) -> LinkStarts {
      LinkStarts(length, offset: 0, stride: stride, origin: origin)
    }
    let (zs, ys, xs) = (
      starts(linked.origin.z, linked.extent.z, stride.z),
      starts(linked.origin.y, linked.extent.y, stride.y),
      starts(linked.origin.x, linked.extent.x, stride.x)
    )
    let link = linked.origin - affinities.box.origin
    let own = linked.origin - fragments.box.origin
    for z in zs.positions {
      for y in ys.positions {
        let affinities = affinities.row(channel: channel.channel, z: z + link.z, y: y + link.y)
          .extracting(link.x..<link.x + linked.extent.x)
        let left = fragments.row(z: z + own.z, y: y + own.y)
          .extracting(own.x..<own.x + linked.extent.x)
        let right = fragments.row(z: z + own.z + step.z, y: y + own.y + step.y)
          .extracting(own.x + step.x..<own.x + step.x + linked.extent.x)
        if channel.isNear {
          near.add(affinities, left, right, at: xs)
        } else {
          far.add(affinities, left, right, at: xs)
        }
      }
    }
  }
  return FragmentLinks(
    fragments: fragmentSizes(of: fragments, in: box), near: near.pairs(), far: far.pairs())
}

/// The fragments of a box, by label.
private func fragmentSizes(
  of labels: borrowing Volume<UInt64>, in box: VoxelBox
) -> [FragmentLinks.Fragment] {
  let corner = box.origin - labels.box.origin
  var table = IndexTable(capacity: 1 << 10)
  var fragments: [FragmentLinks.Fragment] = []
  for z in corner.z..<corner.z + box.extent.z {
    for y in corner.y..<corner.y + box.extent.y {
      let row = labels.row(z: z, y: y).extracting(corner.x..<corner.x + box.extent.x)
      var x = 0
      while x < row.count {
        let label = row[x]
        let first = x
        repeat { x &+= 1 } while x < row.count && row[x] == label
        guard label != 0 else { continue }
        let place = Int(table.number(of: label))
        if place == fragments.count {
          fragments.append(FragmentLinks.Fragment(id: label, voxelCount: 0))
        }
        fragments[place].voxelCount += UInt64(x - first)
      }
    }
  }
  return fragments.sorted { $0.id < $1.id }
}

/// Links between pairs of fragments.
private struct PairTable {
  private var keys: [UInt64] = []
  private var sums: [MeanAffinity] = []
  private var table = IndexTable(capacity: 1 << 12)

  /// Adds the links of a row of voxels to another.
  @specialized(where Affinity == UInt8)
  @specialized(where Affinity == Float)
  mutating func add<Affinity: AffinityScalar>(
    _ links: Span<Affinity>, _ left: Span<UInt64>, _ right: Span<UInt64>, at starts: LinkStarts
  ) {
    // Neighbouring links are often of the same pair, so they are added up first.
    var run = (key: UInt64(0), affinity: MeanAffinity())
    var x = starts.first
    while x < starts.end {
      let (first, second) = (left[x], right[x])
      let link = links[x]
      x &+= starts.stride
      // NaN, which equals nothing, is no link.
      guard first != second, first != 0, second != 0, link == link else { continue }
      let key = min(first, second) &<< 32 | max(first, second)
      if key != run.key {
        if run.key != 0 { add(run.affinity, to: run.key) }
        run = (key, MeanAffinity())
      }
      run.affinity.add(link.fixedPoint)
    }
    if run.key != 0 { add(run.affinity, to: run.key) }
  }

  private mutating func add(_ affinity: MeanAffinity, to key: UInt64) {
    let place = Int(table.number(of: key))
    if place == keys.count {
      keys.append(key)
      sums.append(affinity)
    } else {
      sums[place].add(affinity)
    }
  }

  /// The pairs, in order.
  func pairs() -> [FragmentLinks.Pair] {
    var order = keys.indices.map { KeyedNumber(key: keys[$0], number: UInt32($0)) }
    order.sortByKey()
    return order.map {
      FragmentLinks.Pair(
        first: $0.key >> 32, second: $0.key & UInt64(UInt32.max),
        affinity: sums[Int($0.number)])
    }
  }
}
