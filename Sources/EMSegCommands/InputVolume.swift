import Codecs
import CommandLineInterface
import FoundationEssentials
import VolumeStore
import ZarrStore
import Voxels

/// A volume that a command reads: any format, or a project's labels.
struct InputVolume {
  let reader: any VolumeReader
  /// The name of the format it is stored in.
  let formatName: String
  /// Whether values went through a lossy compression.
  let isLossy: Bool
  /// What changes whenever the input does.
  let identity: String
  /// What was assumed that the files do not say, or the user said in their place.
  let notes: [String]

  init(
    reader: any VolumeReader, formatName: String, isLossy: Bool = false, identity: String,
    notes: [String] = []
  ) {
    self.reader = reader
    self.formatName = formatName
    self.isLossy = isLossy
    self.identity = identity
    self.notes = notes
  }

  /// Opens an OME-Zarr image's finest level, or a bare array.
  ///
  /// - Throws: ``VolumeError`` where an unfinished run left the image.
  static func stored(_ path: String) throws -> InputVolume {
    try checkFinished(path)
    let array = try ZarrArray.openVolume(at: path)
    try checkComplete(path)
    return InputVolume(
      reader: array, formatName: ZarrFormat.name, identity: try ContentIdentity.ofVolume(array))
  }

  /// - Throws: ``VolumeError`` where there is no such volume but an unfinished one.
  static func checkFinished(_ path: String) throws {
    let unfinished = OutputImage.unfinishedPath(of: FileStore(root: path).root)
    guard
      FileManager.default.fileExists(atPath: path)
        || !FileManager.default.fileExists(atPath: unfinished)
    else { throw unfinishedError(path) }
  }

  /// - Throws: ``VolumeError`` where the run that makes the image at a path has not finished.
  static func checkComplete(_ path: String) throws {
    if let image = try OMEZarrImage.openIfPresent(at: path),
      image.attributes["state"] == .string("writing")
    {
      throw unfinishedError(path)
    }
  }

  private static func unfinishedError(_ path: String) -> VolumeError {
    VolumeError(
      .malformedMetadata, path: path, "the run that makes this volume has not finished",
      remedy: "run it again to resume it, then this")
  }

  /// The voxel size to use; where it is not known, 1 nm, and the user is warned.
  func voxelSize(_ context: CommandContext) -> VoxelSize {
    if let size = reader.metadata.voxelSize { return size }
    context.warn(
      "\(reader.path) does not state its voxel size; 1,1,1 nm is assumed (--voxel-size z,y,x)")
    return VoxelSize(z: 1, y: 1, x: 1)
  }

  /// Everything that was assumed, one sentence each, to be stored with what is made of the volume.
  var assumptions: [String] {
    notes
      + (reader.metadata.voxelSize == nil
        ? ["the source does not state its voxel size; 1,1,1 nm is assumed"] : [])
  }

  /// How a volume made of this one came to be: the command, the source and what was assumed of it.
  func provenance(command: String, adding more: JSONObject = [:]) -> JSONObject {
    let own: JSONObject = [
      "command": .string(command), "source": .string(reader.path),
      "source_format": .string(formatName), "source_identity": .string(identity),
      "assumptions": .array(assumptions.map { .string($0) }),
    ]
    return own.merging(more) { $1 }
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
