import Skeletons
import Testing
import Voxels

private func skeleton(_ text: String, unit: VoxelSize = VoxelSize(z: 1, y: 1, x: 1)) throws
  -> Skeleton
{
  try SWCFile.skeleton(parsing: Array(text.utf8), unit: unit)
}

struct SWCFileTests {
  @Test func `nodes are read in nanometres, with their parents`() throws {
    let found = try skeleton(
      """
      # a comment
      1 1 10 20 30 2.5 -1

        2 3 10 20 34 1 1\r
      5 0 1e1 2.6e1 34 1 2
      """, unit: VoxelSize(z: 40, y: 4, x: 8))
    #expect(found.nodes.count == 3)
    #expect(found.nodes[0].position == PhysicalPosition(z: 1200, y: 80, x: 80))
    #expect(found.nodes[0].radius == 20 && found.nodes[0].kind == 1)
    #expect(found.nodes.map(\.parent) == [nil, 0, 1])
    #expect(found.edges.map(\.length) == [160, 24])
    #expect(found.length == 184)
  }

  @Test func `nodes may come before their parents, and trees may be several`() throws {
    let found = try skeleton("7 0 0 0 1 1 9\n9 0 0 0 0 1 -1\n3 0 5 0 0 1 -1")
    #expect(found.nodes.map(\.parent) == [1, nil, nil])
    #expect(found.length == 1)
    #expect(try skeleton("# nothing\n").nodes.isEmpty)
  }

  @Test(arguments: [
    ("1 0 0 0 0 1", 1, "is no node"), ("1 0 0 0 nan 1 -1", 1, "is no node"),
    ("1 0 0 0 inf 1 -1", 1, "is no node"), ("x 0 0 0 0 1 -1", 1, "is no node"),
    ("1 0 0 0 0 1 -2", 1, "is no node"), ("1 0 0 0 0 1 -1\n1 0 0 0 0 1 -1", 2, "twice"),
    ("1 0 0 0 0 1 -1\n2 0 0 0 0 1 3", 2, "parent"), ("1 0 0 0 0 1 1", 1, "circle"),
    ("1 0 0 0 0 1 2\n2 0 0 0 0 1 3\n3 0 0 0 0 1 1", 1, "circle"),
    ("99999999999999999999 0 0 0 0 1 -1", 1, "is no node"),
  ])
  func `what is no forest is refused with its line`(text: String, line: Int, message: String) {
    let error = #expect(throws: SWCError.self) { try skeleton(text) }
    #expect(error?.line == line)
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
  }
}
