import Meshes
import TestSupport
import Testing
import Voxels

@Suite struct SurfaceSimplificationTests {
  @Test(arguments: [0.2, 0.5, 1])
  func `a ball stays round within the bound, with fewer triangles`(_ error: Double) throws {
    let volume = ball(radius: 12, edge: 29)
    let mesh = try #require(surfaces(of: volume, block: blockShapes[0])[1])
    let simple = mesh.simplified(within: error)
    #expect(simple.triangles.count * 3 < mesh.triangles.count)
    #expect(simple.topology.isClosed)
    #expect(simple.topology.eulerCharacteristic == 2)
    // A vertex of the first surface lies within a voxel of the sphere.
    for vertex in simple.vertices {
      let (z, y, x) = (Double(vertex.z) - 14, Double(vertex.y) - 14, Double(vertex.x) - 14)
      #expect(abs((z * z + y * y + x * x).squareRoot() - 12) < 1 + error)
    }
    #expect(abs(simple.enclosedVolume / mesh.enclosedVolume - 1) < 0.02 + 0.08 * error)
  }

  @Test func `a box becomes few triangles, exactly in place`() throws {
    let volume = solid(VoxelExtent(cube: 24)) { z, y, x in
      (2..<22).contains(z) && (2..<22).contains(y) && (2..<22).contains(x)
    }
    let mesh = try #require(surfaces(of: volume, block: blockShapes[0])[1])
    let simple = mesh.simplified(within: 1e-3)
    // Six faces, and the slanted edges and corners that the middles of cell edges cut.
    #expect(simple.triangles.count < 100)
    #expect(abs(simple.enclosedVolume - mesh.enclosedVolume) < 1e-2)
    #expect(simple.topology.isClosed)
  }

  @Test func `an error of zero changes nothing`() throws {
    let mesh = try #require(surfaces(of: torus(), block: blockShapes[0])[1])
    #expect(mesh.simplified(within: 0) == mesh)
  }

  @Test(arguments: [VoxelExtent(cube: 8), VoxelExtent(z: 4, y: 11, x: 6)])
  func `pieces simplified apart still join`(_ block: VoxelExtent) throws {
    for (volume, euler) in [(ball(radius: 12, edge: 29), 2), (torus(), 0)] {
      let mesh = try #require(surfaces(of: volume, block: block, error: 0.7)[1])
      let whole = try #require(surfaces(of: volume, block: VoxelExtent(cube: 64))[1])
      #expect(mesh.triangles.count < whole.triangles.count)
      #expect(mesh.topology.isClosed)
      #expect(mesh.topology.eulerCharacteristic == euler)
      #expect(abs(mesh.enclosedVolume / whole.enclosedVolume - 1) < 0.03)
    }
  }

  @Test func `surfaces of noise stay closed and as they hang together`() {
    var generator = SeededGenerator(seed: 3)
    let box = VoxelBox(extent: VoxelExtent(cube: 12))
    let values = (0..<box.extent.voxelCount).map { _ in
      UInt8.random(in: 0..<3, using: &generator)
    }
    let volume = Volume(box: box, values: values)
    let whole = surfaces(of: volume, block: VoxelExtent(cube: 64))
    for block in [VoxelExtent(cube: 64), VoxelExtent(cube: 5)] {
      for (label, mesh) in surfaces(of: volume, block: block, error: 2) {
        #expect(mesh.topology.isClosed)
        #expect(mesh.topology.eulerCharacteristic == whole[label]?.topology.eulerCharacteristic)
        #expect(mesh.triangles.count < whole[label]?.triangles.count ?? 0)
      }
    }
  }
}
