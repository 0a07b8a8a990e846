import Skeletons
import TestSupport
import Testing
import Voxels

@Suite struct SkeletonChunksTests {
  private static let size = VoxelSize(z: 20, y: 10, x: 10)
  private static let chunks = [
    VoxelExtent(cube: 64), VoxelExtent(z: 9, y: 16, x: 11), VoxelExtent(z: 64, y: 7, x: 64),
    VoxelExtent(z: 5, y: 5, x: 5),
  ]

  /// The skeletons of a volume, put together from chunks.
  private static func skeletons(
    of volume: Volume<UInt64>, chunk: VoxelExtent, least: Int = 0, twig: Double = 0
  ) -> [LabelSkeleton] {
    let draw = LabelSkeletons(
      settings: TeasarSettings(scale: 1.5, constant: 60), leastVoxels: least)
    var pieces: [SkeletonPiece] = []
    let (start, end) = (volume.box.origin, volume.box.end)
    for z in stride(from: start.z, to: end.z, by: chunk.z) {
      for y in stride(from: start.y, to: end.y, by: chunk.y) {
        for x in stride(from: start.x, to: end.x, by: chunk.x) {
          let box = VoxelBox(origin: VoxelPosition(z: z, y: y, x: x), extent: chunk)
            .intersection(volume.box)
          let read = VoxelBox(origin: box.origin, extent: box.extent + VoxelExtent(cube: 1))
            .intersection(volume.box)
          pieces += draw.pieces(
            of: volume.cropped(to: read), chunk: box, volume: volume.box, voxelSize: size)
        }
      }
    }
    return SkeletonJoining(leastVoxels: least, shortestTwig: twig)(pieces)
  }

  /// A volume with one label along a thick line of points.
  private static func tube(_ extent: VoxelExtent, _ points: [(Double, Double, Double)]) -> Volume<
    UInt64
  > {
    var volume = Volume<UInt64>(
      box: VoxelBox(origin: VoxelPosition(z: 50, y: 3, x: 70), extent: extent))
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        var row = volume.mutableRow(z: z, y: y)
        for x in 0..<extent.x {
          let isInside = points.contains { point in
            let (dz, dy, dx) = (
              Double(z) - point.0, Double(y) - point.1, Double(x) - point.2
            )
            return dz * dz * 4 + dy * dy + dx * dx <= 12
          }
          if isInside { row[x] = 5 }
        }
      }
    }
    return volume
  }

  private static let bar: Volume<UInt64> = {
    let points = (0...100).map { step -> (Double, Double, Double) in
      let share = Double(step) / 100
      return (4 + share * 6, 6 + share * 18, 5 + share * 50)
    }
    return tube(VoxelExtent(z: 14, y: 30, x: 60), points)
  }()

  @Test(arguments: [
    VoxelExtent(cube: 64), VoxelExtent(z: 14, y: 30, x: 20), VoxelExtent(z: 14, y: 30, x: 13),
  ])
  func `a bar is one tree of its length, whatever the chunks`(_ chunk: VoxelExtent) throws {
    let found = Self.skeletons(of: Self.bar, chunk: chunk, twig: 120)
    let skeleton = try #require(found.first?.skeleton)
    #expect(found.count == 1)
    #expect(skeleton.nodes.count { $0.parent == nil } == 1)
    #expect(skeleton.endPointCount == 2)
    // From end to end 6 × 20, 18 × 10 and 50 × 10 nm, and steps of voxels are longer than it.
    #expect(skeleton.length > 500 && skeleton.length < 720, "\(skeleton.length)")
    #expect(
      found[0].voxelCount
        == Self.bar.span.indices.reduce(0) { $0 + (Self.bar.span[$1] == 0 ? 0 : 1) })
  }

  @Test(arguments: chunks)
  func `every part of noise is one tree, and no tree joins two`(_ chunk: VoxelExtent) throws {
    var generator = SeededGenerator(seed: 8)
    let box = VoxelBox(extent: VoxelExtent(z: 15, y: 20, x: 18))
    let values = (0..<box.extent.voxelCount).map { _ in
      UInt64.random(in: 0..<9, using: &generator) / 6 * UInt64.random(in: 1..<3, using: &generator)
    }
    let volume = Volume(box: box, values: values)
    let whole = LabelSkeletons(settings: TeasarSettings(scale: 1.5, constant: 60))(
      volume, voxelSize: Self.size)
    let joined = Self.skeletons(of: volume, chunk: chunk)
    #expect(joined.map { $0.label } == whole.map { $0.label })
    for (one, other) in zip(joined, whole) {
      #expect(one.voxelCount == other.voxelCount)
      #expect(
        one.skeleton.nodes.count { $0.parent == nil }
          == other.skeleton.nodes.count { $0.parent == nil })
      // Every node is a voxel of the label.
      for node in one.skeleton.nodes {
        let position = VoxelPosition(
          z: Int(node.position.z / 20), y: Int(node.position.y / 10),
          x: Int(node.position.x / 10))
        #expect(volume[position] == one.label)
      }
    }
  }

  @Test func `a ring is cut open once`() throws {
    let points = (0..<200).map { step -> (Double, Double, Double) in
      // A square of 20 voxels, walked around.
      let (side, along) = (step / 50, Double(step % 50) * 0.4)
      let corner: [(Double, Double)] = [
        (6, 6 + along), (6 + along, 26), (26, 26 - along), (26 - along, 6),
      ]
      return (5, corner[side].0, corner[side].1)
    }
    let volume = Self.tube(VoxelExtent(z: 11, y: 33, x: 33), points)
    let found = Self.skeletons(of: volume, chunk: VoxelExtent(z: 11, y: 33, x: 16), twig: 100)
    let skeleton = try #require(found.first?.skeleton)
    #expect(skeleton.nodes.count { $0.parent == nil } == 1)
    // 80 steps of 10 nm around, less the gap.
    #expect(skeleton.length > 600 && skeleton.length < 900, "\(skeleton.length)")
  }

  @Test func `small parts go only where they are small as a whole`() throws {
    let voxels = Self.bar.span.indices.reduce(0) { $0 + (Self.bar.span[$1] == 0 ? 0 : 1) }
    let chunk = VoxelExtent(cube: 5)
    #expect(Self.skeletons(of: Self.bar, chunk: chunk, least: voxels).count == 1)
    #expect(Self.skeletons(of: Self.bar, chunk: chunk, least: voxels + 1).isEmpty)
  }

  @Test func `short twigs go, long ones and the trunk stay`() {
    func node(_ y: Double, _ x: Double, _ parent: Int?) -> Skeleton.Node {
      Skeleton.Node(position: PhysicalPosition(z: 0, y: y, x: x), radius: 1, parent: parent)
    }
    let skeleton = Skeleton(
      nodes: [
        node(0, 0, nil), node(0, 100, 0), node(0, 200, 1), node(30, 100, 1), node(-90, 200, 2),
        node(0, 300, 2),
      ])
    let piece = Self.piece(skeleton)
    let cut = SkeletonJoining(shortestTwig: 50)([piece])[0].skeleton
    #expect(cut.nodes.count == 5)
    #expect(cut.length == 390)
    #expect(SkeletonJoining()([piece])[0].skeleton.length == 420)
  }

  private static func piece(_ skeleton: Skeleton) -> SkeletonPiece {
    SkeletonPiece(label: 1, voxelCount: 10, skeleton: skeleton)
  }
}
