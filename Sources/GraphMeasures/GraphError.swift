/// A graph cannot be made or measured.
public struct GraphError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of fault.
  public enum Code: Hashable, Sendable {
    /// A weight is not a number, or infinite.
    case notFinite
    /// A weight is below 0.
    case negativeWeight
    /// The graph is too large for what is asked.
    case tooLarge
    /// The graph library failed.
    case library
    /// Groups, thresholds or partitions do not fit the graphs.
    case mismatch
  }

  /// The kind of fault.
  public var code: Code
  /// What is wrong, lower case, no full stop.
  public var message: String
  /// What was found.
  public var found: String?
  /// What the user can do.
  public var remedy: String?

  /// Creates an error.
  public init(_ code: Code, _ message: String, found: String? = nil, remedy: String? = nil) {
    self.code = code
    self.message = message
    self.found = found
    self.remedy = remedy
  }

  /// Creates an error about one weight; nodes are told as they are counted in files, from 1.
  init(_ code: Code, row: Int, column: Int, _ weight: Double) {
    let what = code == .negativeWeight ? "is negative" : "is not a finite number"
    self.init(
      code, "the connection of nodes \(row + 1) and \(column + 1) \(what)", found: "\(weight)",
      remedy: code == .negativeWeight
        ? "leave negative connections out with a threshold such as weight:0" : nil)
  }

  /// The error as one line.
  public var description: String {
    message + (found.map { "; found \($0)" } ?? "") + (remedy.map { "; \($0)" } ?? "")
  }
}
