import Codecs
import FoundationEssentials
import VolumeStore

/// Short texts that change whenever an input does; ledgers keep them to notice a stale resume.
enum ContentIdentity {
  /// The identity of an open volume: of a chunked store, its description and manifest; of files,
  /// their names, sizes and times.
  static func ofVolume(_ reader: any VolumeReader) throws -> String {
    try isChunkedStore(reader.path) ? ofArray(at: reader.path) : ofSource(at: reader.path)
  }

  /// The files that describe the array in a folder, or list its chunks.
  private static let descriptions = [
    "zarr.json", ".zarray", "attributes.json", "info", "manifest.jsonl",
  ]

  private static func isChunkedStore(_ path: String) -> Bool {
    descriptions.contains { FileManager.default.fileExists(atPath: "\(path)/\($0)") }
  }

  /// The identity of a stored array: its description and the manifest of its chunks.
  ///
  /// An array of another program has no manifest; then only its description counts.
  static func ofArray(at path: String) throws -> String {
    let store = FileStore(root: path)
    var hash = ContentHash()
    for key in descriptions {
      if let bytes = try store.read(key, limit: 1 << 32) { hash.update(bytes.rawSpan) }
    }
    return "array \(hash.digest)"
  }

  /// The identity of an input file, folder or pattern: the names, sizes and times of its files.
  static func ofSource(at path: String) throws -> String {
    var hash = ContentHash()
    for file in files(at: path) {
      let state = try? FileStatus(file)?.identity.sizeAndTime
      hash.update("\(FileStore.split(file).name) \(state ?? "?")\n")
    }
    return "files \(hash.digest)"
  }

  /// The identity of a small file that is read whole, such as a network.
  static func ofContent(at path: String) throws -> String {
    let bytes = try FileStore(root: path).read("", limit: 1 << 32) ?? []
    return "file \(ContentDigest(of: bytes.rawSpan))"
  }

  private static func files(at path: String) -> [String] {
    if let names = try? FileManager.default.contentsOfDirectory(atPath: path) {
      // Sections only: a log, or the output itself, may come to lie beside them.
      let sections = names.filter { file in
        let name = file.lowercased()
        return [".tif", ".tiff", ".png"].contains { name.hasSuffix($0) }
      }
      return sections.sorted().map { "\(path)/\($0)" }
    }
    guard !FileManager.default.fileExists(atPath: path) else { return [path] }
    // A pattern: any change in its folder counts.
    return files(at: path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ".")
  }
}
