import Codecs
import FoundationEssentials
import VolumeStore

/// A folder with everything of one dataset: image, affinities, fragments, graph, labels, ledgers.
struct ProjectFolder {
  /// The file that marks a project folder and says how it was made.
  static let marker = "project.json"

  let path: String

  var raw: String { "\(path)/raw.zarr" }
  var affinities: String { "\(path)/affinities.zarr" }
  var fragments: String { "\(path)/fragments.zarr" }
  var graph: String { "\(path)/graph" }
  var segmentation: String { "\(path)/segmentation.zarr" }

  /// The project at a path; nil where there is none.
  static func found(at path: String) -> ProjectFolder? {
    FileManager.default.fileExists(atPath: "\(path)/\(marker)") ? ProjectFolder(path: path) : nil
  }

  /// The final labels.
  ///
  /// - Throws: ``VolumeError`` where the run that makes the project has not come so far.
  var finishedSegmentation: String {
    get throws(VolumeError) {
      guard FileManager.default.fileExists(atPath: segmentation) else {
        throw VolumeError(
          .malformedMetadata, path: path, "the project has no labels yet",
          found: "a run that was stopped, or is still at work",
          remedy: "run emseg segment again to resume it, then this")
      }
      return segmentation
    }
  }

  /// Where a project is made: where it is to lie, or where another is replaced beside that, under
  /// a name of its own until it is whole.
  static func place(of path: String, replacing: Bool) -> String {
    let unfinished = OutputImage.unfinishedPath(of: FileStore(root: path).root)
    // A run that was stopped just before it gave the new project its name goes on too.
    let isReplacing =
      ExistingOutput.exists(path)
      ? replacing : found(at: unfinished) != nil
    return isReplacing ? unfinished : path
  }

  /// Takes the place of the project that lies there.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  func replace(_ path: String) throws {
    try ExistingOutput.remove(path)
    try FileStore(root: self.path).move(to: FileStore(root: path).root)
  }

  /// Creates a project, or goes on with one of the same description; where it is replacing, one of
  /// another description goes.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` where something else is there.
  static func prepare(
    _ path: String, description: JSONObject, replacing: Bool
  ) throws -> ProjectFolder {
    let text = try JSONValue.object(description).encoded(pretty: true) + [UInt8(ascii: "\n")]
    let store = FileStore(root: path)
    if replacing, try store.read(marker, limit: 1 << 20) != text {
      try ExistingOutput.remove(path)
    }
    if let found = try store.read(marker, limit: 1 << 20) {
      guard found == text else {
        throw ExistingOutput.error(path, "a project of other input or other parameters is there")
      }
    } else {
      let names = try? FileManager.default.contentsOfDirectory(atPath: path)
      guard
        !FileManager.default.fileExists(atPath: path)
          || names?.allSatisfy({ $0.hasSuffix(".partial") }) == true
      else {
        throw ExistingOutput.error(path, "something else is there already")
      }
      try ExistingOutput.creating { () throws(VolumeError) in
        try store.write(text.rawSpan, to: marker)
        try store.synchronize()
      }
    }
    return ProjectFolder(path: path)
  }
}
