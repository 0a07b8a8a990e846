import FoundationEssentials
import Skeletons
import VolumeStore
import Voxels

/// Skeletons stored as SWC files.
enum SkeletonFiles {
  private static let largestFile = 1 << 30

  /// Reads one file, or every `.swc` file of a folder, by name.
  ///
  /// - Parameters:
  ///   - path: The file or folder.
  ///   - unit: The nanometres of one unit in the files.
  /// - Returns: The skeletons with their names, the files' without `.swc`.
  /// - Throws: ``VolumeError`` where there is none, or one cannot be understood.
  static func read(_ path: String, unit: VoxelSize) throws -> [(name: String, skeleton: Skeleton)] {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw VolumeError(.notFound, path: path, "there is no such file or folder")
    }
    let names =
      isFolder
      ? try FileManager.default.contentsOfDirectory(atPath: path)
        .filter { $0.lowercased().hasSuffix(".swc") }.sorted().map { "\(path)/\($0)" }
      : [path]
    guard !names.isEmpty else {
      throw VolumeError(.notFound, path: path, "the folder holds no .swc file")
    }
    return try names.map { file in
      guard let text = try FileStore(root: file).read("", limit: largestFile) else {
        throw VolumeError(.notFound, path: file, "there is no such file")
      }
      let name = file.split(separator: "/").last.map(String.init) ?? file
      do throws(SWCError) {
        let skeleton = try SWCFile.skeleton(parsing: text, unit: unit)
        return (name.lowercased().hasSuffix(".swc") ? String(name.dropLast(4)) : name, skeleton)
      } catch {
        throw VolumeError(
          .malformedMetadata, path: file, "line \(error.line) \(error.message)",
          found: error.found, expected: error.expected)
      }
    }
  }
}
