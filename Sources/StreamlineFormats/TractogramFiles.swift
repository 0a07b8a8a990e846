public import VolumeStore

/// Opens and creates tractograms by the endings of their names.
public enum TractogramFiles {
  /// The format that a file's name stands for; nil where it is none.
  public static func format(of path: String) -> TractogramFormat? {
    let name = path.hasSuffix("/") ? String(path.dropLast()) : path
    guard let dot = name.lastIndex(of: ".") else { return nil }
    return TractogramFormat(rawValue: name[name.index(after: dot)...].lowercased())
  }

  /// Whether a path is that of a tractogram: by its ending, or a folder with a TRX header.
  public static func isTractogram(_ path: String) -> Bool {
    if format(of: path) != nil { return true }
    let status = try? FileStatus("\(path)/header.json")
    return status?.isRegularFile ?? false
  }

  /// Opens a tractogram.
  ///
  /// - Throws: ``VolumeError`` where it is not there, is not sound or has no known format.
  public static func open(
    _ path: String, options: StreamlineReadingOptions = StreamlineReadingOptions()
  ) throws(VolumeError) -> any StreamlineReader {
    switch format(of: path) {
    case .tck: return try TCKReader(path: path, options: options)
    case .trk: return try TRKReader(path: path, options: options)
    case .trx: return try TRXReader(path: path, options: options)
    case .vtk: return try VTKReader(path: path, options: options)
    case nil:
      if isTractogram(path) { return try TRXReader(path: path, options: options) }
      guard try FileStatus(path) != nil else {
        throw VolumeError(.notFound, path: path, "no such file", remedy: "check the path")
      }
      throw unknown(path, expected: ".tck, .trk, .trx or .vtk")
    }
  }

  /// Creates a tractogram with the columns, groups and image space of a header, as far as the format
  /// has them.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` or `inputOutput`; `unsupportedFeature` where the
  ///   format is not written, or needs an image space and there is none.
  public static func create(
    _ path: String, replacing: Bool, header: TractogramHeader,
    positionType: TRXWriter.PositionType = .float32
  ) throws(VolumeError) -> any StreamlineWriter {
    switch format(of: path) {
    case .tck:
      let properties = header.format == .tck ? header.properties : []
      return try TCKWriter(path: path, replacing: replacing, properties: properties)
    case .trk:
      guard let space = header.space else {
        throw VolumeError(
          .unsupportedFeature, path: path,
          "a TrackVis file states an image space, and the streamlines' file does not",
          remedy: "name the image with --reference")
      }
      return try TRKWriter(
        path: path, replacing: replacing, space: space, perStreamline: header.perStreamline,
        perPoint: header.perPoint)
    case .trx:
      return try TRXWriter(
        path: path, replacing: replacing, header: header, positionType: positionType)
    case .vtk, nil: throw unknown(path, expected: ".tck, .trk or .trx")
    }
  }

  private static func unknown(_ path: String, expected: String) -> VolumeError {
    VolumeError(
      .unsupportedFeature, path: path, "the name's ending stands for no such format of tractograms",
      expected: expected)
  }
}
