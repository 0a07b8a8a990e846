/// Something wrong with what a store holds under one key.
public struct ChunkFinding: Hashable, Sendable, CustomStringConvertible {
  /// The kind of fault.
  public enum Kind: String, Hashable, Sendable {
    /// The bytes do not decode or cannot be read.
    case damaged
    /// The manifest has the chunk and the folder has not.
    case missing
    /// The bytes are sound but not the ones recorded: of another chunk or of another run.
    case foreign
    /// The folder has a file that the manifest, or the array, has not.
    case unrecorded
  }

  /// The kind of fault.
  public var kind: Kind
  /// The array's folder.
  public var path: String
  /// The key within the array.
  public var key: String
  /// What is wrong.
  public var message: String

  /// The finding as one line.
  public var description: String { "\(path)/\(key): \(kind.rawValue): \(message)" }
}

/// What a walk over an array found.
public struct Verification: Hashable, Sendable {
  /// Whether there was a manifest to compare with; without one, missing and swapped chunks do not
  /// show.
  public var hasManifest = false
  /// The files read.
  public var fileCount = 0
  /// The bytes read.
  public var byteCount = 0
  /// The files that are not there, with no manifest to say whether they should be.
  ///
  /// They read as background. Formats in which that is certain, as Zarr, count none.
  public var absentCount = 0
  /// The keys of the first hundred of them.
  public var absentKeys: [String] = []
  /// The files that are recorded as not stored, because every value is the background.
  public var emptyCount = 0
  /// The files of which neither the manifest nor the folder knows: with a manifest, never written;
  /// without one, never written or empty.
  public var unwrittenCount = 0
  /// What is wrong, in the order found.
  public var findings: [ChunkFinding] = []
}
