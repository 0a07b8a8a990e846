import CommandLineInterface
import Proofreading
import SQLite
import VolumeStore

/// The project that a command of `emseg proofread` works on.
struct ProjectArgument {
  var path = ""

  static let arguments: [Argument<Self>] = [
    .positional("PROJECT", \.path, "A project folder, from emseg segment.")
  ]

  /// The database's name in a project folder.
  static let databaseName = "proofreading.sqlite"

  /// The folder.
  ///
  /// - Throws: ``VolumeError`` with `notFound` where it is none.
  var project: ProjectFolder {
    get throws(VolumeError) {
      guard let project = ProjectFolder.found(at: path) else {
        throw VolumeError(
          .notFound, path: path, "there is no project", expected: ProjectFolder.marker,
          remedy: "run emseg segment to make one, or correct the path")
      }
      return project
    }
  }

  /// Where the project's database lies.
  var databasePath: String { "\(path)/\(Self.databaseName)" }

  /// What identifies the supervoxels that tasks and edits are of.
  ///
  /// - Throws: ``VolumeError`` where the project is not so far.
  func segmentation() throws -> String {
    try InputVolume.stored(try project.fragments).identity
  }

  /// Opens the project's database, which must be there unless `mode` is to make it.
  ///
  /// - Throws: ``VolumeError``.
  func database(_ mode: SQLiteDatabase.Mode) throws -> ProofreadingDatabase {
    let identity = try segmentation()
    if mode != .create, !ExistingOutput.exists(databasePath) {
      throw VolumeError(
        .notFound, path: databasePath, "the project has no queue yet",
        remedy: "run emseg proofread build \(path)")
    }
    return try ProofreadingDatabase(path: databasePath, mode: mode, segmentation: identity)
  }
}
