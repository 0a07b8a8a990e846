import Blockwise
import Codecs
import FoundationEssentials
import VolumeStore
import Voxels

/// An OME-Zarr image that a command makes, and may have begun to make in an earlier run.
///
/// While it is written its attributes say `"state": "writing"` and ledgers lie in the folder
/// `.fascicle` within; the last steps say `"complete"` and remove that folder.
struct OutputImage {
  /// What the user allows where something is there already.
  enum Policy {
    /// Nothing: a finished output is an error.
    case new
    /// Replace what is there (`--force`).
    case replace
    /// Part of a project: a finished output of the same run is taken as it is.
    case reuse
  }

  let image: OMEZarrImage
  /// Whether an earlier run finished it.
  let isComplete: Bool

  /// The finest level.
  var finest: ZarrArray { image.levels[0] }

  /// Creates an image, or goes on with the one an earlier run of the same fingerprint began.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` where the policy does not allow what is there.
  static func prepare(
    _ specification: ImageSpecification, at path: String, fingerprint: String,
    provenance: JSONObject, policy: Policy
  ) throws -> OutputImage {
    var specification = specification
    specification.attributes["state"] = .string("writing")
    specification.attributes["fingerprint"] = .string(fingerprint)
    specification.attributes["provenance"] = .object(provenance)
    if policy == .replace { try ExistingOutput.remove(path) }
    guard FileManager.default.fileExists(atPath: path) else {
      return OutputImage(
        image: try OMEZarrImage.create(specification, at: path), isComplete: false)
    }
    guard let found = try? OMEZarrImage.open(at: path) else {
      guard try ExistingOutput.isUnfinishedStore(path) else {
        throw ExistingOutput.error(path, "something else is there already")
      }
      // A creation that was stopped before it made the group.
      return OutputImage(
        image: try OMEZarrImage.create(specification, at: path), isComplete: false)
    }
    let isComplete = found.attributes["state"] == .string("complete")
    guard found.attributes["fingerprint"] == .string(fingerprint) else {
      throw ExistingOutput.error(path, "it was made from other input or with other parameters")
    }
    if isComplete {
      let finished = OutputImage(image: found, isComplete: true)
      // A run that was stopped at its very end may have left it.
      try finished.removeScratch()
      guard policy == .reuse else { throw ExistingOutput.error(path, "it is there already") }
      return finished
    }
    return OutputImage(
      image: try OMEZarrImage.resume(specification, at: path), isComplete: false)
  }

  /// The folder for what is needed only while the image is written.
  private var scratch: String { "\(image.path)/.fascicle" }

  /// Where the ledger of one of the image's stages lies.
  func ledger(_ stage: String) -> String { "\(scratch)/\(stage).ledger" }

  /// Where the blocks of one of the image's stages lie.
  func blockFiles(_ stage: String) -> BlockFiles { BlockFiles(path: "\(scratch)/\(stage)") }

  /// Computes every coarser level from the next finer one.
  func buildPyramid(_ downsampling: Downsampling, with runner: StageRunner) throws {
    for level in image.levels.indices.dropFirst() {
      let (finer, coarser) = (image.levels[level - 1], image.levels[level])
      let stage = PyramidStage(
        name: "level \(level)", finer: finer, coarser: coarser,
        factors: PyramidStage.factors(from: finer, to: coarser), downsampling: downsampling,
        sourceIdentity: try ContentIdentity.ofArray(at: finer.path))
      let values = finer.metadata.channels * finer.metadata.dataType.byteCount
      let ledger = ledger("level-\(level)")
      let blocks = try runner.blocks(
        for: WorkingSet(bytesPerReadVoxel: 0, bytesPerWriteVoxel: 10 * values),
        storageUnit: coarser.metadata.storageUnit, volume: coarser.metadata.extent,
        ledgers: [ledger], block: nil)
      try runner.run(stage, on: blocks, ledger: ledger)
    }
  }

  /// Marks the image as finished and removes what was needed only to write it.
  func complete(adding more: JSONObject = [:]) throws {
    var attributes = image.attributes.merging(more) { $1 }
    attributes["state"] = .string("complete")
    _ = try image.replacingAttributes(attributes)
    try removeScratch()
  }

  private func removeScratch() throws {
    guard FileManager.default.fileExists(atPath: scratch) else { return }
    do {
      try FileManager.default.removeItem(atPath: scratch)
    } catch {
      throw VolumeError(
        .inputOutput, path: scratch, "cannot remove scratch files", cause: error)
    }
  }
}

/// What to do where an output's path is taken.
enum ExistingOutput {
  /// Removes an output that a run with `--force` replaces.
  ///
  /// Only what this tool, or a peer, could have made goes: a Zarr store, a project folder, an empty
  /// folder or a file.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` where anything else is there.
  static func remove(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    let names = try? FileManager.default.contentsOfDirectory(atPath: path)
    let marker = ["zarr.json", ProjectFolder.marker, ".fascicle"].contains {
      FileManager.default.fileExists(atPath: "\(path)/\($0)")
    }
    guard try names?.isEmpty ?? true || marker || isUnfinishedStore(path) else {
      throw VolumeError(
        .alreadyExists, path: path, "a folder with other things in it is not replaced",
        remedy: "choose another output, or remove the folder yourself")
    }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw VolumeError(
        .inputOutput, path: path, "cannot remove what is there", cause: error)
    }
  }

  /// Whether a folder holds nothing but level arrays: what a stopped creation leaves.
  static func isUnfinishedStore(_ path: String) throws -> Bool {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      return false
    }
    return names.allSatisfy { Int($0) != nil || $0.hasSuffix(".partial") || $0 == ".fascicle" }
  }

  static func error(_ path: String, _ message: String) -> VolumeError {
    VolumeError(
      .alreadyExists, path: path, message,
      remedy: "choose another output, or replace this one with --force")
  }
}
