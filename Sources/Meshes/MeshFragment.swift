/// The binary form of a mesh in Neuroglancer's legacy precomputed format: the number of vertices,
/// their x, y and z as 32-bit floats, then three vertex numbers for each triangle.
///
/// Source: neuroglancer, src/datasource/precomputed/meshes.md.
public enum MeshFragment {
  /// Encodes a mesh.
  ///
  /// - Complexity: O(*n*) in the bytes.
  public static func bytes(of mesh: SurfaceMesh) -> [UInt8] {
    var bytes = LittleEndianBytes(
      capacity: 4 + 12 * (mesh.vertices.count + mesh.triangles.count))
    bytes.append(UInt32(mesh.vertices.count))
    for vertex in mesh.vertices { bytes.append(vertex) }
    for triangle in mesh.triangles { bytes.append(triangle) }
    return bytes.bytes
  }

  /// Decodes a mesh.
  ///
  /// - Parameters:
  ///   - bytes: A whole fragment.
  ///   - seamCount: The vertices at its front that lie on a seam.
  /// - Returns: The mesh; nil where the bytes are no fragment.
  public static func mesh(from bytes: Span<UInt8>, seamCount: Int = 0) -> SurfaceMesh? {
    func word(_ index: Int) -> UInt32 {
      let place = index * 4
      return UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2]) << 16
        | UInt32(bytes[place + 3]) << 24
    }
    guard bytes.count >= 4 else { return nil }
    let vertexCount = Int(word(0))
    let rest = bytes.count - 4 - vertexCount * 12
    guard rest >= 0, rest % 12 == 0, seamCount >= 0, seamCount <= vertexCount else { return nil }
    let vertices = (0..<vertexCount).map { vertex in
      SurfacePoint(
        z: Float(bitPattern: word(vertex * 3 + 3)), y: Float(bitPattern: word(vertex * 3 + 2)),
        x: Float(bitPattern: word(vertex * 3 + 1)))
    }
    var triangles: [SurfaceTriangle] = []
    triangles.reserveCapacity(rest / 12)
    for triangle in 0..<rest / 12 {
      let start = 1 + (vertexCount + triangle) * 3
      let corners = (word(start), word(start + 1), word(start + 2))
      guard max(corners.0, corners.1, corners.2) < vertexCount else { return nil }
      triangles.append(SurfaceTriangle(corners.0, corners.1, corners.2))
    }
    return SurfaceMesh(vertices: vertices, triangles: triangles, seamCount: seamCount)
  }
}

/// Bytes to which numbers are appended, their lowest byte first.
struct LittleEndianBytes {
  private(set) var bytes: [UInt8]

  init(_ start: [UInt8] = [], capacity: Int) {
    bytes = start
    bytes.reserveCapacity(start.count + capacity)
  }

  mutating func append(_ byte: UInt8) { bytes.append(byte) }

  mutating func append(_ word: UInt32) {
    bytes.append(UInt8(truncatingIfNeeded: word))
    bytes.append(UInt8(truncatingIfNeeded: word >> 8))
    bytes.append(UInt8(truncatingIfNeeded: word >> 16))
    bytes.append(UInt8(truncatingIfNeeded: word >> 24))
  }

  mutating func append(_ point: SurfacePoint) {
    append(point.x.bitPattern)
    append(point.y.bitPattern)
    append(point.z.bitPattern)
  }

  mutating func append(_ triangle: SurfaceTriangle) {
    append(triangle.first)
    append(triangle.second)
    append(triangle.third)
  }
}
