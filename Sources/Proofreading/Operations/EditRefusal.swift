/// Why an edit cannot be done; nothing was changed.
public struct EditRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  /// What stands in the way.
  public enum Reason: String, Hashable, Sendable {
    /// A supervoxel is not there, or was split.
    case unknownSupervoxel
    /// A point lies in background or outside the volume.
    case background
    /// What is to be merged is one segment already.
    case sameSegment
    /// What is to be split is not one segment.
    case differentSegments
    /// Seeds of two sides lie in one supervoxel.
    case sameSupervoxel
    /// There are too few seeds, or of too few sides.
    case tooFewSeeds
    /// The seeds of one side cannot be joined without those of another.
    case conflictingSeeds
    /// The cut would peel off nothing but one seed's supervoxel.
    case isolatingCut
    /// A segment does not hang together.
    case notConnected
    /// Other operations rest on the one to undo.
    case dependency
    /// There is no such operation.
    case unknownOperation
    /// The operation does not stand, so that it cannot be undone.
    case alreadyUndone
    /// The operation stands, so that it cannot be done again.
    case notUndone
    /// A name or a note is not text of one line.
    case unsuitableText
  }

  /// What stands in the way.
  public var reason: Reason
  /// What is wrong, lower case, no full stop.
  public var message: String
  /// What was found.
  public var found: String?
  /// What was expected.
  public var expected: String?
  /// What the user can do.
  public var remedy: String?
  /// The operations that stand in the way.
  public var operations: [Int64]

  /// Creates a refusal.
  public init(
    _ reason: Reason, _ message: String, found: String? = nil, expected: String? = nil,
    remedy: String? = nil, operations: [Int64] = []
  ) {
    self.reason = reason
    self.message = message
    self.found = found
    self.expected = expected
    self.remedy = remedy
    self.operations = operations
  }

  /// The refusal as one line.
  public var description: String {
    var text = message
    if let found { text += "; found \(found)" }
    if let expected { text += "; expected \(expected)" }
    if let remedy { text += "; \(remedy)" }
    return text
  }
}
