import Synchronization
public import Voxels

/// The skeleton of a label.
public struct LabelSkeleton: Hashable, Sendable {
  /// The label.
  public let label: UInt64
  /// The voxels it was made of, without parts that were too small.
  public let voxelCount: Int
  /// A tree for each connected part, in nanometres; radii are distances to the surface.
  public let skeleton: Skeleton
}

/// Draws the skeletons of labels: trees through the middle of each connected part.
public struct LabelSkeletons: Sendable {
  /// The memory that is taken for each voxel of a volume, besides its labels, in bytes.
  public static let bytesPerVoxel = 52

  /// How they are drawn.
  public var settings: TeasarSettings
  /// Parts of fewer voxels have no skeleton.
  public var leastVoxels: Int
  /// The labels that are wanted; nil for all.
  public var wanted: Set<UInt64>?
  /// The most threads; the result does not depend on it.
  public var threads: Int

  /// Creates a way to draw skeletons.
  public init(
    settings: TeasarSettings = TeasarSettings(), leastVoxels: Int = 0,
    wanted: Set<UInt64>? = nil, threads: Int = 1
  ) {
    self.settings = settings
    self.leastVoxels = leastVoxels
    self.wanted = wanted
    self.threads = threads
  }

  /// Draws the skeletons of a volume's labels.
  ///
  /// - Parameters:
  ///   - labels: (1, z, y, x), fewer than 2³² voxels; 0 is no label.
  ///   - voxelSize: The size of a voxel.
  ///   - offset: Where the first voxel of the dataset has its centre, in nanometres.
  ///   - isStopped: Asked before each part; once true, nothing more is drawn.
  ///   - didFinish: Told the voxels of each part that is finished, from any thread.
  /// - Returns: The skeletons by label, of those with a part that is large enough.
  public func callAsFunction(
    _ labels: Volume<UInt64>, voxelSize: VoxelSize, offset: PhysicalPosition = .zero,
    isStopped: @Sendable () -> Bool = { false }, didFinish: @Sendable (Int) -> Void = { _ in }
  ) -> [LabelSkeleton] {
    precondition(labels.channels == 1, "labels have one channel")
    precondition(labels.extent.voxelCount < 1 << 32, "voxels are counted with 32 bits")
    precondition(voxelSize.isValid, "a voxel has a size")
    let spacing = voxelSize.converted(to: .nanometer)
    let wanted = wanted
    let components = LabelComponents(of: labels, least: leastVoxels) {
      wanted?.contains($0) ?? true
    }
    guard !components.list.isEmpty else { return [] }
    let field = DistanceField(of: components.numbers, spacing: spacing, threads: threads)
    let origin = labels.box.origin
    let first = PhysicalPosition(
      z: offset.z + Double(origin.z) * spacing.z, y: offset.y + Double(origin.y) * spacing.y,
      x: offset.x + Double(origin.x) * spacing.x)
    let trees = trees(
      of: components, field, spacing: spacing, first: first, isStopped: isStopped,
      didFinish: didFinish)
    return Self.gathered(components.list, trees)
  }

  /// Draws the tree of each part.
  ///
  /// - Parameters:
  ///   - components: The parts.
  ///   - field: The distances to their surfaces.
  ///   - spacing: The size of a voxel in nanometres.
  ///   - first: Where the volume's first voxel lies, in nanometres.
  ///   - through: For each part, voxels that its tree runs through; none where this is empty.
  ///   - only: The parts that are drawn; nil for all.
  ///   - isStopped: Asked before each part.
  ///   - didFinish: Told the voxels of each part.
  /// - Returns: The trees' nodes, in the parts' order.
  func trees(
    of components: LabelComponents, _ field: DistanceField, spacing: VoxelSize,
    first: PhysicalPosition, through: [[VoxelPosition]] = [], only: [Int]? = nil,
    isStopped: @Sendable () -> Bool, didFinish: @Sendable (Int) -> Void
  ) -> [[Skeleton.Node]] {
    // The largest parts first, so that threads end at about the same time.
    let order = (only ?? Array(components.list.indices)).sorted {
      let (one, other) = (components.list[$0].voxelCount, components.list[$1].voxelCount)
      return one > other || (one == other && $0 < $1)
    }
    let trees = Mutex([[Skeleton.Node]](repeating: [], count: components.list.count))
    let settings = settings
    concurrentForEach(0..<order.count, threads: threads) { index in
      guard !isStopped() else { return }
      let part = ComponentSkeleton(
        order[index], of: components, field, spacing: spacing, settings,
        through: through.isEmpty ? [] : through[order[index]])
      let nodes = part.nodes(first: first)
      trees.withLock { $0[order[index]] = nodes }
      didFinish(components.list[order[index]].voxelCount)
    }
    return trees.withLock { $0 }
  }

  /// The trees of each label as one skeleton.
  private static func gathered(
    _ parts: [LabelComponents.Component], _ trees: [[Skeleton.Node]]
  ) -> [LabelSkeleton] {
    var places: [UInt64: [Int]] = [:]
    for (place, part) in parts.enumerated() where !trees[place].isEmpty {
      places[part.label, default: []].append(place)
    }
    return places.sorted { $0.key < $1.key }.map { label, members in
      var nodes: [Skeleton.Node] = []
      for member in members {
        let base = nodes.count
        for var node in trees[member] {
          node.parent = node.parent.map { $0 + base }
          nodes.append(node)
        }
      }
      return LabelSkeleton(
        label: label, voxelCount: members.reduce(0) { $0 + parts[$1].voxelCount },
        skeleton: Skeleton(nodes: nodes))
    }
  }
}

/// The tree of one connected part, and where it lies.
private struct ComponentSkeleton {
  private var tree: TeasarTree
  private var positions: [VoxelPosition]
  private var radii: [Float]
  private let spacing: VoxelSize

  init(
    _ place: Int, of components: borrowing LabelComponents, _ field: borrowing DistanceField,
    spacing: VoxelSize, _ settings: TeasarSettings, through: [VoxelPosition] = []
  ) {
    self.spacing = spacing
    let graph = VoxelGraph(place, of: components, spacing: spacing)
    let radii = Self.radii(place, components, field)
    guard Double(radii.max() ?? 0) > settings.somaDetection, !radii.contains(.infinity) else {
      let finite = radii.contains(.infinity) ? radii.map { _ in Float(1) } : radii
      tree = TeasarTree(
        graph, of: components, radii: finite, mayHoldSoma: false, spacing: spacing, settings,
        through: through.map { Int(components.ranks[$0]) })
      positions = tree.voxels.map { graph.position(of: $0) }
      self.radii = tree.voxels.map { finite[$0] }
      return
    }
    // Nuclei and the like have labels of their own, or none: the body is measured without them.
    // A margin of other voxels stays around it wherever the volume has them.
    let box = graph.box.grown(by: VoxelExtent(cube: 1)).intersection(
      VoxelBox(extent: graph.extent))
    var mask = Volume<UInt8>(box: VoxelBox(extent: box.extent))
    for voxel in 0..<graph.count {
      mask[VoxelPosition.zero + (graph.position(of: voxel) - box.origin)] = 1
    }
    fillHoles(in: &mask)
    let filled = LabelComponents(mask: mask, label: components.list[place].label)
    let filledField = DistanceField(of: filled.numbers, spacing: spacing, threads: 1)
    let filledGraph = VoxelGraph(0, of: filled, spacing: spacing)
    let filledRadii = Self.radii(0, filled, filledField)
    tree = TeasarTree(
      filledGraph, of: filled, radii: filledRadii, mayHoldSoma: true, spacing: spacing, settings,
      through: through.map { Int(filled.ranks[.zero + ($0 - box.origin)]) })
    positions = tree.voxels.map { box.origin + (filledGraph.position(of: $0) - .zero) }
    self.radii = tree.voxels.map { filledRadii[$0] }
  }

  /// The distance to the surface of each voxel of a part.
  private static func radii(
    _ place: Int, _ components: borrowing LabelComponents, _ field: borrowing DistanceField
  ) -> [Float] {
    let component = components.list[place]
    let height = components.numbers.extent.y
    var radii: [Float] = []
    radii.reserveCapacity(component.voxelCount)
    for run in components.runs[component.runs] {
      let (z, y) = Int(run.row).quotientAndRemainder(dividingBy: height)
      radii.append(contentsOf: field.distances(z: z, y: y, x: Int(run.start)..<Int(run.end)))
    }
    return radii
  }

  /// The tree's nodes.
  ///
  /// - Parameter first: Where the volume's first voxel lies, in nanometres.
  /// - Returns: Them, parents before their children.
  func nodes(first: PhysicalPosition) -> [Skeleton.Node] {
    tree.voxels.indices.map { index in
      let position = positions[index]
      let parent = tree.parents[index]
      return Skeleton.Node(
        position: PhysicalPosition(
          z: first.z + Double(position.z) * spacing.z,
          y: first.y + Double(position.y) * spacing.y,
          x: first.x + Double(position.x) * spacing.x),
        radius: Double(radii[index]), kind: index == 0 && tree.hasSoma ? 1 : 0,
        parent: parent < 0 ? nil : parent)
    }
  }
}
