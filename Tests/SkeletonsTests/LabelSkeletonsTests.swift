import Skeletons
import Testing
import Voxels

/// Labels in a volume, drawn as voxels near lines.
private struct Drawing {
  var volume: Volume<UInt64>
  let size: VoxelSize

  init(_ extent: VoxelExtent, size: VoxelSize = VoxelSize(z: 10, y: 10, x: 10)) {
    volume = Volume(box: VoxelBox(extent: extent))
    self.size = size
  }

  /// Labels every voxel for whose centre, in nanometres, a condition holds.
  mutating func fill(_ label: UInt64, where isInside: (Double, Double, Double) -> Bool) {
    let (extent, size) = (volume.extent, size)
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        var row = volume.mutableRow(z: z, y: y)
        for x in 0..<extent.x
        where isInside(Double(z) * size.z, Double(y) * size.y, Double(x) * size.x) {
          row[x] = label
        }
      }
    }
  }

  /// Labels the voxels near a line between points (z, y, x) in nanometres.
  mutating func tube(_ label: UInt64, _ start: [Double], _ end: [Double], radius: Double) {
    let axis = zip(start, end).map { $1 - $0 }
    let square = axis.reduce(0) { $0 + $1 * $1 }
    fill(label) { z, y, x in
      let step = [z - start[0], y - start[1], x - start[2]]
      let share = min(1, max(0, zip(step, axis).reduce(0) { $0 + $1.0 * $1.1 } / square))
      let rest = zip(step, axis).reduce(0) {
        let way = $1.0 - share * $1.1
        return $0 + way * way
      }
      return rest <= radius * radius
    }
  }

  func skeletons(
    scale: Double = 1.5, constant: Double = 60, least: Int = 0, wanted: Set<UInt64>? = nil,
    threads: Int = 1, adapting: (inout TeasarSettings) -> Void = { _ in }
  ) -> [LabelSkeleton] {
    var settings = TeasarSettings(scale: scale, constant: constant)
    adapting(&settings)
    return LabelSkeletons(
      settings: settings, leastVoxels: least, wanted: wanted, threads: threads
    )(volume, voxelSize: size)
  }
}

/// Whether every node leads to the one root without going in a circle.
private func isTree(_ skeleton: Skeleton) -> Bool {
  // Parents come before their children.
  skeleton.nodes.count { $0.parent == nil } == 1
    && skeleton.nodes.indices.allSatisfy { index in
      skeleton.nodes[index].parent.map { $0 < index } ?? (index == 0)
    }
}

private func near(_ node: Skeleton.Node, _ point: [Double], _ reach: Double) -> Bool {
  node.position.distance(to: PhysicalPosition(z: point[0], y: point[1], x: point[2])) <= reach
}

@Suite struct LabelSkeletonsTests {
  @Test(arguments: [
    (VoxelExtent(z: 15, y: 15, x: 60), VoxelSize(z: 10, y: 10, x: 10), 2),
    (VoxelExtent(z: 15, y: 60, x: 15), VoxelSize(z: 10, y: 10, x: 10), 1),
    (VoxelExtent(z: 30, y: 37, x: 37), VoxelSize(z: 40, y: 8, x: 8), 0),
    (
      VoxelExtent(z: 30, y: 19, x: 37), VoxelSize(z: 0.04, y: 0.016, x: 0.008, unit: .micrometer), 0
    ),
  ])
  func `a tube is one cable through its middle`(
    _ extent: VoxelExtent, _ size: VoxelSize, _ axis: Int
  ) throws {
    let nanometres = size.converted(to: .nanometer)
    var drawing = Drawing(extent, size: nanometres)
    let lengths = [
      Double(extent.z - 1) * nanometres.z, Double(extent.y - 1) * nanometres.y,
      Double(extent.x - 1) * nanometres.x,
    ]
    var (start, end) = (lengths.map { $0 / 2 }, lengths.map { $0 / 2 })
    (start[axis], end[axis]) = (0, lengths[axis])
    drawing.tube(7, start, end, radius: 48)
    let found = LabelSkeletons(settings: TeasarSettings(scale: 1.5, constant: 120))(
      drawing.volume, voxelSize: size)
    #expect(found.map(\.label) == [7])
    let skeleton = try #require(found.first?.skeleton)
    #expect(isTree(skeleton))
    #expect(skeleton.endPointCount == 2 && skeleton.branchPointCount == 0)
    // The ends may lie at the rim of the tube's ends.
    #expect(skeleton.length >= lengths[axis] * 0.97)
    #expect(skeleton.length <= lengths[axis] + 50)
    let middle = skeleton.nodes.filter {
      let place = [$0.position.z, $0.position.y, $0.position.x][axis]
      return place > 180 && place < lengths[axis] - 180
    }
    #expect(middle.count >= 8)
    for node in middle {
      var center = start
      center[axis] = [node.position.z, node.position.y, node.position.x][axis]
      #expect(near(node, center, 9), "\(node)")
      #expect(node.radius >= 40 && node.radius <= 58, "\(node)")
    }
  }

  @Test func `every end of a Y is found, and the cable is as long as its arms`() throws {
    var drawing = Drawing(VoxelExtent(z: 13, y: 90, x: 90))
    let ends: [[Double]] = [[60, 450, 60], [60, 100, 800], [60, 800, 800]]
    let fork: [Double] = [60, 450, 450]
    for end in ends { drawing.tube(3, fork, end, radius: 40) }
    let skeleton = try #require(drawing.skeletons().first?.skeleton)
    #expect(isTree(skeleton))
    #expect(skeleton.branchPointCount == 1 && skeleton.endPointCount == 3)
    var degrees = [Int](repeating: 0, count: skeleton.nodes.count)
    for edge in skeleton.edges {
      degrees[edge.node] += 1
      degrees[edge.parent] += 1
    }
    let tips = skeleton.nodes.indices.filter { degrees[$0] == 1 }.map { skeleton.nodes[$0] }
    for end in ends { #expect(tips.contains { near($0, end, 60) }, "\(end)") }
    // Along oblique arms, the steps of a grid are longer than the line by a known factor; the
    // tube's caps are up to a radius longer.
    let oblique = 350.0 * 2.0.squareRoot() * 2
    #expect(abs(skeleton.length - (390 + oblique)) <= 0.03 * (390 + oblique) + 3 * 40)
  }

  @Test func `a ring becomes a tree that goes round it`() throws {
    var drawing = Drawing(VoxelExtent(z: 13, y: 80, x: 80))
    drawing.fill(1) { z, y, x in
      let circle = ((y - 395) * (y - 395) + (x - 395) * (x - 395)).squareRoot() - 300
      return circle * circle + (z - 60) * (z - 60) <= 50 * 50
    }
    let skeleton = try #require(drawing.skeletons(constant: 120).first?.skeleton)
    #expect(isTree(skeleton))
    // A circle drawn in steps along a grid is up to 8 % longer, and has
    // twigs to where it was picked up; a gap is left where it closes.
    let round = 2 * Double.pi * 300
    #expect(
      skeleton.length > 0.8 * round && skeleton.length < 1.25 * round, "\(skeleton.length / round)")
    #expect(skeleton.edges.count == skeleton.nodes.count - 1)
  }

  @Test func `single voxels, parts and labels are told apart`() throws {
    var drawing = Drawing(VoxelExtent(z: 6, y: 20, x: 50))
    drawing.volume[VoxelPosition(z: 5, y: 19, x: 49)] = 9
    drawing.tube(5, [20, 50, 0], [20, 50, 490], radius: 15)
    drawing.tube(2, [20, 120, 0], [20, 120, 200], radius: 15)
    drawing.tube(2, [20, 120, 300], [20, 120, 490], radius: 15)
    let found = drawing.skeletons()
    #expect(found.map(\.label) == [2, 5, 9])
    #expect(found.map { $0.skeleton.nodes.count { $0.parent == nil } } == [2, 1, 1])
    let single = try #require(found.last?.skeleton)
    #expect(single.nodes.count == 1 && single.length == 0 && single.endPointCount == 0)
    #expect(single.nodes[0].position == PhysicalPosition(z: 50, y: 190, x: 490))
    #expect(single.nodes[0].radius == 10)
    #expect(drawing.skeletons(least: 2).map(\.label) == [2, 5])
    #expect(drawing.skeletons(wanted: [5, 77]).map(\.label) == [5])
    #expect(drawing.skeletons(wanted: []).isEmpty)
  }

  @Test func `voxels that share only a corner are one part`() throws {
    var drawing = Drawing(VoxelExtent(z: 4, y: 4, x: 4))
    for step in 0..<4 { drawing.volume[VoxelPosition(z: step, y: 3 - step, x: step)] = 4 }
    let skeleton = try #require(drawing.skeletons(constant: 0).first?.skeleton)
    #expect(skeleton.nodes.count == 4 && skeleton.nodes.count { $0.parent == nil } == 1)
    #expect(abs(skeleton.length - 3 * 300.0.squareRoot()) < 1e-9)
  }

  @Test func `a label that fills the volume has a skeleton`() throws {
    var drawing = Drawing(VoxelExtent(z: 3, y: 5, x: 20))
    drawing.fill(1) { _, _, _ in true }
    let skeleton = try #require(drawing.skeletons().first?.skeleton)
    #expect(isTree(skeleton) && skeleton.length >= 190)
    #expect(skeleton.nodes.allSatisfy { $0.radius.isFinite })
  }

  @Test func `a cell body with a hole becomes one node from which its neurites go out`() throws {
    var drawing = Drawing(VoxelExtent(z: 41, y: 41, x: 70))
    drawing.tube(1, [200, 200, 200], [200, 200, 680], radius: 30)
    drawing.fill(1) { z, y, x in
      (z - 200) * (z - 200) + (y - 200) * (y - 200) + (x - 200) * (x - 200) <= 180 * 180
    }
    // A nucleus of a label of its own.
    drawing.fill(8) { z, y, x in
      (z - 200) * (z - 200) + (y - 200) * (y - 200) + (x - 200) * (x - 200) <= 50 * 50
    }
    let found = drawing.skeletons(constant: 30, wanted: [1]) {
      ($0.somaDetection, $0.somaAcceptance, $0.somaConstant) = (60, 150, 30)
      $0.somaScale = 1
    }
    let skeleton = try #require(found.first?.skeleton)
    #expect(isTree(skeleton))
    #expect(skeleton.nodes[0].kind == 1 && near(skeleton.nodes[0], [200, 200, 200], 15))
    #expect(abs(skeleton.nodes[0].radius - 185) <= 10)
    #expect(skeleton.endPointCount == 2)
    #expect(skeleton.nodes.contains { near($0, [200, 200, 680], 45) })
    // Without a body, the root is at an end.
    let plain = try #require(drawing.skeletons(wanted: [1]).first?.skeleton)
    #expect(plain.nodes[0].kind == 0 && !near(plain.nodes[0], [200, 200, 200], 100))
  }

  @Test func `the number of threads changes nothing`() {
    var drawing = Drawing(VoxelExtent(z: 14, y: 30, x: 33), size: VoxelSize(z: 30, y: 8, x: 8))
    drawing.fill(1) { z, y, x in (z / 100 + y / 60 + x / 70).truncatingRemainder(dividingBy: 2) < 1
    }
    var values = drawing.volume
    for z in 0..<14 {
      for y in 0..<30 {
        for x in 0..<33 where (z * 7 + y * y + x * 3) % 5 == 0 {
          values[VoxelPosition(z: z, y: y, x: x)] = UInt64((z / 5) * 4 + y / 11 + 2)
        }
      }
    }
    drawing.volume = values
    let one = drawing.skeletons(constant: 10)
    #expect(one.count > 5 && one == drawing.skeletons(constant: 10, threads: 4))
  }
}

@Suite struct SkeletonTextTests {
  @Test func `a skeleton is read as it was written`() throws {
    let skeleton = Skeleton(nodes: [
      Skeleton.Node(position: PhysicalPosition(z: 40, y: 1.5, x: -3.25), radius: 12.125, kind: 1),
      Skeleton.Node(position: PhysicalPosition(z: 80, y: 0, x: 7), radius: 1, parent: 0),
    ])
    let text = SWCFile.text(of: skeleton, comments: ["label 12"])
    #expect(text == "# label 12\n1 1 -3.25 1.5 40 12.125 -1\n2 0 7 0 80 1 1\n")
    #expect(try SWCFile.skeleton(parsing: Array(text.utf8)) == skeleton)
  }
}
