/// How the triangles of a mesh hang together.
public struct SurfaceTopology: Equatable, Sendable {
  /// Edges that belong to one triangle only: where the surface is open.
  public let openEdgeCount: Int
  /// Edges of more than two triangles, or of two that do not agree which side is outside.
  public let tangledEdgeCount: Int
  /// Vertices less edges plus triangles: 2 for each sphere, 0 for each torus.
  public let eulerCharacteristic: Int

  /// Whether the surface has no border and no tangle.
  public var isClosed: Bool { openEdgeCount == 0 && tangledEdgeCount == 0 }

  init(of mesh: SurfaceMesh) {
    var uses: [UInt64: (forward: UInt32, backward: UInt32)] = [:]
    uses.reserveCapacity(mesh.triangles.count * 3 / 2)
    for triangle in mesh.triangles {
      let corners = [triangle.first, triangle.second, triangle.third]
      for (start, end) in zip(corners, corners.dropFirst() + corners.prefix(1)) {
        let key = UInt64(min(start, end)) << 32 | UInt64(max(start, end))
        if start < end {
          uses[key, default: (0, 0)].forward += 1
        } else {
          uses[key, default: (0, 0)].backward += 1
        }
      }
    }
    openEdgeCount = uses.values.count { $0.forward + $0.backward == 1 }
    tangledEdgeCount = uses.values.count { $0.forward > 1 || $0.backward > 1 }
    let used = Set(mesh.triangles.lazy.flatMap { [$0.first, $0.second, $0.third] })
    eulerCharacteristic = used.count - uses.count + mesh.triangles.count
  }
}
