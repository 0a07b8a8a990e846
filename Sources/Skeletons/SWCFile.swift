public import Voxels

/// A text of SWC that cannot be understood.
public struct SWCError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The line, from 1.
  public let line: Int
  /// What is wrong, lower case, no full stop.
  public let message: String
  /// What was found.
  public let found: String?
  /// What was expected.
  public let expected: String?

  init(line: Int, _ message: String, found: String? = nil, expected: String? = nil) {
    self.line = line
    self.message = message
    self.found = found
    self.expected = expected
  }

  /// The error as one line.
  public var description: String {
    "line \(line): \(message)" + (found.map { ", found \($0)" } ?? "")
      + (expected.map { ", expected \($0)" } ?? "")
  }
}

/// Skeletons as text, one node a line: id, kind, x, y, z, radius, parent's id or −1.
///
/// Source: Cannon et al. 1998, "An on-line archive of reconstructed hippocampal neurons",
/// J. Neurosci. Methods 84.
public enum SWCFile {
  /// Reads a skeleton.
  ///
  /// Lines that start with `#` are comments. Nodes may come before their parents.
  ///
  /// - Parameters:
  ///   - text: The file's bytes.
  ///   - unit: The nanometres of one unit along each axis; radii are in units of x.
  /// - Returns: The skeleton, in nanometres, its nodes in the file's order.
  /// - Throws: ``SWCError`` where a line is no node, an id comes twice, a parent is not there or
  ///   parents go round in a circle.
  public static func skeleton(
    parsing text: [UInt8], unit: VoxelSize = VoxelSize(z: 1, y: 1, x: 1)
  ) throws(SWCError) -> Skeleton {
    let scale = unit.converted(to: .nanometer)
    var lines: [Line] = []
    for (index, bytes) in text.split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
    ).enumerated() {
      if let line = try Line(bytes, number: index + 1) { lines.append(line) }
    }
    var indices: [Int: Int] = [:]
    indices.reserveCapacity(lines.count)
    for (index, line) in lines.enumerated() {
      guard indices.updateValue(index, forKey: line.id) == nil else {
        throw SWCError(line: line.number, "node \(line.id) is there twice")
      }
    }
    var nodes: [Skeleton.Node] = []
    nodes.reserveCapacity(lines.count)
    for line in lines {
      var parent: Int?
      if line.parent != -1 {
        guard let index = indices[line.parent] else {
          throw SWCError(
            line: line.number, "the parent of node \(line.id) is not there",
            found: "\(line.parent)", expected: "the id of a node, or -1")
        }
        parent = index
      }
      nodes.append(
        Skeleton.Node(
          position: PhysicalPosition(
            z: line.z * scale.z, y: line.y * scale.y, x: line.x * scale.x),
          radius: line.radius * scale.x, kind: line.kind, parent: parent))
    }
    try checkRoots(of: nodes, lines)
    return Skeleton(nodes: nodes)
  }

  /// Writes a skeleton, in nanometres.
  ///
  /// - Parameters:
  ///   - skeleton: The skeleton; its nodes are numbered from 1 in their order.
  ///   - comments: Lines that come first, without `#`.
  /// - Returns: The file's text; lengths are rounded to a thousandth of a nanometre.
  public static func text(of skeleton: Skeleton, comments: [String] = []) -> String {
    var text = comments.map { "# \($0)\n" }.joined()
    for (index, node) in skeleton.nodes.enumerated() {
      let lengths = [node.position.x, node.position.y, node.position.z, node.radius]
      text += "\(index + 1) \(node.kind)"
      for length in lengths { text += " " + rounded(length) }
      text += " \(node.parent.map { $0 + 1 } ?? -1)\n"
    }
    return text
  }

  /// A length to a thousandth, without zeros at its end.
  private static func rounded(_ length: Double) -> String {
    let text = "\((length * 1000).rounded() / 1000)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// Checks that every node leads to a root.
  private static func checkRoots(of nodes: [Skeleton.Node], _ lines: [Line]) throws(SWCError) {
    var isRooted = [Bool](repeating: false, count: nodes.count)
    for start in nodes.indices {
      var path: [Int] = []
      var node: Int? = start
      while let index = node, !isRooted[index] {
        guard path.count <= nodes.count else {
          throw SWCError(
            line: lines[start].number, "the parents of node \(lines[start].id) go round in a circle"
          )
        }
        path.append(index)
        node = nodes[index].parent
      }
      for index in path { isRooted[index] = true }
    }
  }

  /// One node as it is written.
  private struct Line {
    var number: Int
    var id: Int, kind: Int, parent: Int
    var z: Double, y: Double, x: Double, radius: Double

    /// Reads a line; nil where it is empty or a comment.
    init?(_ bytes: ArraySlice<UInt8>, number: Int) throws(SWCError) {
      let fields = bytes.split { " \t\r,".utf8.contains($0) }
      guard let first = fields.first, first.first != UInt8(ascii: "#") else { return nil }
      let texts = fields.map { String(decoding: $0, as: UTF8.self) }
      let numbers = texts.compactMap { Double($0) }.filter(\.isFinite)
      guard texts.count >= 7, numbers.count == texts.count, let id = Int(texts[0]),
        let kind = Int(texts[1]), let parent = Int(texts[6]), id >= 0, parent >= -1
      else {
        throw SWCError(
          line: number, "is no node",
          found: String(String(decoding: bytes, as: UTF8.self).prefix(80)),
          expected: "id, kind, x, y, z, radius and parent")
      }
      self.number = number
      (self.id, self.kind, self.parent) = (id, kind, parent)
      (x, y, z, radius) = (numbers[2], numbers[3], numbers[4], numbers[5])
    }
  }
}
