/// A kind of file that volumes are read from.
public protocol VolumeFormat: SendableMetatype {
  /// The format's name, for messages.
  static var name: String { get }
  /// Whether a source is of this format, told by what is there, or by its name where nothing is.
  static func recognises(_ source: VolumeSource) throws(VolumeError) -> Bool
  /// Opens the source.
  static func open(_ source: VolumeSource) throws(VolumeError) -> OpenedVolume
}

/// Where a volume is read from, as the user names it.
public struct VolumeSource: Hashable, Sendable {
  /// A file, a folder, or a pattern of file names.
  public var path: String
  /// The path within a file that holds several volumes.
  public var dataset: String?
  /// What the user states above what the files say.
  public var stated: StatedLayout

  /// Creates a source.
  public init(_ path: String, dataset: String? = nil, stated: StatedLayout = .none) {
    self.path = path
    self.dataset = dataset
    self.stated = stated
  }
}

/// A volume that was opened, and what was assumed on the way.
public struct OpenedVolume: Sendable {
  /// The volume, at its finest level.
  public var reader: any VolumeReader { levels[0] }
  /// The volume at every level of its pyramid, finest first; one where it has no pyramid.
  public var levels: [any VolumeReader]
  /// The format it is stored in.
  public var formatName: String
  /// What was assumed that the files do not say, one sentence each, for the user to see.
  public var notes: [String]
  /// Whether values went through a lossy compression, so that labels cannot be trusted.
  public var isLossy: Bool

  /// Creates a result of one level.
  public init(
    reader: any VolumeReader, formatName: String, notes: [String], isLossy: Bool = false
  ) {
    self.init(levels: [reader], formatName: formatName, notes: notes, isLossy: isLossy)
  }

  /// Creates a result.
  public init(
    levels: [any VolumeReader], formatName: String, notes: [String], isLossy: Bool = false
  ) {
    precondition(!levels.isEmpty, "a volume has at least one level")
    self.levels = levels
    self.formatName = formatName
    self.notes = notes
    self.isLossy = isLossy
  }
}
