import Meshes
import TestSupport
import Testing
import Voxels

/// One label where a condition holds, cut out of a volume of a size.
func solid(_ extent: VoxelExtent, _ isInside: (Double, Double, Double) -> Bool) -> Volume<UInt8> {
  var volume = Volume<UInt8>(box: VoxelBox(extent: extent))
  for z in 0..<extent.z {
    for y in 0..<extent.y {
      var row = volume.mutableRow(z: z, y: y)
      for x in 0..<extent.x where isInside(Double(z), Double(y), Double(x)) { row[x] = 1 }
    }
  }
  return volume
}

func ball(radius: Double, edge: Int) -> Volume<UInt8> {
  let middle = Double(edge - 1) / 2
  return solid(VoxelExtent(cube: edge)) { z, y, x in
    let (dz, dy, dx) = (z - middle, y - middle, x - middle)
    return dz * dz + dy * dy + dx * dx <= radius * radius
  }
}

func torus() -> Volume<UInt8> {
  solid(VoxelExtent(z: 11, y: 33, x: 33)) { z, y, x in
    let (dz, dy, dx) = (z - 5, y - 16, x - 16)
    let ring = (dy * dy + dx * dx).squareRoot() - 10
    return ring * ring + dz * dz <= 16
  }
}

let unitVoxel = VoxelSize(z: 1, y: 1, x: 1)

/// The surface of every label, put together from blocks.
func surfaces<Label: VoxelScalar & FixedWidthInteger>(
  of volume: Volume<Label>, block: VoxelExtent, voxelSize: VoxelSize = unitVoxel,
  error: Double = 0
) -> [UInt64: SurfaceMesh] {
  var pieces: [UInt64: [SurfaceMesh]] = [:]
  let (start, end) = (volume.box.origin, volume.box.end)
  for z in stride(from: start.z, to: end.z, by: block.z) {
    for y in stride(from: start.y, to: end.y, by: block.y) {
      for x in stride(from: start.x, to: end.x, by: block.x) {
        let box = VoxelBox(origin: VoxelPosition(z: z, y: y, x: x), extent: block)
          .intersection(volume.box)
        let read = VoxelBox(origin: box.origin, extent: box.extent + VoxelExtent(cube: 1))
          .intersection(volume.box)
        let found = LabelSurfaces(
          of: volume.cropped(to: read), block: box, volume: volume.box)
        for (index, label) in found.labels.enumerated() {
          let mesh = found.mesh(index, voxelSize: voxelSize)
          pieces[label, default: []].append(mesh.simplified(within: error))
        }
      }
    }
  }
  return pieces.mapValues { SurfaceMesh.joining($0) }
}

/// Triangles by the places of their corners, the lowest corner first: the same set of triangles
/// gives the same value.
func triangleSet(_ mesh: SurfaceMesh) -> Set<[SurfacePoint]> {
  Set(
    mesh.triangles.map { triangle in
      let corners = [triangle.first, triangle.second, triangle.third].map {
        mesh.vertices[Int($0)]
      }
      func key(_ point: SurfacePoint) -> [Float] { [point.z, point.y, point.x] }
      let first = (0..<3).min { key(corners[$0]).lexicographicallyPrecedes(key(corners[$1])) } ?? 0
      return (0..<3).map { corners[(first + $0) % 3] }
    })
}

let blockShapes = [
  VoxelExtent(cube: 64), VoxelExtent(cube: 5), VoxelExtent(z: 1, y: 7, x: 64),
  VoxelExtent(z: 3, y: 4, x: 2), VoxelExtent(cube: 1),
]

@Suite struct LabelSurfacesTests {
  @Test func `one voxel has the surface of an octahedron`() throws {
    var volume = Volume<UInt8>(box: VoxelBox(extent: VoxelExtent(cube: 1)))
    volume[.zero] = 7
    let mesh = try #require(surfaces(of: volume, block: VoxelExtent(cube: 1))[7])
    #expect(
      Set(mesh.vertices) == [
        SurfacePoint(z: -0.5, y: 0, x: 0), SurfacePoint(z: 0.5, y: 0, x: 0),
        SurfacePoint(z: 0, y: -0.5, x: 0), SurfacePoint(z: 0, y: 0.5, x: 0),
        SurfacePoint(z: 0, y: 0, x: -0.5), SurfacePoint(z: 0, y: 0, x: 0.5),
      ])
    #expect(mesh.triangles.count == 8)
    #expect(mesh.topology.isClosed)
    #expect(abs(mesh.enclosedVolume - 1.0 / 6) < 1e-6, "the outside is outside")
  }

  @Test func `a ball is a sphere of its volume and area`() throws {
    let mesh = try #require(surfaces(of: ball(radius: 12, edge: 29), block: blockShapes[0])[1])
    #expect(mesh.topology.isClosed)
    #expect(mesh.topology.eulerCharacteristic == 2)
    let volume = 4.0 / 3 * Double.pi * 1728
    #expect(abs(mesh.enclosedVolume / volume - 1) < 0.02, "\(mesh.enclosedVolume) of \(volume)")
    // The steps of voxels make the surface longer than a smooth one, never shorter.
    let area = 4 * Double.pi * 144
    #expect(mesh.area > area && mesh.area < 1.15 * area, "\(mesh.area) of \(area)")
  }

  @Test func `a ring is a torus`() throws {
    let mesh = try #require(surfaces(of: torus(), block: blockShapes[0])[1])
    #expect(mesh.topology.isClosed)
    #expect(mesh.topology.eulerCharacteristic == 0)
  }

  @Test func `anisotropic voxels stretch the surface`() throws {
    let size = VoxelSize(z: 40, y: 16, x: 8)
    let volume = ball(radius: 6, edge: 15)
    let plain = try #require(surfaces(of: volume, block: blockShapes[0])[1])
    let wide = try #require(surfaces(of: volume, block: blockShapes[0], voxelSize: size)[1])
    #expect(abs(wide.enclosedVolume / plain.enclosedVolume - 40 * 16 * 8) < 1)
  }

  @Test func `voxels that meet at an edge or a corner have surfaces apart`() throws {
    for step in [VoxelExtent(z: 0, y: 1, x: 1), VoxelExtent(cube: 1)] {
      var volume = Volume<UInt8>(box: VoxelBox(extent: VoxelExtent(cube: 2)))
      volume[.zero] = 1
      volume[.zero + step] = 1
      let mesh = try #require(surfaces(of: volume, block: VoxelExtent(cube: 2))[1])
      #expect(mesh.topology.isClosed)
      #expect(mesh.topology.eulerCharacteristic == 4, "two spheres")
    }
  }

  @Test(arguments: 0..<256)
  func `every arrangement of eight voxels has a closed surface`(_ inside: Int) throws {
    let volume = solid(VoxelExtent(cube: 2)) { z, y, x in
      inside >> (Int(x) + 2 * Int(y) + 4 * Int(z)) & 1 == 1
    }
    let found = surfaces(of: volume, block: VoxelExtent(cube: 2))
    #expect(found.count == (inside == 0 ? 0 : 1))
    guard let mesh = found[1] else { return }
    #expect(mesh.topology.isClosed)
    #expect(mesh.enclosedVolume > 0)
  }

  @Test(arguments: blockShapes)
  func `surfaces of random labels close, whatever the blocks`(_ block: VoxelExtent) {
    var generator = SeededGenerator(seed: 20)
    let box = VoxelBox(
      origin: VoxelPosition(z: 100, y: 7, x: 2000), extent: VoxelExtent(z: 9, y: 10, x: 8))
    let values = (0..<box.extent.voxelCount).map { _ in
      UInt32.random(in: 0..<4, using: &generator)
    }
    let volume = Volume(box: box, values: values)
    let found = surfaces(of: volume, block: block)
    let whole = surfaces(of: volume, block: VoxelExtent(cube: 64))
    #expect(found.keys.sorted() == [1, 2, 3])
    for (label, mesh) in found {
      #expect(mesh.topology.isClosed)
      #expect(mesh.topology == whole[label]?.topology)
      #expect(whole[label].map(triangleSet) == triangleSet(mesh))
      #expect(Set(mesh.vertices).count == mesh.vertices.count, "no vertex is there twice")
    }
  }

  @Test func `only wanted labels have surfaces`() {
    let volume = Volume<UInt64>(
      box: VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 4)), values: [3, 0, .max, 5])
    let found = LabelSurfaces(of: volume, block: volume.box, volume: volume.box) { $0 != 5 }
    #expect(found.labels == [3, .max])
  }
}
