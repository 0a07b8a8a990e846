import Labels
public import Voxels

/// When objects of two overlapping subvolumes are one.
public struct AgreementRule: Hashable, Sendable {
  /// The least part of their voxels in the overlap, taken together, that they have in common.
  public var overlap: Double
  /// The least voxels that they have in common.
  public var voxelCount: Int

  /// Creates a rule.
  public init(overlap: Double = 0.5, voxelCount: Int = 100) {
    precondition(overlap > 0 && overlap <= 1, "objects agree in a part of their voxels")
    self.overlap = overlap
    self.voxelCount = voxelCount
  }
}

/// Makes one segmentation of those of overlapping subvolumes.
///
/// Two objects are one where, of the voxels that either has in the overlap, as large a part belongs
/// to both as the rule asks. Above a half an object agrees with at most one of each neighbour. All
/// that agree, directly or by others, are joined; each voxel then takes the object of the subvolume
/// whose own part it lies in. Where subvolumes contradict each other, objects end at the seam.
///
/// Source: Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4, "Subvolume reconciliation"
/// (the rule there is not published as code; this one is ours).
public struct SubvolumeAssembly: Sendable {
  private let rule: AgreementRule
  /// Where the objects of each subvolume begin among all; the last is their number.
  private let starts: [Int]
  private var objects: DisjointSet<UInt32>
  /// The pairs of objects that agreed.
  public private(set) var agreements = 0

  /// Starts with every object on its own.
  ///
  /// - Parameters:
  ///   - counts: The objects of each subvolume, which are numbered from 1.
  ///   - rule: When two are one.
  public init(objectCounts counts: [Int], rule: AgreementRule) {
    var starts = [0]
    for count in counts { starts.append(starts[starts.count - 1] + count) }
    self.starts = starts
    self.rule = rule
    objects = DisjointSet(count: starts[starts.count - 1])
  }

  private struct Pair: Hashable {
    var first: Int32, second: Int32
  }

  /// Joins the objects of two subvolumes that agree.
  ///
  /// - Parameters:
  ///   - first: The numbers of a subvolume, and the objects in the overlap; 0 or less is none.
  ///   - second: The same of another subvolume, over the same box.
  /// - Complexity: O(*n*) in the voxels of the overlap.
  public mutating func join(
    _ first: (subvolume: Int, objects: Volume<Int32>),
    _ second: (subvolume: Int, objects: Volume<Int32>)
  ) {
    precondition(first.objects.box == second.objects.box, "the overlap is one box")
    var (sizes, otherSizes): ([Int32: Int], [Int32: Int]) = ([:], [:])
    var shared: [Pair: Int] = [:]
    let (here, there) = (first.objects.span, second.objects.span)
    var start = 0
    while start < here.count {
      let pair = Pair(first: max(here[start], 0), second: max(there[start], 0))
      var end = start + 1
      while end < here.count, max(here[end], 0) == pair.first, max(there[end], 0) == pair.second {
        end += 1
      }
      if pair.first > 0 { sizes[pair.first, default: 0] += end - start }
      if pair.second > 0 { otherSizes[pair.second, default: 0] += end - start }
      if pair.first > 0, pair.second > 0 { shared[pair, default: 0] += end - start }
      start = end
    }
    for (pair, count) in shared {
      let either = sizes[pair.first, default: 0] + otherSizes[pair.second, default: 0] - count
      guard count >= rule.voxelCount, Double(count) >= rule.overlap * Double(either) else {
        continue
      }
      agreements += 1
      objects.join(
        number(of: pair.first, in: first.subvolume),
        number(of: pair.second, in: second.subvolume))
    }
  }

  private func number(of object: Int32, in subvolume: Int) -> UInt32 {
    let number = starts[subvolume] + Int(object) - 1
    precondition(object > 0 && number < starts[subvolume + 1], "the subvolume has that object")
    return UInt32(number)
  }

  /// The final number of every object, by subvolume and then by its own number, 0 for none.
  ///
  /// Numbers are from 1, in the order of the first object of each.
  ///
  /// - Complexity: O(*n*) in the objects.
  public func numbers() -> (count: Int, bySubvolume: [[UInt64]]) {
    let representatives = objects.representatives()
    var names = [UInt64](repeating: 0, count: representatives.count)
    var count = 0
    for (index, representative) in representatives.enumerated() {
      if Int(representative) == index {
        count += 1
        names[index] = UInt64(count)
      } else {
        names[index] = names[Int(representative)]
      }
    }
    let lists = starts.indices.dropLast().map { [0] + Array(names[starts[$0]..<starts[$0 + 1]]) }
    return (count, lists)
  }
}
