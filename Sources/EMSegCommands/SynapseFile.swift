import Codecs
import Synapses
import VolumeStore
import Voxels

/// A table of synapses as a file.
struct SynapseFile {
  let path: String
  let synapses: [Synapse]
  let digest: ContentDigest

  /// Reads a table.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - unit: The nanometres of one unit along each axis.
  /// - Throws: ``VolumeError`` with `notFound`, or `malformedMetadata` naming the line.
  init(_ path: String, unit: VoxelSize) throws {
    guard let text = try FileStore(root: path).read("", limit: 1 << 32) else {
      throw VolumeError(.notFound, path: path, "there is no such table", remedy: "check the path")
    }
    do {
      synapses = try SynapseTable.synapses(parsing: text, unit: unit)
    } catch {
      throw VolumeError(
        .malformedMetadata, path: path, "line \(error.line): \(error.message)",
        found: error.found, expected: error.expected)
    }
    self.path = path
    digest = ContentDigest(of: text)
  }
}
