public import Codecs
import Labels
public import Segmentation
import VolumeStore
public import Voxels

/// The segmentation that edits start from: supervoxels, their contacts, and which are one segment.
///
/// It never changes. Supervoxels are numbered from 1; an id without voxels is no supervoxel.
/// Every contact within a segment counts as a link of the segment.
///
/// - Complexity: 24 bytes a supervoxel and 64 bytes a contact.
public struct BaseGraph: Sendable {
  /// A contact of two supervoxels.
  public struct Contact: Hashable, Sendable {
    /// The supervoxels and the affinities between them.
    public var edge: SupervoxelEdge
    /// A voxel of the contact.
    public var point: VoxelPosition

    /// Creates a contact.
    public init(_ edge: SupervoxelEdge, at point: VoxelPosition) {
      self.edge = edge
      self.point = point
    }
  }

  /// The voxels of every supervoxel, by id; 0 where there is none.
  public let voxelCounts: [UInt64]
  /// The root of every supervoxel's segment, its smallest supervoxel, by id; 0 where there is none.
  public let roots: [UInt64]
  /// The contacts, by their supervoxels.
  public let contacts: [Contact]
  /// What tells the segmentation from others.
  public let identity: SHA256
  /// Where the contacts of each supervoxel begin, and the last end, in ``incidences``.
  private let starts: [Int]
  /// Places in ``contacts``.
  private let incidences: [Int]
  /// The supervoxels by root, then by id, and where those of each root begin.
  private let members: [UInt64]
  private let memberStarts: [Int]

  /// Creates the graph of a segmentation.
  ///
  /// - Parameters:
  ///   - voxelCounts: The voxels of every supervoxel, by id; the entry at 0 is background's.
  ///   - segments: The segment of every supervoxel, by id, in any numbers; 0 for a segment of
  ///     its own.
  ///   - contacts: The contacts in any order; those of the same supervoxels add up.
  /// - Throws: ``EditRefusal`` where a contact is of supervoxels that are not there, or where a
  ///   segment does not hang together by its contacts.
  /// - Complexity: O(*n* + *m* log *m*) for *n* supervoxels and *m* contacts.
  public init(
    voxelCounts: [UInt64], segments: [UInt64], contacts: [Contact]
  ) throws(EditRefusal) {
    precondition(
      voxelCounts.count == segments.count && !segments.isEmpty,
      "every supervoxel has voxels and a segment")
    let count = segments.count
    for contact in contacts {
      let pair = contact.edge.pair
      guard pair.first > 0, pair.first < pair.second, pair.second < UInt64(count),
        voxelCounts[Int(pair.first)] > 0, voxelCounts[Int(pair.second)] > 0
      else {
        throw EditRefusal(
          .unknownSupervoxel, "a contact is of supervoxels that are not there",
          found: "\(pair.first) and \(pair.second)", expected: "ids from 1 to \(count - 1)")
      }
    }
    self.voxelCounts = voxelCounts
    let fused = Self.fused(contacts)
    self.contacts = fused
    roots = try Self.roots(voxelCounts: voxelCounts, segments: segments, contacts: fused)
    (starts, incidences) = Self.incidences(fused, count: count)
    (memberStarts, members) = Self.members(roots)
    identity = Self.identity(voxelCounts, roots, fused)
  }

  /// The largest id of a supervoxel.
  public var largestSupervoxel: UInt64 { UInt64(roots.count - 1) }

  /// Whether there is a supervoxel of an id.
  public func contains(_ supervoxel: UInt64) -> Bool {
    supervoxel < UInt64(roots.count) && roots[Int(supervoxel)] != 0
  }

  /// The supervoxels of the segment of a root, by id.
  func members(ofRoot root: UInt64) -> ArraySlice<UInt64> {
    members[memberStarts[Int(root)]..<memberStarts[Int(root) + 1]]
  }

  /// The places of a supervoxel's contacts, by the other supervoxel.
  func contactPlaces(of supervoxel: UInt64) -> ArraySlice<Int> {
    guard supervoxel < UInt64(roots.count) else { return [] }
    return incidences[starts[Int(supervoxel)]..<starts[Int(supervoxel) + 1]]
  }

  /// The contact of two supervoxels; nil where they do not touch.
  ///
  /// - Complexity: O(log *m*).
  public func contact(_ pair: FragmentPair) -> Contact? {
    var (low, high) = (0, contacts.count)
    while low < high {
      let middle = (low + high) / 2
      if contacts[middle].edge.pair < pair { low = middle + 1 } else { high = middle }
    }
    return low < contacts.count && contacts[low].edge.pair == pair ? contacts[low] : nil
  }

  /// Whether two supervoxels are of one segment in this segmentation.
  func joins(_ pair: FragmentPair) -> Bool {
    contains(pair.first) && contains(pair.second)
      && roots[Int(pair.first)] == roots[Int(pair.second)]
  }

  private static func fused(_ contacts: [Contact]) -> [Contact] {
    var fused: [Contact] = []
    fused.reserveCapacity(contacts.count)
    for contact in contacts.sorted(by: { $0.edge.pair < $1.edge.pair }) {
      if let last = fused.last, last.edge.pair == contact.edge.pair {
        fused[fused.count - 1].edge.affinity.add(contact.edge.affinity)
      } else {
        fused.append(contact)
      }
    }
    return fused
  }

  private static func roots(
    voxelCounts: [UInt64], segments: [UInt64], contacts: [Contact]
  ) throws(EditRefusal) -> [UInt64] {
    var sets = DisjointSet<UInt64>(count: segments.count)
    for contact in contacts {
      let (first, second) = (Int(contact.edge.pair.first), Int(contact.edge.pair.second))
      if segments[first] != 0, segments[first] == segments[second] {
        sets.join(UInt64(first), UInt64(second))
      }
    }
    let joined = sets.representatives()
    var firstOfSegment: [UInt64: UInt64] = [:]
    var roots = [UInt64](repeating: 0, count: segments.count)
    for supervoxel in 1..<max(1, segments.count) where voxelCounts[supervoxel] > 0 {
      roots[supervoxel] = joined[supervoxel]
      guard segments[supervoxel] != 0 else { continue }
      let root = firstOfSegment[segments[supervoxel]]
      if let root, root != joined[supervoxel] {
        throw EditRefusal(
          .notConnected, "a segment does not hang together by contacts of its supervoxels",
          found: "segment \(segments[supervoxel]): \(root) and \(joined[supervoxel])",
          remedy: "make the segments and the contacts from the same supervoxels")
      }
      firstOfSegment[segments[supervoxel]] = joined[supervoxel]
    }
    return roots
  }

  private static func incidences(
    _ contacts: [Contact], count: Int
  ) -> (starts: [Int], places: [Int]) {
    var starts = [Int](repeating: 0, count: count + 1)
    for contact in contacts {
      starts[Int(contact.edge.pair.first) + 1] += 1
      starts[Int(contact.edge.pair.second) + 1] += 1
    }
    for index in 0..<count { starts[index + 1] += starts[index] }
    var next = starts
    var places = [Int](repeating: 0, count: 2 * contacts.count)
    // Sorted by pair, so that the others of each supervoxel come by id: the smaller ones first.
    for (place, contact) in contacts.enumerated() {
      let second = Int(contact.edge.pair.second)
      places[next[second]] = place
      next[second] += 1
    }
    for (place, contact) in contacts.enumerated() {
      let first = Int(contact.edge.pair.first)
      places[next[first]] = place
      next[first] += 1
    }
    return (starts, places)
  }

  private static func members(_ roots: [UInt64]) -> (starts: [Int], members: [UInt64]) {
    var starts = [Int](repeating: 0, count: roots.count + 1)
    for root in roots where root != 0 { starts[Int(root) + 1] += 1 }
    for index in roots.indices { starts[index + 1] += starts[index] }
    var next = starts
    var members = [UInt64](repeating: 0, count: starts[roots.count])
    for (supervoxel, root) in roots.enumerated() where root != 0 {
      members[next[Int(root)]] = UInt64(supervoxel)
      next[Int(root)] += 1
    }
    return (starts, members)
  }

  private static func identity(
    _ voxelCounts: [UInt64], _ roots: [UInt64], _ contacts: [Contact]
  ) -> SHA256 {
    var bytes: [UInt8] = []
    bytes.appendColumn(voxelCounts)
    bytes.appendColumn(roots)
    for name in [\FragmentPair.first, \.second] {
      bytes.appendColumn(contacts.map { $0.edge.pair[keyPath: name] })
    }
    for name in [\MeanAffinity.count, \.sum] {
      bytes.appendColumn(contacts.map { $0.edge.affinity[keyPath: name] })
    }
    // The fast digest of the arrays, as the chain of edits wants it.
    return SHA256(of: "fascicle edits 1\n\(ContentDigest(of: bytes))")
  }
}
