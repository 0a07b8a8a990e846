/// Refuses to merge two large regions over a weak contact.
///
/// Source: Lu, Zlateski & Seung 2021, arXiv:2106.10795 (the rule and its standard values).
public struct SizeVeto: Hashable, Sendable, Codable {
  /// Contacts that score at least so much are not looked at, in [0, 1].
  public var affinity: Double
  /// The smaller region must have more voxels than this.
  public var smallerVoxels: UInt64
  /// Both together must have more voxels than this.
  public var totalVoxels: UInt64

  /// Creates the rule.
  public init(
    affinity: Double = 0.35, smallerVoxels: UInt64 = 1_000_000, totalVoxels: UInt64 = 10_000_000
  ) {
    precondition((0...1).contains(affinity), "an affinity lies between 0 and 1")
    self.affinity = affinity
    self.smallerVoxels = smallerVoxels
    self.totalVoxels = totalVoxels
  }

  func refuses(_ left: UInt64, _ right: UInt64) -> Bool {
    min(left, right) > smallerVoxels && left + right > totalVoxels
  }
}

/// Refuses to merge regions of different classes over a weak contact.
///
/// Classes are a volume of small numbers, 0 for none: axon and dendrite, or tissues.
///
/// Source: Lu, Zlateski & Seung 2021, arXiv:2106.10795 (the rule and its standard values).
public struct ClassVeto: Hashable, Sendable, Codable {
  /// Contacts that score at least so much are not looked at, in [0, 1].
  public var affinity: Double
  /// Both regions must have more voxels of any class than this.
  public var classVoxels: UInt64
  /// The share of a region's class voxels that its commonest class must have, in [0, 1].
  public var dominance: Double

  /// Creates the rule.
  public init(affinity: Double = 0.5, classVoxels: UInt64 = 100_000, dominance: Double = 0.6) {
    precondition((0...1).contains(affinity), "an affinity lies between 0 and 1")
    precondition((0...1).contains(dominance), "a share lies between 0 and 1")
    self.affinity = affinity
    self.classVoxels = classVoxels
    self.dominance = dominance
  }

  /// The class of a region that counts; nil where it has too few voxels or none that dominates.
  func dominantClass(of counts: ClassCounts) -> UInt8? {
    let total = counts.total
    guard total > classVoxels, let commonest = counts.commonest,
      Double(commonest.voxelCount) >= dominance * Double(total)
    else { return nil }
    return commonest.label
  }

  func refuses(_ left: ClassCounts, _ right: ClassCounts) -> Bool {
    guard let left = dominantClass(of: left), let right = dominantClass(of: right) else {
      return false
    }
    return left != right
  }
}

/// The voxels of each class in a region, by class; classes without voxels are left out.
public struct ClassCounts: Hashable, Sendable {
  /// A class and its voxels.
  public struct Entry: Hashable, Sendable {
    /// The class, above 0.
    public var label: UInt8
    /// Its voxels.
    public var voxelCount: UInt64
  }

  /// The classes, the lowest first.
  public private(set) var entries: [Entry] = []

  /// Creates the counts of no voxels.
  public init() {}

  /// The voxels of any class.
  var total: UInt64 { entries.reduce(0) { $0 + $1.voxelCount } }

  /// The class of most voxels; of equal ones the lowest.
  var commonest: Entry? {
    var best: Entry?
    for entry in entries where entry.voxelCount > best?.voxelCount ?? 0 { best = entry }
    return best
  }

  /// Adds voxels of a class.
  mutating func add(_ voxelCount: UInt64, of label: UInt8) {
    let place = entries.firstIndex { $0.label >= label } ?? entries.count
    if place < entries.count, entries[place].label == label {
      entries[place].voxelCount += voxelCount
    } else {
      entries.insert(Entry(label: label, voxelCount: voxelCount), at: place)
    }
  }

  /// Adds the voxels of another region.
  mutating func add(_ other: ClassCounts) {
    for entry in other.entries { add(entry.voxelCount, of: entry.label) }
  }
}

/// What may keep two regions apart whose contact is the first in line.
struct MergeVetoes: Sendable {
  private let size: SizeVeto?
  private let classes: ClassVeto?
  private let sizeLimit: MeanAffinity
  private let classLimit: MeanAffinity

  init(size: SizeVeto?, classes: ClassVeto?) {
    self.size = size
    self.classes = classes
    sizeLimit = .limit(cost: 1 - (size?.affinity ?? 0))
    classLimit = .limit(cost: 1 - (classes?.affinity ?? 0))
  }

  /// Whether regions' classes are asked for.
  var needsClasses: Bool { classes != nil }

  /// What becomes of a contact of two regions that are known in full.
  func rule(
    score: MeanAffinity, voxelCounts: (UInt64, UInt64),
    classCounts: () -> (ClassCounts, ClassCounts)
  ) -> ContactDecision.Rule {
    var rule = ContactDecision.Rule.statistic
    if let size, sizeLimit.isCheaper(than: score) {
      if size.refuses(voxelCounts.0, voxelCounts.1) { return .sizeVeto }
      rule = .exemption
    }
    if let classes, classLimit.isCheaper(than: score) {
      let counts = classCounts()
      if classes.refuses(counts.0, counts.1) { return .classVeto }
      rule = .exemption
    }
    return rule
  }
}
