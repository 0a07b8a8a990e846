import Meshes
import Testing

@Suite struct MeshFileTests {
  private static let mesh = SurfaceMesh(
    vertices: [
      SurfacePoint(z: 3, y: 2, x: 1), SurfacePoint(z: 0, y: 0.5, x: -1),
      SurfacePoint(z: 4, y: 4, x: 4),
    ],
    triangles: [SurfaceTriangle(2, 0, 1)], seamCount: 1)

  @Test func `a fragment has the layout of the format, x first`() {
    let bytes = MeshFragment.bytes(of: Self.mesh)
    #expect(bytes.count == 4 + 36 + 12)
    #expect(Array(bytes.prefix(8)) == [3, 0, 0, 0, 0, 0, 0x80, 0x3f], "3 vertices, x = 1")
    #expect(Array(bytes.suffix(12)) == [2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])
    #expect(MeshFragment.mesh(from: bytes.span, seamCount: 1) == Self.mesh)
  }

  @Test func `bytes that are no fragment give no mesh`() {
    let bytes = MeshFragment.bytes(of: Self.mesh)
    for count in 0..<bytes.count where count != 40 {
      #expect(MeshFragment.mesh(from: bytes.span.extracting(0..<count)) == nil)
    }
    var wrong = bytes
    wrong[40] = 3
    #expect(MeshFragment.mesh(from: wrong.span) == nil, "there is no vertex 3")
    wrong = bytes
    wrong[3] = 0xff
    #expect(MeshFragment.mesh(from: wrong.span) == nil, "more vertices than bytes")
    #expect(MeshFragment.mesh(from: bytes.span, seamCount: 4) == nil)
  }

  @Test func `files are written as their readers expect`() {
    let obj = MeshFile.obj.bytes(of: Self.mesh, comment: "three")
    #expect(
      String(decoding: obj, as: UTF8.self)
        == "# three\nv 1.0 2.0 3.0\nv -1.0 0.5 0.0\nv 4.0 4.0 4.0\nf 3 1 2\n")
    let ply = MeshFile.ply.bytes(of: Self.mesh, comment: "three")
    let text = String(decoding: ply.prefix(while: { $0 < 0x80 }), as: UTF8.self)
    #expect(text.hasPrefix("ply\nformat binary_little_endian 1.0\ncomment three\n"))
    #expect(text.contains("element vertex 3\n") && text.contains("element face 1\n"))
    #expect(Array(ply.suffix(13)) == [3, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])
  }
}
