import Voxels

/// The binary form of a skeleton in Neuroglancer's precomputed format: the numbers of vertices and
/// edges, x, y and z of each vertex as 32-bit floats, the vertices of each edge, and each vertex's
/// radius.
///
/// Source: neuroglancer, src/datasource/precomputed/skeletons.md.
public enum PrecomputedSkeleton {
  /// The `info` file of a folder of such skeletons, in nanometres.
  public static let info = """
    {"@type":"neuroglancer_skeletons","transform":[1,0,0,0,0,1,0,0,0,0,1,0],\
    "vertex_attributes":[{"id":"radius","data_type":"float32","num_components":1}]}
    """

  /// Encodes a skeleton.
  ///
  /// - Complexity: O(*n*) in the nodes.
  public static func bytes(of skeleton: Skeleton) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + skeleton.nodes.count * 24)
    func append(_ word: UInt32) {
      bytes.append(UInt8(truncatingIfNeeded: word))
      bytes.append(UInt8(truncatingIfNeeded: word >> 8))
      bytes.append(UInt8(truncatingIfNeeded: word >> 16))
      bytes.append(UInt8(truncatingIfNeeded: word >> 24))
    }
    append(UInt32(skeleton.nodes.count))
    append(UInt32(skeleton.nodes.count { $0.parent != nil }))
    for node in skeleton.nodes {
      append(Float(node.position.x).bitPattern)
      append(Float(node.position.y).bitPattern)
      append(Float(node.position.z).bitPattern)
    }
    for (index, node) in skeleton.nodes.enumerated() {
      guard let parent = node.parent else { continue }
      append(UInt32(index))
      append(UInt32(parent))
    }
    for node in skeleton.nodes { append(Float(node.radius).bitPattern) }
    return bytes
  }
}
