import VolumeStore

/// A kind of file that holds sections.
struct SectionFileKind: Equatable {
  /// Shown to users.
  let name: String
  /// The endings of the files' names.
  let endings: [String]

  static let tiff = SectionFileKind(name: "TIFF", endings: [".tif", ".tiff"])
  static let png = SectionFileKind(name: "PNG", endings: [".png"])

  /// Whether a file's name is of this kind.
  func matches(_ name: String) -> Bool {
    let name = name.lowercased()
    return endings.contains { name.hasSuffix($0) }
  }
}

extension SectionSeries {
  /// Finds the files of a kind that a source names: a folder, a shell pattern, or a name with a
  /// `%04d` counter; nil where it is none of these.
  static func search(
    _ source: String, _ kind: SectionFileKind
  ) throws(VolumeError) -> SectionSeries? {
    if let status = try FileStatus(source) {
      guard status.isFolder else { return nil }
      let names = try fileNames(inFolder: source)
      let files = names.filter(kind.matches)
      guard !files.isEmpty else {
        throw VolumeError(
          .notFound, path: source, "the folder holds no \(kind.name) files",
          expected: "files ending in \(kind.endings.joined(separator: " or "))",
          remedy: "name the folder of the sections")
      }
      var series = try SectionSeries(files.map { join(source, $0) }, place: source)
      for other in [SectionFileKind.tiff, .png] where other != kind {
        let count = names.count(where: other.matches)
        if count > 0 {
          series.notes.append(
            "\(source): holds \(files.count) \(kind.name) files, which are read, and \(count) "
              + "\(other.name) files, which are not")
        }
      }
      return series
    }
    guard let files = try matches(of: source) else { return nil }
    return try found(files, source)
  }

  /// Whether sections of a kind are what a source that is a folder or a pattern names.
  static func recognises(
    _ source: String, _ kind: SectionFileKind
  ) throws(VolumeError) -> Bool {
    if let status = try FileStatus(source) {
      guard status.isFolder else { return false }
      return try fileNames(inFolder: source).contains(where: kind.matches)
    }
    guard let files = try matches(of: source) else { return false }
    return files.isEmpty ? kind.matches(source) : files.contains(where: kind.matches)
  }

  /// The files that match a pattern; nil where the source is none.
  private static func matches(of source: String) throws(VolumeError) -> [String]? {
    if let counter = CounterPattern(source) {
      guard try FileStatus(counter.folder)?.isFolder == true else { return [] }
      return try fileNames(inFolder: counter.folder).filter(counter.matches)
        .map { join(counter.folder, $0) }
    }
    guard source.contains(where: { "*?[".contains($0) }) else { return nil }
    return try VolumeStore.paths(matching: source)
  }

  static func found(_ files: [String], _ source: String) throws(VolumeError)
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
struct CounterPattern {
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

  /// The name of a section.
  func name(_ number: Int) -> String {
    let digits = String(number)
    return prefix + String(repeating: "0", count: max(0, width - digits.count)) + digits + suffix
  }

  func matches(_ name: String) -> Bool {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix),
      name.count > prefix.count + suffix.count
    else { return false }
    let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
    return digits.count >= width && digits.allSatisfy { ("0"..."9").contains($0) }
  }
}
