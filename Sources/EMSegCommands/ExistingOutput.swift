import Blockwise
import CommandLineInterface
import FoundationEssentials
import VolumeStore

/// What to do where an output's path is taken.
enum ExistingOutput {
  /// Checks that `--force` may replace what is at a path.
  ///
  /// Only what this tool, or a peer, could have made goes: a Zarr store, a project folder, a
  /// connectome, an empty folder or a file; and nothing that another run is at work on.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` where anything else is there; ``LedgerError``
  ///   with `inUse`.
  static func checkReplaceable(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    let names = try? FileManager.default.contentsOfDirectory(atPath: path)
    let markers =
      ImageFormat.markers
      + [ProjectFolder.marker, SegmentTable.marker, ConnectomeFolder.marker, ".fascicle"]
    let marker = markers.contains {
      FileManager.default.fileExists(atPath: "\(path)/\($0)")
    }
    guard try names?.isEmpty ?? true || marker || isUnfinishedStore(path) else {
      throw VolumeError(
        .alreadyExists, path: path, "a folder with other things in it is not replaced",
        remedy: "choose another output, or remove the folder yourself")
    }
    try checkUnused(path, names: names ?? [])
  }

  /// Whether anything is at a path.
  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  /// Removes an output that a run with `--force` replaces.
  static func remove(_ path: String) throws {
    try checkReplaceable(path)
    try FileStore.removeAtOnce(path)
  }

  /// Creates the folder that an output file is to lie in, and those above it.
  static func createFolder(of path: String) throws {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
    let folder = String(path[..<slash])
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw VolumeError(
        .inputOutput, path: path, "cannot create its folder \(folder)",
        remedy: "choose an output in a folder that can be written", cause: error)
    }
  }

  /// Looks for ledgers in use in an output, and in the outputs of a project.
  private static func checkUnused(_ path: String, names: [String]) throws {
    let folders =
      ["", "/graph", "/.fascicle"].map { path + $0 }
      + names.flatMap { name in
        name.hasSuffix(".unfinished") ? ["\(path)/\(name)/.fascicle"] : []
      }
    for folder in folders {
      let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      for file in files where file.hasSuffix(".lock") {
        let lock = "\(folder)/\(file)"
        switch try FileLock.take(path: lock, holder: describeThisProcess()) {
        case .taken: break
        case .held(let holder):
          throw LedgerError(
            .inUse, path: path, "in use by \(holder.isEmpty ? "another process" : holder)",
            remedy: "wait for it, or stop it, then run this again")
        }
      }
    }
  }

  /// Whether a folder holds nothing but level arrays: what a stopped creation leaves.
  static func isUnfinishedStore(_ path: String) throws -> Bool {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      return false
    }
    let descriptions = [".fascicle", ".zgroup", ".zattrs", "attributes.json"]
    return names.allSatisfy { name in
      let level = name.hasPrefix("s") ? name.dropFirst() : name[...]
      return Int(level) != nil || name.hasSuffix(".partial") || descriptions.contains(name)
    }
  }

  /// Checks that replacing an output does not take a command's own input away.
  ///
  /// - Throws: `UsageError` where an input is, or lies in, the output.
  static func checkApart(_ output: String, from inputs: [String]) throws(UsageError) {
    func resolved(_ path: String) -> String {
      URL(fileURLWithPath: FileStore(root: path).root).resolvingSymlinksInPath().path
    }
    let place = resolved(output)
    for input in inputs {
      let found = resolved(input)
      guard found != place, !found.hasPrefix("\(place)/") else {
        throw UsageError(
          "--output", "the output would replace what it is made from", found: output,
          expected: "another place than \(input)", remedy: "choose another output")
      }
    }
  }

  /// An output that cannot be created for want of a folder is no missing input.
  static func creating<Value>(
    _ body: () throws(VolumeError) -> Value
  ) throws(VolumeError) -> Value {
    do {
      return try body()
    } catch {
      var error = error
      if error.code == .notFound { error.code = .inputOutput }
      error.remedy = error.remedy ?? "choose an output in a folder that can be written"
      throw error
    }
  }

  static func error(_ path: String, _ message: String) -> VolumeError {
    VolumeError(
      .alreadyExists, path: path, message,
      remedy: "choose another output, or replace this one with --force")
  }
}
