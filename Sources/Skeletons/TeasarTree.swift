import Voxels

/// The tree of voxels that runs through the middle of a connected part.
///
/// From the root, the voxel farthest from anywhere, the farthest voxel that is not yet covered is
/// joined to the tree by the cheapest way, where voxels cost the less the farther they lie from the
/// surface; voxels near the way are then covered.
///
/// Source: Sato et al. 2000, "TEASAR: tree-structure extraction algorithm for accurate and robust
/// skeletons", Proc. Pacific Graphics, 281–289.
struct TeasarTree {
  /// The voxels, parents before their children; the root is the first.
  private(set) var voxels: [Int] = []
  /// The place of each voxel's parent; −1 for the root.
  private(set) var parents: [Int] = []
  /// Whether the root is the middle of a cell body.
  let hasSoma: Bool

  /// Grows the tree.
  ///
  /// - Parameters:
  ///   - graph: The part.
  ///   - components: Its numbers and ranks.
  ///   - radii: The distance of each voxel to the surface, in nanometres.
  ///   - mayHoldSoma: Whether holes were filled, so that a large radius is a cell body's.
  ///   - spacing: The size of a voxel, in nanometres.
  ///   - settings: How it grows.
  ///   - through: Voxels that are joined to the tree first, covered or not.
  init(
    _ graph: borrowing VoxelGraph, of components: borrowing LabelComponents, radii: [Float],
    mayHoldSoma: Bool, spacing: VoxelSize, _ settings: TeasarSettings,
    through: [Int] = []
  ) {
    let ranks = components.ranks.span
    let largest = radii.max() ?? 0
    let isSoma = mayHoldSoma && Double(largest) > settings.somaAcceptance
    hasSoma = isSoma
    let root =
      isSoma
      ? firstIndex(of: largest, in: radii) : farthest(graph.distances(from: 0, ranks: ranks))
    voxels.append(root)
    parents.append(-1)
    guard graph.count > 1 else { return }
    let distances = graph.distances(from: root, ranks: ranks)
    let span = distances.max() ?? 1
    var search = PenaltySearch(
      penalties: Self.penalties(radii, largest, distances, span, settings))
    var places = [Int32](repeating: -1, count: graph.count)
    places[root] = 0
    var cover = PathCover(count: graph.count, spacing: spacing)
    if isSoma {
      cover.coverBall(
        around: root, radius: settings.somaScale * Double(largest) + settings.somaConstant,
        in: graph)
    }
    var targets = FarthestFirst(distances, largest: span)
    var given = through[...]
    while let target = given.popFirst() ?? targets.next(notIn: cover.isCovered) {
      guard places[target] < 0 else { continue }
      let path = search.path(from: target, in: graph, ranks: ranks, to: places)
      for (previous, voxel) in zip(path, path.dropFirst()) {
        places[voxel] = Int32(voxels.count)
        voxels.append(voxel)
        parents.append(Int(places[previous]))
      }
      cover.roll(
        along: path, reach: { settings.scale * Double(radii[$0]) + settings.constant }, in: graph,
        components)
    }
  }

  /// What a step to each voxel costs.
  private static func penalties(
    _ radii: [Float], _ largest: Float, _ distances: [Float], _ span: Float,
    _ settings: TeasarSettings
  ) -> [Float] {
    let scale = Float(settings.penaltyScale)
    return radii.indices.map { voxel in
      let rest = 1 - radii[voxel] / largest
      var power: Float = 1
      for _ in 0..<settings.penaltyExponent { power *= rest }
      return scale * power + distances[voxel] / span
    }
  }
}

/// The first place of the largest value.
private func farthest(_ distances: [Float]) -> Int {
  var place = 0
  for index in distances.indices where distances[index] > distances[place] { place = index }
  return place
}

private func firstIndex(of value: Float, in values: [Float]) -> Int {
  values.firstIndex(of: value) ?? 0
}

/// Voxels from the farthest to the nearest, without those that are covered by then.
private struct FarthestFirst {
  private let distances: [Float]
  /// The voxels, bin by bin of their distance.
  private var order: [UInt32]
  /// Where each bin ends.
  private var ends: [Int]
  private var bin: Int
  /// What is left of the current bin, the farthest last.
  private var pending: [UInt32] = []

  init(_ distances: [Float], largest: Float) {
    self.distances = distances
    let binCount = min(1 << 16, distances.count)
    let scale = Double(binCount - 1) / Double(max(largest, .leastNormalMagnitude))
    let bins = distances.map { Int(Double($0) * scale) }
    ends = [Int](repeating: 0, count: binCount)
    for bin in bins { ends[bin] += 1 }
    var sum = 0
    for bin in ends.indices {
      sum += ends[bin]
      ends[bin] = sum - ends[bin]
    }
    order = [UInt32](repeating: 0, count: distances.count)
    for (voxel, bin) in bins.enumerated() {
      order[ends[bin]] = UInt32(voxel)
      ends[bin] += 1
    }
    bin = binCount
  }

  /// The farthest voxel that is not covered; of equally far ones, the first.
  mutating func next(notIn isCovered: [Bool]) -> Int? {
    while true {
      while let voxel = pending.popLast() {
        if !isCovered[Int(voxel)] { return Int(voxel) }
      }
      guard bin > 0 else { return nil }
      bin -= 1
      let members = order[(bin > 0 ? ends[bin - 1] : 0)..<ends[bin]]
      pending = members.filter { !isCovered[Int($0)] }
      pending.sort { first, second in
        let (near, far) = (distances[Int(first)], distances[Int(second)])
        return near < far || (near == far && first > second)
      }
    }
  }
}
