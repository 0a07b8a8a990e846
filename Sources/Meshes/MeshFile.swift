/// A file format of one mesh.
public enum MeshFile: String, CaseIterable, Sendable {
  /// The Stanford polygon format, binary, lowest byte first.
  case ply
  /// The Wavefront format, text.
  case obj

  /// Encodes a mesh; coordinates are x, y, z.
  ///
  /// - Parameters:
  ///   - mesh: The mesh.
  ///   - comment: One line about it.
  /// - Returns: The whole file.
  /// - Complexity: O(*n*) in the bytes.
  public func bytes(of mesh: SurfaceMesh, comment: String) -> [UInt8] {
    precondition(!comment.contains { $0.isNewline }, "a comment is one line")
    switch self {
    case .ply: return plyBytes(of: mesh, comment: comment)
    case .obj: return objBytes(of: mesh, comment: comment)
    }
  }

  private func plyBytes(of mesh: SurfaceMesh, comment: String) -> [UInt8] {
    let header = """
      ply
      format binary_little_endian 1.0
      comment \(comment)
      element vertex \(mesh.vertices.count)
      property float x
      property float y
      property float z
      element face \(mesh.triangles.count)
      property list uchar uint vertex_indices
      end_header

      """
    var bytes = LittleEndianBytes(
      Array(header.utf8), capacity: 12 * mesh.vertices.count + 13 * mesh.triangles.count)
    for vertex in mesh.vertices { bytes.append(vertex) }
    for triangle in mesh.triangles {
      bytes.append(UInt8(3))
      bytes.append(triangle)
    }
    return bytes.bytes
  }

  private func objBytes(of mesh: SurfaceMesh, comment: String) -> [UInt8] {
    var text = "# \(comment)\n"
    for vertex in mesh.vertices { text += "v \(vertex.x) \(vertex.y) \(vertex.z)\n" }
    for triangle in mesh.triangles {
      text += "f \(triangle.first + 1) \(triangle.second + 1) \(triangle.third + 1)\n"
    }
    return Array(text.utf8)
  }
}
