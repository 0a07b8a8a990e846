import VolumeStore

extension SectionSeries {
  /// Finds the TIFF files that a source names: a folder, a shell pattern, or a name with a
  /// `%04d` counter; nil where it is none of these.
  static func search(_ source: String) throws(VolumeError) -> SectionSeries? {
    if let status = try FileStatus(source) {
      guard status.isFolder else { return nil }
      let files = try tiffFiles(inFolder: source)
      guard !files.isEmpty else {
        throw VolumeError(
          .notFound, path: source, "the folder holds no TIFF files",
          expected: "files ending in .tif or .tiff", remedy: "name the folder of the sections")
      }
      return try SectionSeries(files, place: source)
    }
    if let counter = CounterPattern(source) {
      let files = try fileNames(inFolder: counter.folder).filter(counter.matches)
      return try found(files.map { join(counter.folder, $0) }, source)
    }
    if source.contains(where: { "*?[".contains($0) }) {
      return try found(try VolumeStore.paths(matching: source), source)
    }
    return nil
  }

  /// The TIFF files in a folder.
  static func tiffFiles(inFolder path: String) throws(VolumeError) -> [String] {
    try fileNames(inFolder: path).filter { name in
      let name = name.lowercased()
      return name.hasSuffix(".tif") || name.hasSuffix(".tiff")
    }.map { join(path, $0) }
  }

  private static func found(_ files: [String], _ source: String) throws(VolumeError)
    -> SectionSeries
  {
    guard !files.isEmpty else {
      throw VolumeError(
        .notFound, path: source, "no file matches the pattern",
        remedy: "check the folder and the pattern")
    }
    return try SectionSeries(files, place: source)
  }

  private static func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }
}

/// A path whose last component counts its files: `stack/img_%04d.tif`.
private struct CounterPattern {
  let folder: String
  private let prefix: Substring
  private let suffix: Substring
  private let width: Int

  init?(_ path: String) {
    let slash = path.lastIndex(of: "/")
    let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
    folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    guard let percent = name.firstIndex(of: "%") else { return nil }
    let digits = name[name.index(after: percent)...].prefix { ("0"..."9").contains($0) }
    guard digits.endIndex < name.endIndex, name[digits.endIndex] == "d",
      let width = digits.isEmpty ? 0 : Int(digits), width <= 32
    else { return nil }
    prefix = name[..<percent]
    suffix = name[name.index(after: digits.endIndex)...]
    self.width = width
  }

  func matches(_ name: String) -> Bool {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix),
      name.count > prefix.count + suffix.count
    else { return false }
    let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
    return digits.count >= width && digits.allSatisfy { ("0"..."9").contains($0) }
  }
}
