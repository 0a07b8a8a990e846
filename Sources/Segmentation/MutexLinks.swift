public import Voxels

/// A channel of affinities as the mutex watershed takes it.
public struct MutexChannel: Hashable, Sendable {
  /// The channel's index in the volume.
  public var channel: Int
  /// The step from a voxel to the one that the channel relates it to.
  public var offset: VoxelExtent
  /// The affinity at which a link neither joins nor keeps apart, in [0, 1].
  ///
  /// Above it links attract, below it they repel, the stronger the further away: with 0 all
  /// attract, by their affinity; with 1 all repel, by 1 − affinity.
  public var bias: Double
  /// Only links stored at voxels whose coordinates are multiples of these count.
  public var stride: VoxelExtent

  /// Creates a channel.
  public init(
    _ channel: Int, offset: VoxelExtent, bias: Double,
    stride: VoxelExtent = VoxelExtent(cube: 1)
  ) {
    precondition(offset != .zero, "a voxel has no link to itself")
    precondition((0...1).contains(bias), "a bias lies in [0, 1]")
    precondition(stride.z > 0 && stride.y > 0 && stride.x > 0, "a stride is at least one voxel")
    self.channel = channel
    self.offset = offset
    self.bias = bias
    self.stride = stride
  }

  /// The bias in units of ``AffinityScalar/fixedPoint``.
  var fixedPointBias: UInt64 { UInt64((bias * Double(fixedPointOne)).rounded()) }

  /// Whether the two voxels of a link share a face.
  public var isNear: Bool { reach == 1 }

  /// The number of steps between the two voxels of a link.
  private var reach: Int { abs(offset.z) + abs(offset.y) + abs(offset.x) }

  /// Whether the channel stands before another where nothing else decides: the shorter offset
  /// first, then by z, y and x of the offset or its opposite, whichever points ahead.
  func precedes(_ other: MutexChannel) -> Bool {
    func key(_ channel: MutexChannel) -> [Int] {
      let steps = [channel.offset.z, channel.offset.y, channel.offset.x]
      let isAhead = (steps.first { $0 != 0 } ?? 0) > 0
      let stride = channel.stride
      return [channel.reach] + (isAhead ? steps : steps.map { -$0 })
        + [isAhead ? 1 : 0, Int(channel.fixedPointBias), stride.z, stride.y, stride.x]
        + [channel.channel]
    }
    return key(self).lexicographicallyPrecedes(key(other))
  }
}

/// The links of one channel that all attract or all repel, in a volume of a certain size.
struct MutexLinks {
  let channel: Int
  let attracts: Bool
  private let bias: UInt64
  /// From a voxel's index to that of the one it is related to.
  let step: Int
  /// The voxels along each axis at which the links are stored.
  let z: LinkStarts, y: LinkStarts, x: LinkStarts

  init(_ channel: MutexChannel, attracts: Bool, in box: VoxelBox) {
    let (offset, extent) = (channel.offset, box.extent)
    self.channel = channel.channel
    self.attracts = attracts
    bias = channel.fixedPointBias
    step = (offset.z * extent.y + offset.y) * extent.x + offset.x
    z = LinkStarts(extent.z, offset: offset.z, stride: channel.stride.z, origin: box.origin.z)
    y = LinkStarts(extent.y, offset: offset.y, stride: channel.stride.y, origin: box.origin.y)
    x = LinkStarts(extent.x, offset: offset.x, stride: channel.stride.x, origin: box.origin.x)
  }

  /// Whether any affinity makes a link of this kind.
  var canBe: Bool { attracts ? bias < fixedPointOne : bias > 0 }

  /// How strongly an affinity pulls; 0 where it does not, or pulls the other way.
  @inline(__always)
  func strength(of affinity: UInt64) -> UInt64 {
    attracts
      ? (affinity > bias ? affinity &- bias : 0) : (affinity < bias ? bias &- affinity : 0)
  }

  /// The stored values of links as strong as a range; nil where there are none.
  func values<Affinity: AffinityScalar>(
    ofStrength range: ClosedRange<UInt64>, as type: Affinity.Type
  ) -> ClosedRange<Affinity>? {
    let lower: UInt64
    let upper: UInt64
    if attracts {
      guard range.lowerBound <= fixedPointOne - bias else { return nil }
      lower = bias + range.lowerBound
      upper = min(fixedPointOne, bias + range.upperBound)
    } else {
      guard range.lowerBound <= bias else { return nil }
      lower = bias - min(bias, range.upperBound)
      upper = bias - range.lowerBound
    }
    // What rounds to a unit lies half a unit around it, the upper end left out.
    let one = Double(fixedPointOne)
    let first = Affinity.smallest(atLeast: max(0, (Double(lower) - 0.5) / one))
    let last = Affinity.largest(atMost: min(1, ((Double(upper) + 0.5) / one).nextDown))
    return first <= last ? first...last : nil
  }
}

/// The positions along an axis at which links of a channel are stored.
struct LinkStarts {
  let first: Int
  let end: Int
  let stride: Int

  /// - Parameters:
  ///   - length: The volume's length.
  ///   - offset: How far a link reaches.
  ///   - stride: Only every so many voxels, counted from the dataset's origin, have a link.
  ///   - origin: The coordinate of the volume's first voxel.
  init(_ length: Int, offset: Int, stride: Int, origin: Int) {
    let lower = max(0, -offset)
    let phase = ((origin + lower) % stride + stride) % stride
    first = phase == 0 ? lower : lower + stride - phase
    end = min(length, length - offset)
    self.stride = stride
  }

  /// The positions.
  var positions: StrideTo<Int> { Swift.stride(from: first, to: end, by: stride) }
}
