public import VolumeStore

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

  /// Creates a source.
  public init(_ path: String, dataset: String? = nil) {
    self.path = path
    self.dataset = dataset
  }
}

/// A volume that was opened, and what was assumed on the way.
public struct OpenedVolume: Sendable {
  /// The volume.
  public var reader: any VolumeReader
  /// The format it is stored in.
  public var formatName: String
  /// What was assumed that the files do not say, one sentence each, for the user to see.
  public var notes: [String]
  /// Whether values went through a lossy compression, so that labels cannot be trusted.
  public var isLossy: Bool

  /// Creates a result.
  public init(
    reader: any VolumeReader, formatName: String, notes: [String], isLossy: Bool = false
  ) {
    self.reader = reader
    self.formatName = formatName
    self.notes = notes
    self.isLossy = isLossy
  }
}

/// The formats that volumes are read from; the first that recognises a source opens it.
public let volumeFormats: [any VolumeFormat.Type] = [
  ZarrFormat.self,
  HDF5Format.self,
  TIFFFormat.self,
]

/// Opens a volume of any known format.
///
/// - Parameters:
///   - path: A file, a folder of sections, or a pattern of their names; `file.h5:/dataset` names
///     a dataset too.
///   - dataset: The path within a file that holds several volumes.
/// - Returns: The volume, and what was assumed.
/// - Throws: ``VolumeError`` with `notFound` where nothing is there, `unsupportedFeature` where no
///   format recognises it, or what the format finds wrong.
public func openVolume(_ path: String, dataset: String? = nil) throws(VolumeError) -> OpenedVolume {
  var source = VolumeSource(path, dataset: dataset)
  if dataset == nil, try FileStatus(path) == nil, let colon = path.lastIndex(of: ":"),
    try FileStatus(String(path[..<colon])) != nil
  {
    source = VolumeSource(
      String(path[..<colon]), dataset: String(path[path.index(after: colon)...]))
  }
  for format in volumeFormats where try format.recognises(source) {
    return try format.open(source)
  }
  guard try FileStatus(source.path) != nil else {
    throw VolumeError(
      .notFound, path: path, "nothing is there", remedy: "check the path")
  }
  var names: [String] = []
  for format in volumeFormats { names.append(format.name) }
  throw VolumeError(
    .unsupportedFeature, path: path, "is of no known format",
    expected: names.joined(separator: ", "),
    remedy: "name a folder of TIFF sections, or a file of one of these formats")
}
