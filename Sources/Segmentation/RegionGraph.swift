public import Voxels

/// The faces of a block beyond which the volume goes on.
public struct OpenFaces: OptionSet, Hashable, Sendable {
  /// One bit for each face.
  public let rawValue: UInt8

  /// Creates a set from its bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The face of the first plane along an axis.
  public static let nearZ = OpenFaces(rawValue: 1 << 0)
  /// The face of the first rows of each plane.
  public static let nearY = OpenFaces(rawValue: 1 << 1)
  /// The face of the first voxel of each row.
  public static let nearX = OpenFaces(rawValue: 1 << 2)
  /// The face of the last plane.
  public static let farZ = OpenFaces(rawValue: 1 << 3)
  /// The face of the last rows of each plane.
  public static let farY = OpenFaces(rawValue: 1 << 4)
  /// The face of the last voxel of each row.
  public static let farX = OpenFaces(rawValue: 1 << 5)

  /// The faces that a box has in common with one around it.
  init(of inner: VoxelBox, sharedWith outer: VoxelBox) {
    var shared: OpenFaces = []
    if inner.origin.z == outer.origin.z { shared.insert(.nearZ) }
    if inner.origin.y == outer.origin.y { shared.insert(.nearY) }
    if inner.origin.x == outer.origin.x { shared.insert(.nearX) }
    if inner.end.z == outer.end.z { shared.insert(.farZ) }
    if inner.end.y == outer.end.y { shared.insert(.farY) }
    if inner.end.x == outer.end.x { shared.insert(.farX) }
    self = shared
  }

  static let all = OpenFaces(rawValue: 0b11_1111)
}

/// The fragments of a block of voxels and the links between them.
///
/// A link belongs to the block that owns its later voxel, so the graphs of blocks that tile a
/// volume add up to the volume's, exactly and in any order: counts and sums are whole numbers.
public struct RegionGraph: Hashable, Sendable {
  /// A fragment, as far as the block goes.
  public struct Fragment: Hashable, Sendable {
    /// The fragment's label in the volume.
    public var id: UInt64
    /// The number of its voxels in the block; 0 where only a contact leads to it.
    public var voxelCount: UInt64
    /// The faces by which it reaches, or lies, beyond the block.
    public var openFaces: OpenFaces
  }

  /// The links between two fragments that belong to the block.
  public struct Contact: Hashable, Sendable {
    /// The two fragments, the smaller label first.
    public var first: UInt64, second: UInt64
    /// The number and sum of the links' affinities.
    public var affinity: MeanAffinity
    /// The weakest and the strongest link, in units of 1 / (2²⁴ − 1).
    public var weakest: UInt64, strongest: UInt64
    /// The later voxel of the strongest link; of equal ones, of the first in raster order.
    public var point: ContactPoint

    /// The strongest link.
    public var peak: ContactPeak {
      ContactPeak(
        fragments: FragmentPair(first: first, second: second), strength: UInt32(strongest),
        point: point)
    }
  }

  /// The voxels that the graph accounts for.
  public let box: VoxelBox
  /// The fragments of the block and those in contact with it, by id.
  public let fragments: [Fragment]
  /// The contacts, by first and second fragment; both are among ``fragments``.
  public let contacts: [Contact]
  /// The histograms of all contacts, one behind the other; empty where none were asked for.
  let histogramWords: [UInt64]
  /// Where the histogram of each contact begins, and the last ends; empty where there are none.
  let histogramStarts: [Int]

  /// Whether each contact has a histogram.
  public var hasHistograms: Bool { !histogramStarts.isEmpty }

  /// The histogram of the contact at a place in ``contacts``; the graph must have histograms.
  public func histogram(of contact: Int) -> LinkHistogram {
    precondition(hasHistograms, "no histograms were gathered")
    return LinkHistogram(
      words: Array(histogramWords[histogramStarts[contact]..<histogramStarts[contact + 1]]))
  }
}

/// What a region graph tells of contacts.
public enum ContactDetail: Hashable, Sendable {
  /// Number, sum, weakest and strongest link.
  case sums
  /// The same, and a histogram.
  case histograms
}
