/// A matrix as a file has it, before anything is made of what its triangles hold.
public struct ParsedMatrix: Hashable, Sendable {
  /// What kind of file a matrix comes from.
  public enum Format: String, Hashable, Sendable, CaseIterable {
    /// Rows of numbers divided by commas, semicolons, tabs or spaces, with or without names.
    case table
    /// An array that NumPy has saved.
    case numPy
    /// GraphML.
    case graphML
    /// Lines of two nodes and a weight.
    case edgeList
  }

  /// Which triangles of a matrix hold values.
  public enum Triangles: Hashable, Sendable {
    /// Both, the same.
    case equal
    /// One of them; the other is 0.
    case one
    /// Both, and different ones.
    case different
  }

  /// The nodes, one for each row and column.
  public var nodes: [ConnectomeNode]
  /// The values, (row, column).
  public var values: [Double]
  /// Whether the file says that connections have a direction; nil where it says nothing.
  public var isDirected: Bool?

  /// The most nodes that are read.
  public static let mostNodes = 32_768

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - format: What kind it is.
  ///   - weight: The name of the numbers of edges that count, where a file has several.
  /// - Throws: ``MatrixParsingError`` where rows and columns differ in number, a value is no finite
  ///   number, or the file is not sound.
  public init(
    parsing bytes: [UInt8], as format: Format, weight: String = "weight"
  ) throws(MatrixParsingError) {
    switch format {
    case .table: self = try Self.table(bytes)
    case .numPy: self = try Self.numPy(bytes)
    case .graphML: self = try Self.graphML(bytes, weight: weight)
    case .edgeList: self = try Self.edgeList(bytes)
    }
  }

  /// Creates a matrix of what was read.
  init(nodes: [ConnectomeNode], values: [Double], isDirected: Bool? = nil) {
    self.nodes = nodes
    self.values = values
    self.isDirected = isDirected
  }

  /// What kind of file bytes are, by the name and the first of them.
  ///
  /// - Returns: A kind; tables where nothing else is said.
  public static func format(of name: String, _ bytes: [UInt8]) -> Format {
    let name = name.lowercased()
    if bytes.starts(with: [0x93] + Array("NUMPY".utf8)) || name.hasSuffix(".npy") { return .numPy }
    if name.hasSuffix(".graphml") || name.hasSuffix(".xml") { return .graphML }
    if [".edgelist", ".edges", ".edge-list"].contains(where: { name.hasSuffix($0) }) {
      return .edgeList
    }
    return .table
  }

  /// The number of nodes.
  public var count: Int { nodes.count }

  /// Which triangles hold values; differences of rounding do not count.
  ///
  /// - Complexity: O(*n*²).
  public var triangles: Triangles {
    let largest = values.reduce(0) { max($0, abs($1)) }
    var (hasUpper, hasLower, isEqual) = (false, false, true)
    for row in 0..<count {
      for column in row + 1..<max(row + 1, count) {
        let (upper, lower) = (values[row * count + column], values[column * count + row])
        if upper != 0 { hasUpper = true }
        if lower != 0 { hasLower = true }
        if abs(upper - lower) > 1e-12 * largest { isEqual = false }
      }
    }
    if isEqual { return .equal }
    return hasUpper && hasLower ? .different : .one
  }

  /// How two connections between the same nodes become one.
  public enum Joining: String, Hashable, Sendable, CaseIterable {
    /// Half of their sum.
    case mean
    /// Their sum.
    case sum
    /// The larger.
    case max
  }

  /// The matrix with both triangles filled with the same values.
  ///
  /// One triangle alone fills the other.
  ///
  /// - Parameter joining: What is made of triangles that differ.
  /// - Returns: A symmetric matrix; nil where triangles differ and nothing says what to make of them.
  public func symmetric(joining: Joining?) -> ConnectomeMatrix? {
    let triangles = triangles
    guard triangles != .different || joining != nil else { return nil }
    var full = values
    for row in 0..<count {
      for column in row + 1..<max(row + 1, count) {
        let (upper, lower) = (values[row * count + column], values[column * count + row])
        let value: Double
        switch (triangles, joining) {
        case (.one, _): value = upper + lower
        case (.different, .mean): value = (upper + lower) / 2
        case (.different, .sum): value = upper + lower
        case (.different, .max): value = Swift.max(upper, lower)
        default: value = upper
        }
        full[row * count + column] = value
        full[column * count + row] = value
      }
    }
    return ConnectomeMatrix(nodes: nodes, values: full, isSymmetric: true)
  }

  /// The matrix as it is.
  public var directed: ConnectomeMatrix {
    ConnectomeMatrix(nodes: nodes, values: values, isSymmetric: triangles == .equal)
  }

  /// Checks that a value is one.
  static func checked(
    _ value: Double, row: Int, column: Int
  ) throws(MatrixParsingError) -> Double {
    guard value.isFinite else {
      throw MatrixParsingError(
        "row \(row + 1), column \(column + 1) is not a finite number", found: "\(value)",
        expected: "a number; 0 where there is no connection")
    }
    return value
  }

  /// Checks the number of nodes before memory is taken for their pairs.
  static func checkCount(_ count: Int) throws(MatrixParsingError) {
    guard count > 0, count <= mostNodes else {
      throw MatrixParsingError(
        "the matrix has no size that can be used", found: "\(count) nodes",
        expected: "1 to \(mostNodes)")
    }
  }
}
