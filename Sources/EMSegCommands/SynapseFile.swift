import Codecs
import CommandLineInterface
import FoundationEssentials
import SynapseFormats
import Synapses
import VolumeStore
import Voxels

/// A table of synapses in any of its forms.
struct SynapseFile {
  /// How a table is stored.
  enum Form: String {
    case text = "text"
    case database = "SQLite"
    case annotations = "Neuroglancer annotations"
    case cremi = "CREMI"
  }

  let path: String
  let form: Form
  let synapses: [Synapse]
  let digest: ContentDigest
  /// How the synapses came to be, where the table says so.
  let facts: [String: String]

  /// Reads a table.
  ///
  /// - Parameters:
  ///   - source: A file, a folder of annotations, or a folder that holds `synapses.sqlite`.
  ///   - unit: The nanometres of one unit along each axis, in text; others state theirs.
  /// - Throws: ``VolumeError`` with `notFound`, or `malformedMetadata` naming the place; `UsageError`
  ///   where a unit is given for a table that states its own.
  init(_ source: String, unit: VoxelSize) throws {
    let inFolder = "\(source)/\(SynapseDatabase.fileName)"
    let path = ExistingOutput.exists(inFolder) ? inFolder : source
    let form = try Self.form(of: path)
    guard form == .text || unit.isClose(to: VoxelSize(z: 1, y: 1, x: 1)) else {
      throw UsageError(
        "--unit", "the table is in nanometres already", found: unit.text,
        expected: "no unit for \(form.rawValue)")
    }
    var facts: [String: String] = [:]
    switch form {
    case .text:
      let text = try FileStore(root: path).read("", limit: 1 << 32) ?? []
      do {
        synapses = try SynapseTable.synapses(parsing: text, unit: unit)
      } catch {
        throw VolumeError(
          .malformedMetadata, path: path, "line \(error.line): \(error.message)",
          found: error.found, expected: error.expected)
      }
      digest = ContentDigest(of: text)
    case .database:
      let database = try SynapseDatabase(path: path)
      synapses = try database.synapses
      facts = try database.facts
      digest = ContentDigest(of: SynapseTable.text(of: synapses))
    case .annotations:
      synapses = try PrecomputedAnnotations.read(FileStore(root: path))
      digest = ContentDigest(of: SynapseTable.text(of: synapses))
    case .cremi:
      synapses = try CREMIAnnotations.read(path)
      digest = ContentDigest(of: SynapseTable.text(of: synapses))
    }
    self.path = path
    self.form = form
    self.facts = facts
  }

  /// The form of what is at a path, by its first bytes.
  private static func form(of path: String) throws -> Form {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw VolumeError(.notFound, path: path, "there is no such table", remedy: "check the path")
    }
    if isFolder {
      guard try PrecomputedAnnotations.areIn(FileStore(root: path)) else {
        throw VolumeError(
          .unsupportedFeature, path: path, "the folder holds no table of synapses",
          expected: "\(SynapseDatabase.fileName), or Neuroglancer's precomputed annotations",
          remedy: "make a table with emseg synapses detect or import")
      }
      return .annotations
    }
    let head = try firstBytes(of: path, count: 16)
    if head.starts(with: Array("SQLite format 3".utf8)) { return .database }
    if head.starts(with: [0x89, 0x48, 0x44, 0x46]) { return .cremi }
    return .text
  }

  private static func firstBytes(of path: String, count: Int) throws -> [UInt8] {
    guard let file = try FileStore(root: path).openFile("") else { return [] }
    return try file.read(at: 0, count: min(count, file.byteCount))
  }
}
