public import Voxels

/// The tree of one connected part of a label within a chunk.
public struct SkeletonPiece: Hashable, Sendable {
  /// The label.
  public let label: UInt64
  /// The voxels of the part that the chunk owns.
  public let voxelCount: Int
  /// The tree, in nanometres.
  public let skeleton: Skeleton

  /// Creates a piece.
  public init(label: UInt64, voxelCount: Int, skeleton: Skeleton) {
    self.label = label
    self.voxelCount = voxelCount
    self.skeleton = skeleton
  }
}

extension LabelSkeletons {
  /// Draws the trees of one chunk of a volume, so that those of all chunks join.
  ///
  /// Neighbouring chunks share a plane of voxels, the first of the one behind. Where a part crosses
  /// it, both trees run through the same voxel: of each connected part of the label in the plane,
  /// the voxel farthest from others within it, of equals the nearest to the part's middle. Of parts
  /// that others own altogether, only the ways between such voxels are drawn; parts that cross no
  /// plane are left out where they are too small.
  ///
  /// - Parameters:
  ///   - labels: (1, z, y, x): the chunk, and one voxel more along each axis where the volume goes
  ///     on.
  ///   - chunk: The voxels that the chunk owns.
  ///   - volume: The voxels there are.
  ///   - voxelSize: The size of a voxel.
  ///   - offset: Where the first voxel of the dataset has its centre, in nanometres.
  ///   - isStopped: Asked before each part; once true, nothing more is drawn.
  /// - Returns: The trees, by the first voxel of their parts.
  public func pieces(
    of labels: Volume<UInt64>, chunk: VoxelBox, volume: VoxelBox, voxelSize: VoxelSize,
    offset: PhysicalPosition = .zero, isStopped: @Sendable () -> Bool = { false }
  ) -> [SkeletonPiece] {
    precondition(labels.channels == 1, "labels have one channel")
    precondition(labels.extent.voxelCount < 1 << 32, "voxels are counted with 32 bits")
    let needed = VoxelBox(origin: chunk.origin, extent: chunk.extent + VoxelExtent(cube: 1))
    precondition(
      labels.box == needed.intersection(volume), "a chunk needs the plane of voxels behind it")
    let spacing = voxelSize.converted(to: .nanometer)
    let wanted = wanted
    let components = LabelComponents(of: labels, least: 0) { wanted?.contains($0) ?? true }
    guard !components.list.isEmpty else { return [] }
    let borders = BorderVoxels(
      of: components.numbers, chunk: chunk, volume: volume, spacing: spacing)
    let owned = components.list.indices.map { place in
      components.runs[components.list[place].runs].reduce(0) { count, run in
        let (z, y) = Int(run.row).quotientAndRemainder(dividingBy: labels.extent.y)
        guard z < chunk.extent.z, y < chunk.extent.y else { return count }
        return count + max(0, min(Int(run.end), chunk.extent.x) - Int(run.start))
      }
    }
    let field = DistanceField(of: components.numbers, spacing: spacing, threads: threads)
    let origin = labels.box.origin
    let first = PhysicalPosition(
      z: offset.z + Double(origin.z) * spacing.z, y: offset.y + Double(origin.y) * spacing.y,
      x: offset.x + Double(origin.x) * spacing.x)
    let places = components.list.indices.filter { place in
      // What others own altogether matters only where it joins two of them.
      owned[place] == 0
        ? borders.voxels[place].count > 1
        : owned[place] >= leastVoxels || !borders.voxels[place].isEmpty
    }
    let trees = trees(
      of: components, field, spacing: spacing, first: first, through: borders.voxels,
      only: places, isStopped: isStopped, didFinish: { _ in })
    return places.filter { !trees[$0].isEmpty }.map { place in
      var nodes = trees[place]
      if owned[place] == 0 {
        let ends = borders.voxels[place].map { voxel in
          PhysicalPosition(
            z: first.z + Double(voxel.z) * spacing.z, y: first.y + Double(voxel.y) * spacing.y,
            x: first.x + Double(voxel.x) * spacing.x)
        }
        nodes = Self.ways(of: nodes, between: Set(ends))
      }
      return SkeletonPiece(
        label: components.list[place].label, voxelCount: owned[place],
        skeleton: Skeleton(nodes: nodes))
    }
  }

  /// The part of a tree that joins some of its nodes, and nothing else.
  ///
  /// - Parameters:
  ///   - nodes: The tree, parents before their children.
  ///   - ends: Where the nodes lie that are to be joined, one at least.
  /// - Returns: The nodes, parents before their children.
  private static func ways(
    of nodes: [Skeleton.Node], between ends: Set<PhysicalPosition>
  ) -> [Skeleton.Node] {
    // The ends on each node's side away from the root.
    var counts = nodes.map { ends.contains($0.position) ? 1 : 0 }
    for index in nodes.indices.reversed() {
      if let parent = nodes[index].parent { counts[parent] += counts[index] }
    }
    // The way begins at the last node that has all of them on its side.
    let total = counts.first ?? 0
    let start = counts.lastIndex(of: total) ?? 0
    var places = [Int?](repeating: nil, count: nodes.count)
    var kept: [Skeleton.Node] = []
    for index in nodes.indices where index == start || (counts[index] > 0 && index > start) {
      var node = nodes[index]
      node.parent = index == start ? nil : node.parent.flatMap { places[$0] }
      places[index] = kept.count
      kept.append(node)
    }
    return kept
  }
}

/// The voxels of planes between chunks that the trees of both sides run through.
struct BorderVoxels {
  /// For each part of a chunk, in the order of the planes; counted from the chunk's first voxel.
  private(set) var voxels: [[VoxelPosition]]

  init(of numbers: Volume<UInt32>, chunk: VoxelBox, volume: VoxelBox, spacing: VoxelSize) {
    let count = numbers.span.indices.reduce(0) { max($0, Int(numbers.span[$1])) }
    voxels = Array(repeating: [], count: count)
    let extent = numbers.extent
    // The planes shared with the chunks before, then with those behind.
    if chunk.origin.z > volume.origin.z { add(numbers, .zero, plane(extent, z: 1), spacing) }
    if chunk.origin.y > volume.origin.y { add(numbers, .zero, plane(extent, y: 1), spacing) }
    if chunk.origin.x > volume.origin.x { add(numbers, .zero, plane(extent, x: 1), spacing) }
    let end = extent
    if chunk.end.z < volume.end.z {
      add(numbers, VoxelPosition(z: end.z - 1, y: 0, x: 0), plane(extent, z: 1), spacing)
    }
    if chunk.end.y < volume.end.y {
      add(numbers, VoxelPosition(z: 0, y: end.y - 1, x: 0), plane(extent, y: 1), spacing)
    }
    if chunk.end.x < volume.end.x {
      add(numbers, VoxelPosition(z: 0, y: 0, x: end.x - 1), plane(extent, x: 1), spacing)
    }
  }

  private func plane(
    _ extent: VoxelExtent, z: Int? = nil, y: Int? = nil, x: Int? = nil
  ) -> VoxelExtent {
    VoxelExtent(z: z ?? extent.z, y: y ?? extent.y, x: x ?? extent.x)
  }

  /// Adds the voxels of one plane.
  private mutating func add(
    _ numbers: Volume<UInt32>, _ start: VoxelPosition, _ size: VoxelExtent, _ spacing: VoxelSize
  ) {
    // Within the plane alone, so that what lies to its sides does not count.
    var labels = Volume<UInt64>(box: VoxelBox(extent: size))
    for z in 0..<size.z {
      for y in 0..<size.y {
        let source = numbers.row(z: z + start.z, y: y + start.y)
        var row = labels.mutableRow(z: z, y: y)
        for x in 0..<size.x { row[x] = UInt64(source[x + start.x]) }
      }
    }
    let parts = LabelComponents(of: labels, least: 0) { _ in true }
    guard !parts.list.isEmpty else { return }
    let field = DistanceField(of: parts.numbers, spacing: spacing, threads: 1)
    for part in parts.list {
      let middle = Self.middle(of: part, parts, height: size.y)
      var best: (distance: Float, away: Double, voxel: VoxelPosition)?
      for run in parts.runs[part.runs] {
        let (z, y) = Int(run.row).quotientAndRemainder(dividingBy: size.y)
        let distances = field.distances(z: z, y: y, x: Int(run.start)..<Int(run.end))
        for (step, distance) in distances.enumerated() where distance >= best?.distance ?? 0 {
          let voxel = VoxelPosition(z: z, y: y, x: Int(run.start) + step)
          let (dz, dy, dx) = (
            (Double(z) - middle.z) * spacing.z, (Double(y) - middle.y) * spacing.y,
            (Double(voxel.x) - middle.x) * spacing.x
          )
          let away = dz * dz + dy * dy + dx * dx
          if let best, best.distance == distance, best.away <= away { continue }
          best = (distance, away, voxel)
        }
      }
      if let best { voxels[Int(part.label) - 1].append(start + (best.voxel - .zero)) }
    }
  }

  /// The centroid of a part of a plane, in voxels.
  private static func middle(
    of part: LabelComponents.Component, _ parts: LabelComponents, height: Int
  ) -> PhysicalPosition {
    var (sumZ, sumY, sumX) = (0, 0, 0)
    for run in parts.runs[part.runs] {
      let (z, y) = Int(run.row).quotientAndRemainder(dividingBy: height)
      let count = Int(run.end - run.start)
      sumZ += z * count
      sumY += y * count
      sumX += (Int(run.start) + Int(run.end) - 1) * count
    }
    let count = Double(part.voxelCount)
    return PhysicalPosition(
      z: Double(sumZ) / count, y: Double(sumY) / count, x: Double(sumX) / count / 2)
  }
}
