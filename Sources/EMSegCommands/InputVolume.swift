import Codecs
import CommandLineInterface
import FoundationEssentials
import VolumeFormats
import VolumeStore
import ZarrStore
import Voxels

/// A volume that a command reads: any format, or a project's labels.
struct InputVolume {
  let reader: any VolumeReader
  let isLossy: Bool
  /// What changes whenever the input does.
  let identity: String

  /// Opens a volume and tells the user what was assumed.
  static func open(
    _ path: String, dataset: String? = nil, context: CommandContext
  ) throws -> InputVolume {
    if let project = ProjectFolder.found(at: path) {
      return try stored(project.finishedSegmentation)
    }
    try checkFinished(path)
    let opened = try openVolume(path, dataset: dataset)
    for note in opened.notes { context.note(note) }
    guard !(opened.reader is ZarrArray) else { return try stored(path) }
    return InputVolume(
      reader: opened.reader, isLossy: opened.isLossy,
      identity: try ContentIdentity.ofSource(at: opened.reader.path))
  }

  /// Opens an OME-Zarr image's finest level, or a bare array.
  ///
  /// - Throws: ``VolumeError`` where an unfinished run left the image.
  static func stored(_ path: String, cache: ChunkCache? = nil) throws -> InputVolume {
    try checkFinished(path)
    let array = try ZarrArray.openVolume(at: path, cache: cache)
    if let image = try OMEZarrImage.openIfPresent(at: path),
      image.attributes["state"] == .string("writing")
    {
      throw unfinishedError(path)
    }
    return InputVolume(
      reader: array, isLossy: false, identity: try ContentIdentity.ofArray(at: array.path))
  }

  /// - Throws: ``VolumeError`` where there is no such volume but an unfinished one.
  static func checkFinished(_ path: String) throws {
    let unfinished = OutputImage.unfinishedPath(of: FileStore(root: path).root)
    guard
      FileManager.default.fileExists(atPath: path)
        || !FileManager.default.fileExists(atPath: unfinished)
    else { throw unfinishedError(path) }
  }

  private static func unfinishedError(_ path: String) -> VolumeError {
    VolumeError(
      .malformedMetadata, path: path, "the run that makes this volume has not finished",
      remedy: "run it again to resume it, then this")
  }

  /// The voxel size to use: the one the user gives, else the file's.
  ///
  /// - Throws: `UsageError` where both are known and differ by more than a thousandth.
  func voxelSize(given: VoxelSizeArgument?, context: CommandContext) throws -> VoxelSize {
    let stored = reader.metadata.voxelSize
    guard let given = given?.size else {
      guard let stored else {
        context.warn(
          "\(reader.path) does not state its voxel size; 1,1,1 nm is assumed (--voxel-size z,y,x)")
        return VoxelSize(z: 1, y: 1, x: 1)
      }
      return stored
    }
    if let stored, !stored.isClose(to: given) {
      context.warn(
        "\(reader.path) states a voxel size of \(stored.text) nm; \(given.text) nm is used")
    }
    return given
  }
}

extension VoxelSize {
  /// Whether every length is the same to a thousandth.
  func isClose(to other: VoxelSize) -> Bool {
    let (first, second) = (converted(to: .nanometer), other.converted(to: .nanometer))
    return [(first.z, second.z), (first.y, second.y), (first.x, second.x)]
      .allSatisfy { abs($0 - $1) <= 1e-3 * max($0, $1) }
  }
}
