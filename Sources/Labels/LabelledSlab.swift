import Synchronization
import Voxels

/// Some planes of a block whose components are known, as far as these planes go.
protocol LabelledSlab: Sendable {
  /// The components of the slab, counted from 0.
  var parts: SlabParts { get }
  /// The components that belong together with those of the slab before, by index.
  func contacts(withSlabBefore slab: Self) -> [RunContact]
  /// Writes one row, given the label of every component of the slab; rows come filled with 0.
  func write(_ row: inout MutableSpan<UInt32>, z: Int, y: Int, labels: Span<UInt32>)
}

/// The first voxels and the sizes of the components of some planes.
struct SlabParts: Sendable {
  /// The smallest index of a component's voxels in the block's raster order.
  private(set) var firstIndices: [UInt32] = []
  private(set) var voxelCounts: [UInt32] = []

  var count: Int { firstIndices.count }

  /// No components.
  init() {}

  /// Sums up members of disjoint sets by set; every member's parent becomes the index of its set.
  init(joining members: inout [UInt32], firstIndices: [UInt32], voxelCounts: [UInt32]) {
    let (firstIndices, voxelCounts) = (firstIndices.span, voxelCounts.span)
    var members = members.mutableSpan
    precondition(
      firstIndices.count == members.count && voxelCounts.count == members.count,
      "every member has a size")
    for index in members.indices {
      let parent = Int(truncatingIfNeeded: members[index])
      if parent == index {
        members[index] = append(firstIndex: firstIndices[index], voxelCount: voxelCounts[index])
      } else {
        // The parent is smaller, so its set stands there already.
        members[index] = members[parent]
        add(voxelCounts[index], from: firstIndices[index], to: members[index])
      }
    }
  }

  /// Adds a component, and gives its index.
  mutating func append(firstIndex: UInt32, voxelCount: UInt32) -> UInt32 {
    firstIndices.append(firstIndex)
    voxelCounts.append(voxelCount)
    return UInt32(truncatingIfNeeded: firstIndices.count &- 1)
  }

  mutating func add(_ voxelCount: UInt32, from firstIndex: UInt32, to component: UInt32) {
    let index = Int(truncatingIfNeeded: component)
    voxelCounts[index] &+= voxelCount
    firstIndices[index] = min(firstIndices[index], firstIndex)
  }
}

/// The components of all slabs of a block.
struct JoinedSlabs: Sendable {
  /// The label of every component of every slab.
  private var labels: [UInt32]
  /// Where each slab's components start in `labels`, and their number.
  private let offsets: [Int]
  private(set) var parts = SlabParts()

  init(_ slabs: [some LabelledSlab], threads: Int) {
    offsets = slabs.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.parts.count) }
    let seams = concurrentMap(1..<max(1, slabs.count), threads: threads) { index in
      slabs[index].contacts(withSlabBefore: slabs[index - 1])
    }
    var sets = DisjointSet<UInt32>(count: offsets[slabs.count])
    for (seam, contacts) in seams.enumerated() {
      let earlier = UInt32(truncatingIfNeeded: offsets[seam])
      let later = UInt32(truncatingIfNeeded: offsets[seam + 1])
      for contact in contacts { sets.join(later + contact.later, earlier + contact.earlier) }
    }
    // Sets count from 0 until all are known, labels from 1.
    labels = sets.representatives()
    parts = SlabParts(
      joining: &labels, firstIndices: slabs.flatMap(\.parts.firstIndices),
      voxelCounts: slabs.flatMap(\.parts.voxelCounts))
    number()
  }

  /// Gives sets their labels, from 1 in the order of their first voxels.
  private mutating func number() {
    let firstIndices = parts.firstIndices
    let isOrdered = zip(firstIndices, firstIndices.dropFirst()).allSatisfy { $0 < $1 }
    guard !isOrdered else {
      addOne(to: &labels)
      return
    }
    let order = firstIndices.indices.sorted { firstIndices[$0] < firstIndices[$1] }
    var ordered = SlabParts()
    var numbers = [UInt32](repeating: 0, count: order.count)
    for set in order {
      numbers[set] =
        ordered.append(firstIndex: firstIndices[set], voxelCount: parts.voxelCounts[set]) + 1
    }
    for index in labels.indices { labels[index] = numbers[Int(labels[index])] }
    parts = ordered
  }

  /// The label of every component of a slab.
  @_lifetime(borrow self)
  func labels(ofSlab index: Int) -> Span<UInt32> {
    labels.span.extracting(offsets[index]..<offsets[index + 1])
  }
}

/// What a body gives for every index of a range, on at most `threads` threads.
func concurrentMap<Result: Sendable>(
  _ range: Range<Int>, threads: Int, _ body: @Sendable (Int) -> Result
) -> [Result] {
  let results = Mutex([Result?](repeating: nil, count: range.count))
  concurrentForEach(range, threads: threads) { index in
    let result = body(index)
    results.withLock { $0[index - range.lowerBound] = result }
  }
  return results.withLock { $0.compactMap { $0 } }
}

private func addOne(to numbers: inout [UInt32]) {
  var numbers = numbers.mutableSpan
  for index in numbers.indices { numbers[index] &+= 1 }
}
