import Labels
import Testing
import Voxels

struct ConnectedComponentsTests {
  @Test func `neighbours by face, edge and corner join`() {
    // Three voxels in a chain: the first two share an edge, the last two a corner.
    var volume = Volume<UInt8>(box: VoxelBox(extent: VoxelExtent(z: 2, y: 3, x: 3)))
    volume[VoxelPosition(z: 0, y: 0, x: 0)] = 1
    volume[VoxelPosition(z: 0, y: 1, x: 1)] = 1
    volume[VoxelPosition(z: 1, y: 2, x: 2)] = 1
    #expect(connectedComponents(of: volume, neighbourhood: .faces).count == 3)
    #expect(connectedComponents(of: volume, neighbourhood: .edges).count == 2)
    #expect(connectedComponents(of: volume, neighbourhood: .corners).count == 1)
  }

  @Test func `components are numbered in raster order and described`() {
    let volume = Volume<UInt16>(
      box: VoxelBox(
        origin: VoxelPosition(z: 5, y: 6, x: 7), extent: VoxelExtent(z: 1, y: 3, x: 5)),
      values: [
        0, 7, 7, 0, 9,
        7, 7, 0, 0, 9,
        0, 0, 9, 7, 7,
      ])
    let result = connectedComponents(of: volume, neighbourhood: .faces)
    #expect(
      result.labels
        == Volume(
          box: volume.box,
          values: [
            0, 1, 1, 0, 2,
            1, 1, 0, 0, 2,
            0, 0, 3, 4, 4,
          ]))
    #expect(
      result.components == [
        LocalComponent(firstIndex: 1, voxelCount: 4), LocalComponent(firstIndex: 4, voxelCount: 2),
        LocalComponent(firstIndex: 12, voxelCount: 1),
        LocalComponent(firstIndex: 13, voxelCount: 2),
      ])
  }

  @Test(arguments: Neighbourhood.allCases, 0..<12)
  func `random labels give what flooding gives`(neighbourhood: Neighbourhood, seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let extent = VoxelExtent(
      z: .random(in: 1...9, using: &generator), y: .random(in: 1...9, using: &generator),
      x: .random(in: 1...40, using: &generator))
    let box = VoxelBox(origin: VoxelPosition(z: 3, y: -2, x: 8), extent: extent)
    let repeating = [0, 0.5, 0.9][seed % 3]
    let mask = randomLabels(
      box, values: [UInt8(0), 1], repeating: repeating, seed: UInt64(seed))
    #expect(
      connectedComponents(of: mask, neighbourhood: neighbourhood)
        == floodedComponents(of: mask, neighbourhood: neighbourhood))
    let labels = randomLabels(
      box, values: [UInt64(0), 1, 1 << 53, (1 << 53) + 1, .max], repeating: repeating,
      seed: UInt64(seed))
    #expect(
      connectedComponents(of: labels, neighbourhood: neighbourhood)
        == floodedComponents(of: labels, neighbourhood: neighbourhood))
  }

  @Test(arguments: Neighbourhood.allCases)
  func `every integer type gives the same components`(neighbourhood: Neighbourhood) {
    let box = VoxelBox(extent: VoxelExtent(z: 4, y: 5, x: 37))
    let values: [UInt8] = [0, 1, 2, 127]
    let labels = randomLabels(box, values: values, repeating: 0.7, seed: 11)
    let expected = floodedComponents(of: labels, neighbourhood: neighbourhood)
    func check<Other: VoxelScalar & FixedWidthInteger>(_ type: Other.Type) {
      let result = connectedComponents(of: labels.converted(to: type), neighbourhood: neighbourhood)
      #expect(result == expected, "\(type)")
    }
    check(UInt8.self)
    check(UInt16.self)
    check(UInt32.self)
    check(UInt64.self)
    check(Int8.self)
    check(Int16.self)
    check(Int32.self)
    check(Int64.self)
  }

  @Test(arguments: Neighbourhood.allCases, 0..<8)
  func `slabs give the components of the whole on any number of threads`(
    neighbourhood: Neighbourhood, seed: Int
  ) {
    let box = VoxelBox(
      origin: VoxelPosition(z: 1, y: -2, x: 3), extent: VoxelExtent(z: 7 + seed, y: 6, x: 35))
    let values: [UInt16] = seed.isMultiple(of: 2) ? [0, 0, 9] : [0, 1, 2, .max]
    let volume = randomLabels(box, values: values, repeating: [0.2, 0.8][seed / 2 % 2], seed: 5)
    let expected = floodedComponents(of: volume, neighbourhood: neighbourhood)
    for (threads, depth) in [(1, 2), (2, 2), (3, 4), (2, 100)] {
      #expect(
        connectedComponents(
          of: volume, neighbourhood: neighbourhood, threads: threads, slabDepth: depth) == expected)
    }
  }

  @Test(arguments: 0..<40)
  func `masks of any shape joined by corners give what flooding gives`(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed) + 900)
    let extent = VoxelExtent(
      z: .random(in: 1...7, using: &generator), y: .random(in: 1...7, using: &generator),
      x: .random(in: 1...60, using: &generator))
    let box = VoxelBox(origin: VoxelPosition(z: -4, y: 0, x: 9), extent: extent)
    // Thin, middling and dense; the foreground may have any value.
    let empty = [[UInt32](repeating: 0, count: 12), [0, 0], []][seed % 3]
    let mask = randomLabels(
      box, values: empty + [0, .max], repeating: [0, 0.7][seed % 2], seed: UInt64(seed))
    #expect(
      connectedComponents(of: mask, neighbourhood: .corners)
        == floodedComponents(of: mask, neighbourhood: .corners))
  }

  @Test func `the smallest and the plainest volumes`() {
    let voxel = VoxelBox(extent: VoxelExtent(cube: 1))
    #expect(connectedComponents(of: Volume<UInt64>(box: voxel)).count == 0)
    let one = connectedComponents(of: Volume<UInt64>(box: voxel, fill: .max))
    #expect(one.components == [LocalComponent(firstIndex: 0, voxelCount: 1)])
    let full = connectedComponents(
      of: Volume<Int8>(box: VoxelBox(extent: VoxelExtent(z: 3, y: 17, x: 33)), fill: -1))
    #expect(full.components == [LocalComponent(firstIndex: 0, voxelCount: 3 * 17 * 33)])
  }

  @Test func `a checkerboard falls apart by faces and joins by edges`() {
    let box = VoxelBox(extent: VoxelExtent(z: 6, y: 6, x: 18))
    var board = Volume<UInt8>(box: box)
    for z in 0..<6 {
      for y in 0..<6 {
        for x in 0..<18 where (z + y + x).isMultiple(of: 2) {
          board[VoxelPosition(z: z, y: y, x: x)] = 1
        }
      }
    }
    #expect(connectedComponents(of: board, neighbourhood: .faces).count == 324)
    #expect(connectedComponents(of: board, neighbourhood: .edges).count == 1)
  }

  @Test(arguments: Neighbourhood.allCases)
  func `a spiral is one component`(neighbourhood: Neighbourhood) {
    let mask = spiral(edge: 41)
    let result = connectedComponents(of: mask, neighbourhood: neighbourhood)
    #expect(result.count == 1)
    #expect(result == floodedComponents(of: mask, neighbourhood: neighbourhood))
  }

  @Test func `a threshold marks itself and what lies above, and never NaN`() {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 5))
    let volume = Volume<Float>(box: box, values: [-1, 0.5, .nan, 0.75, .infinity])
    #expect(thresholded(volume, atLeast: 0.5) == Volume(box: box, values: [0, 1, 0, 1, 1]))
    #expect(firstNaN(in: volume) == VoxelPosition(z: 0, y: 0, x: 2))
    #expect(firstNaN(in: Volume<Double>(box: box)) == nil)
    #expect(firstNaN(in: Volume<UInt8>(box: box)) == nil)
  }
}

/// A square spiral one voxel wide, with gaps of one voxel, in one plane.
func spiral(edge: Int) -> Volume<UInt8> {
  var mask = Volume<UInt8>(box: VoxelBox(extent: VoxelExtent(z: 1, y: edge, x: edge)))
  var position = VoxelPosition.zero
  var length = edge - 1
  let steps = [
    VoxelExtent(z: 0, y: 0, x: 1), VoxelExtent(z: 0, y: 1, x: 0), VoxelExtent(z: 0, y: 0, x: -1),
    VoxelExtent(z: 0, y: -1, x: 0),
  ]
  mask[position] = 1
  var turn = 0
  while length > 0 {
    for _ in 0..<length {
      position = position + steps[turn % 4]
      mask[position] = 1
    }
    turn += 1
    if turn >= 3 && turn % 2 == 1 { length -= 2 }
  }
  return mask
}
