import Codecs
import FoundationEssentials
import VolumeStore

/// Short texts that change whenever an input does; ledgers keep them to notice a stale resume.
enum ContentIdentity {
  /// The identity of a stored array: its description and the manifest of its chunks.
  ///
  /// An array of another program has no manifest; then only its description counts.
  static func ofArray(at path: String) throws -> String {
    let store = FileStore(root: path)
    var hash = ContentHash()
    for key in ["zarr.json", "manifest.jsonl"] {
      if let bytes = try store.read(key, limit: 1 << 32) { hash.update(bytes.rawSpan) }
    }
    return "array \(hash.digest)"
  }

  /// The identity of an input file, folder or pattern: the names, sizes and times of its files.
  static func ofSource(at path: String) throws -> String {
    var hash = ContentHash()
    for file in files(at: path) {
      let attributes = try? FileManager.default.attributesOfItem(atPath: file)
      let size = (attributes?[.size] as? any BinaryInteger).map { "\($0)" } ?? "?"
      let time = (attributes?[.modificationDate] as? Date)?.timeIntervalSinceReferenceDate ?? 0
      hash.update("\(file.split(separator: "/").last ?? "") \(size) \(time)\n")
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
      let sections = names.filter {
        $0.lowercased().hasSuffix(".tif") || $0.lowercased().hasSuffix(".tiff")
      }
      return sections.sorted().map { "\(path)/\($0)" }
    }
    guard !FileManager.default.fileExists(atPath: path) else { return [path] }
    // A pattern: any change in its folder counts.
    return files(at: path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ".")
  }
}
