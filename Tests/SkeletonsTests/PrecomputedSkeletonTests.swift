import Skeletons
import Testing
import Voxels

@Test func `a precomputed skeleton has vertices, edges, then radii`() {
  let skeleton = Skeleton(
    nodes: [
      Skeleton.Node(position: PhysicalPosition(z: 3, y: 2, x: 1), radius: 0.5),
      Skeleton.Node(position: PhysicalPosition(z: 6, y: 5, x: 4), radius: 2, parent: 0),
    ])
  let bytes = PrecomputedSkeleton.bytes(of: skeleton)
  func word(_ index: Int) -> UInt32 {
    bytes[index * 4..<index * 4 + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }
  #expect(bytes.count == 4 * 12)
  #expect((0..<2).map(word) == [2, 1])
  #expect((2..<8).map { Float(bitPattern: word($0)) } == [1, 2, 3, 4, 5, 6])
  #expect((8..<10).map(word) == [1, 0])
  #expect((10..<12).map { Float(bitPattern: word($0)) } == [0.5, 2])
}
