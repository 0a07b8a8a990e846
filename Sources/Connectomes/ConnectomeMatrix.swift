public import Codecs

/// One node of a connectome: a region of a parcellation.
public struct ConnectomeNode: Hashable, Sendable {
  /// The label its voxels have in the node image; 0 stands for streamlines that reach no node.
  public var label: Int
  /// The region's name; empty where none is known.
  public var name: String

  /// Creates a node.
  public init(label: Int, name: String = "") {
    self.label = label
    self.name = name
  }

  /// The name, or the label where there is none.
  public var title: String { name.isEmpty ? String(label) : name }
}

/// The values of the connections between all pairs of nodes.
///
/// Values are (row, column) with the column varying fastest. A matrix that says it is symmetric has
/// both triangles filled; one that does not may have the upper one only, the others being 0.
public struct ConnectomeMatrix: Hashable, Sendable {
  /// The nodes, one for each row and column.
  public let nodes: [ConnectomeNode]
  /// The values, (row, column).
  public var values: [Double]
  /// Whether both triangles are filled with the same values.
  public let isSymmetric: Bool
  /// What the values are, such as `count` or `mean_length`.
  public var measure: String
  /// What else is known: command, version, hashes of the inputs, shares.
  public var metadata: JSONObject

  /// Creates a matrix.
  ///
  /// - Precondition: There are as many values as pairs of nodes.
  public init(
    nodes: [ConnectomeNode], values: [Double], isSymmetric: Bool, measure: String = "",
    metadata: JSONObject = [:]
  ) {
    precondition(values.count == nodes.count * nodes.count, "a matrix is as wide as it is high")
    self.nodes = nodes
    self.values = values
    self.isSymmetric = isSymmetric
    self.measure = measure
    self.metadata = metadata
  }

  /// Creates a matrix of nodes that are known by their places alone, from 1.
  ///
  /// - Precondition: There are `count` × `count` values.
  public init(count: Int, values: [Double], isSymmetric: Bool, measure: String = "") {
    self.init(
      nodes: (0..<count).map { ConnectomeNode(label: $0 + 1) }, values: values,
      isSymmetric: isSymmetric, measure: measure)
  }

  /// The number of nodes.
  @inlinable
  public var count: Int { nodes.count }

  /// The value of one connection.
  ///
  /// - Precondition: Both are below ``count``.
  @inlinable
  public subscript(row: Int, column: Int) -> Double {
    get { values[index(row, column)] }
    set { values[index(row, column)] = newValue }
  }

  /// The values of one row, a value for each column.
  public func row(_ row: Int) -> ArraySlice<Double> {
    values[index(row, 0)..<index(row, 0) + count]
  }

  @usableFromInline
  func index(_ row: Int, _ column: Int) -> Int {
    precondition(
      row >= 0 && row < nodes.count && column >= 0 && column < nodes.count,
      "the pair lies outside the matrix")
    return row * nodes.count + column
  }

  /// The matrix with the upper triangle's values in both; a value that stands in the lower triangle
  /// alone stays.
  ///
  /// - Returns: A symmetric matrix.
  public func symmetrized() -> ConnectomeMatrix {
    guard !isSymmetric else { return self }
    var full = values
    for row in 0..<count {
      for column in row + 1..<max(row + 1, count) {
        let (upper, lower) = (row * count + column, column * count + row)
        let value = values[upper] == 0 ? values[lower] : values[upper]
        full[upper] = value
        full[lower] = value
      }
    }
    return ConnectomeMatrix(
      nodes: nodes, values: full, isSymmetric: true, measure: measure, metadata: metadata)
  }

  /// The matrix with 0 on its diagonal.
  public func withoutDiagonal() -> ConnectomeMatrix {
    var matrix = self
    for node in 0..<count { matrix[node, node] = 0 }
    return matrix
  }
}
